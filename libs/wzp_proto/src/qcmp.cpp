#include "wzp/proto/qcmp.hpp"

#include <algorithm>

#include "nonce_pool.hpp"

namespace wzp::proto {
namespace {

constexpr std::string_view kMagic = "QLKN";
constexpr std::uint8_t kVersion = 0;
constexpr std::uint8_t kPing = 0;
constexpr std::uint8_t kPong = 1;
constexpr std::size_t kHeaderSize = 8;  // magic, version, command, length

using Outcome = Expected<QcmpPacket, QcmpError>;

Outcome length_mismatch(std::size_t specified, std::size_t available) {
  return Unexpected(QcmpError{Errc::kLengthMismatch, specified, available, 0});
}

UtcNanos read_timestamp(ByteReader& reader) { return static_cast<UtcNanos>(reader.u64()); }

QcmpPacket read_payload(std::uint8_t command, ByteReader& reader) {
  const std::uint8_t nonce = reader.u8();
  const UtcNanos client = read_timestamp(reader);
  if (command == kPing) return QcmpPing{nonce, client};
  const UtcNanos start = read_timestamp(reader);
  const UtcNanos transmit = read_timestamp(reader);
  return QcmpPong{nonce, client, start, transmit};
}

// Time stamps come from a peer: subtract without overflow.
UtcNanos minus(UtcNanos a, UtcNanos b) {
  return static_cast<UtcNanos>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace

std::string describe(const QcmpError& error) {
  std::string text = message(error.code);
  if (error.code == Errc::kLengthMismatch) {
    text += ": specified " + std::to_string(error.specified) + ", available " +
            std::to_string(error.available);
  } else if (error.code != Errc::kBadMagic) {
    text += ": " + std::to_string(error.value);
  }
  return text;
}

Outcome parse_qcmp(ByteView in) noexcept {
  if (in.size() < kQcmpPingSize) return length_mismatch(kQcmpPingSize, in.size());
  ByteReader reader(in);
  if (as_text(reader.take(kMagic.size())) != kMagic) return Unexpected(QcmpError{});
  const std::uint8_t version = reader.u8();
  if (version != kVersion) {
    return Unexpected(QcmpError{Errc::kUnknownVersion, 0, 0, version});
  }
  const std::uint8_t command = reader.u8();
  if (command != kPing && command != kPong) {
    return Unexpected(QcmpError{Errc::kUnknownKind, 0, 0, command});
  }
  const std::size_t size = command == kPing ? kQcmpPingSize : kQcmpPongSize;
  if (in.size() < size) return length_mismatch(size, in.size());
  const std::size_t stated = reader.u16();
  if (stated != size - kHeaderSize) return length_mismatch(stated, size - kHeaderSize);
  if (stated != reader.remaining()) return length_mismatch(stated, reader.remaining());
  return read_payload(command, reader);
}

Result<std::size_t> write_qcmp(const QcmpPacket& packet, MutableBytes out) noexcept {
  const auto* pong = std::get_if<QcmpPong>(&packet);
  const std::size_t size = pong != nullptr ? kQcmpPongSize : kQcmpPingSize;
  if (out.size() < size) return Unexpected(Errc::kBufferTooSmall);
  ByteWriter writer(out);
  writer.bytes(as_byte_view(kMagic));
  writer.u8(kVersion);
  writer.u8(pong != nullptr ? kPong : kPing);
  writer.u16(static_cast<std::uint16_t>(size - kHeaderSize));
  if (pong != nullptr) {
    writer.u8(pong->nonce);
    writer.u64(static_cast<std::uint64_t>(pong->client_timestamp));
    writer.u64(static_cast<std::uint64_t>(pong->server_start_timestamp));
    writer.u64(static_cast<std::uint64_t>(pong->server_transmit_timestamp));
  } else {
    const auto& ping = *std::get_if<QcmpPing>(&packet);
    writer.u8(ping.nonce);
    writer.u64(static_cast<std::uint64_t>(ping.client_timestamp));
  }
  return writer.size();
}

QcmpMeasurement measure(const QcmpPong& pong, UtcNanos received) noexcept {
  QcmpMeasurement m;
  m.incoming = Duration(minus(pong.server_start_timestamp, pong.client_timestamp));
  m.outgoing = Duration(minus(received, pong.server_transmit_timestamp));
  m.round_trip =
      Duration(minus(minus(received, pong.client_timestamp),
                     minus(pong.server_transmit_timestamp, pong.server_start_timestamp)));
  return m;
}

std::size_t QcmpResponder::respond(ByteView datagram, UtcNanos received, UtcNanos transmit,
                                   MutableBytes out) noexcept {
  const auto packet = parse_qcmp(datagram);
  if (!packet) {
    ++(packet.error().code == Errc::kBadMagic ? counters_.not_qcmp : counters_.malformed);
    return 0;
  }
  const auto* ping = std::get_if<QcmpPing>(&*packet);
  if (ping == nullptr) {
    ++counters_.unsupported;
    return 0;
  }
  const auto size =
      write_qcmp(QcmpPong{ping->nonce, ping->client_timestamp, received, transmit}, out);
  ++(size ? counters_.answered : counters_.no_room);
  return size.value_or(std::size_t{0});
}

class QcmpPinger::Impl {
 public:
  explicit Impl(Duration timeout) : timeout_(timeout) {}

  struct Ping {
    bool in_flight = false;
    bool used = false;  // the fields below tell of the last ping with this nonce
    ProbeAddress address;
    UtcNanos client_timestamp = 0;
    Instant deadline = kNever;
  };

  void release(std::uint8_t nonce) noexcept {
    pings_[nonce].in_flight = false;
    pool_.give_back(nonce);
  }
  [[nodiscard]] const Ping* oldest() const noexcept {
    const Ping* oldest = nullptr;
    for (const Ping& ping : pings_) {
      if (ping.in_flight && (oldest == nullptr || ping.deadline < oldest->deadline)) oldest = &ping;
    }
    return oldest;
  }

  Duration timeout_;
  NoncePool pool_;
  std::array<Ping, NoncePool::kSize> pings_{};
  Counters counters_;
};

QcmpPinger::QcmpPinger(Duration timeout) : impl_(std::make_unique<Impl>(timeout)) {}
QcmpPinger::~QcmpPinger() = default;
QcmpPinger::QcmpPinger(QcmpPinger&&) noexcept = default;
QcmpPinger& QcmpPinger::operator=(QcmpPinger&&) noexcept = default;

Result<std::size_t> QcmpPinger::ping(const ProbeAddress& to, UtcNanos utc, Instant now, Rng& rng,
                                     MutableBytes out) {
  if (out.size() < kQcmpPingSize) return Unexpected(Errc::kBufferTooSmall);
  const auto nonce = impl_->pool_.lease(rng);
  if (!nonce) {
    ++impl_->counters_.refused;
    return Unexpected(Errc::kExhausted);
  }
  impl_->pings_[*nonce] = {true, true, to, utc, now + impl_->timeout_};
  ++impl_->counters_.sent;
  return write_qcmp(QcmpPing{*nonce, utc}, out);
}

std::optional<QcmpPinger::Reply> QcmpPinger::handle_datagram(const ProbeAddress& from,
                                                             ByteView datagram,
                                                             UtcNanos received) noexcept {
  const auto packet = parse_qcmp(datagram);
  const auto* pong = packet ? std::get_if<QcmpPong>(&*packet) : nullptr;
  if (pong == nullptr) {
    ++impl_->counters_.malformed;
    return std::nullopt;
  }
  const Impl::Ping none;
  const Impl::Ping& asked = pong->nonce < impl_->pings_.size() ? impl_->pings_[pong->nonce] : none;
  const bool matches =
      asked.used && asked.address == from && asked.client_timestamp == pong->client_timestamp;
  if (!matches || !asked.in_flight) {
    ++(matches ? impl_->counters_.late : impl_->counters_.unknown);
    return std::nullopt;
  }
  impl_->release(pong->nonce);
  ++impl_->counters_.replies;
  return Reply{from, pong->nonce, measure(*pong, received)};
}

std::optional<QcmpPinger::Timeout> QcmpPinger::poll_timeout(Instant now) noexcept {
  const Impl::Ping* oldest = impl_->oldest();
  if (oldest == nullptr || now < oldest->deadline) return std::nullopt;
  const auto nonce = static_cast<std::uint8_t>(oldest - impl_->pings_.data());
  const Timeout lost{oldest->address, nonce};
  impl_->release(nonce);
  ++impl_->counters_.timeouts;
  return lost;
}

Instant QcmpPinger::next_deadline() const noexcept {
  const Impl::Ping* oldest = impl_->oldest();
  return oldest == nullptr ? kNever : oldest->deadline;
}

std::size_t QcmpPinger::in_flight() const noexcept {
  return NoncePool::kSize - impl_->pool_.available();
}
const QcmpPinger::Counters& QcmpPinger::counters() const noexcept { return impl_->counters_; }

}  // namespace wzp::proto
