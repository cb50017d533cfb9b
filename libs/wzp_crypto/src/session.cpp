#include "wzp/crypto/session.hpp"

#include <limits>
#include <utility>

#include "wzp/crypto/hash.hpp"
#include "wzp/crypto/replay_window.hpp"

namespace wzp::crypto {
namespace {

constexpr std::size_t kPrefix = 1 + 4;
constexpr std::uint32_t kLastNumber = std::numeric_limits<std::uint32_t>::max() - 1;

template <std::size_t N>
constexpr std::string_view label(const char (&text)[N]) {
  return {text, N};  // With its terminator.
}

std::array<std::byte, 4> big_endian(std::uint32_t value) {
  std::array<std::byte, 4> out{};
  ByteWriter(out).u32(value);
  return out;
}

NumberedKey direction_key(const Sha256Hash& transcript, const Secret<32>& session_key, Role sender,
                          std::uint32_t epoch) {
  const Secret<32> prk = hkdf_extract(transcript, {session_key.reveal()});
  const std::string_view name =
      sender == Role::kCaller ? label("wzp-session/2 caller") : label("wzp-session/2 callee");
  return NumberedKey::from(hkdf_expand<44>(prk, {as_byte_view(name), big_endian(epoch)}));
}

Role other(Role role) { return role == Role::kCaller ? Role::kCallee : Role::kCaller; }

// What a Rekey signature covers, apart from the answered key: see docs/wire/session.md.
struct RekeyStatement {
  Role signer;
  const Sha256Hash& transcript;
  std::uint32_t epoch;
  const std::array<std::byte, 32>& ephemeral;
  ByteView answered;  // The starter's ephemeral key; empty in a start.

  template <class Use>
  auto with_parts(Use use) const {
    const std::byte kind{static_cast<unsigned char>(answered.empty() ? 'S' : 'A')};
    const std::byte role{static_cast<unsigned char>(signer == Role::kCaller ? 'C' : 'R')};
    return use(Parts{as_byte_view(label("wzp-session/2 rekey")),
                     {&kind, 1},
                     {&role, 1},
                     transcript,
                     big_endian(epoch),
                     ephemeral,
                     answered});
  }
  [[nodiscard]] RekeyMessage signed_by(const Identity& me) const {
    const Signature s = with_parts([&](Parts parts) { return me.sign(parts); });
    return {ephemeral, {s.bytes.begin(), s.bytes.end()}};
  }
  [[nodiscard]] bool is_signed_by(const IdentityKey& peer, ByteView signature) const {
    return with_parts([&](Parts parts) { return verify(peer, parts, signature); });
  }
};

}  // namespace

struct Session::Impl {
  struct Sending {
    std::uint32_t epoch = 0;
    NumberedKey key;
    std::uint32_t next_number = 0;
  };
  struct Receiving {
    std::uint32_t epoch = 0;
    NumberedKey key;
    CounterWindow<1024> window;
    bool used = false;  // The peer has sealed with it.
  };
  struct Started {
    ExchangeKeyPair pair;
    RekeyMessage message;
  };
  struct Answered {
    RekeyMessage start;
    RekeyMessage answer;
  };

  explicit Impl(EstablishedKeys established) : keys(std::move(established)) {
    sending = new_sending();
    receiving = new_receiving();
  }

  [[nodiscard]] Sending new_sending() const {
    return {epoch, direction_key(keys.transcript, keys.session_key, keys.role, epoch), 0};
  }
  [[nodiscard]] Receiving new_receiving() const {
    return {epoch,
            direction_key(keys.transcript, keys.session_key, other(keys.role), epoch),
            {},
            false};
  }

  Receiving* receiving_of(std::uint8_t wire_epoch) noexcept {
    if (static_cast<std::uint8_t>(receiving.epoch) == wire_epoch) return &receiving;
    if (previous && static_cast<std::uint8_t>(previous->epoch) == wire_epoch) return &*previous;
    return nullptr;
  }

  [[nodiscard]] RekeyStatement statement(Role signer, const std::array<std::byte, 32>& ephemeral,
                                         ByteView answered_key) const {
    return {signer, keys.transcript, epoch + 1, ephemeral, answered_key};
  }
  [[nodiscard]] bool answers_mine(const RekeyMessage& message) const {
    return started && statement(other(keys.role), message.new_ephemeral_pub,
                                started->message.new_ephemeral_pub)
                          .is_signed_by(keys.peer, message.signature);
  }
  [[nodiscard]] bool starts(const RekeyMessage& message) const {
    return statement(other(keys.role), message.new_ephemeral_pub, {})
        .is_signed_by(keys.peer, message.signature);
  }

  // From here on packets of the new epoch open. Which key seals is decided separately.
  void adopt(const Secret<32>& shared) {
    keys.session_key = next_session_key(keys.session_key, shared);
    ++epoch;
    previous.emplace(std::move(receiving));
    previous_expires = kNever;  // Until the peer is seen to have moved on.
    receiving = new_receiving();
    started.reset();
    packets = 0;
  }

  // Once the peer is known to hold the newest keys.
  void send_with_newest() {
    if (sending.epoch != epoch) sending = std::move(next_sending);
  }

  void note_opened(Receiving& key, Instant now) noexcept {
    ++counters.opened;
    ++packets;
    if (std::exchange(key.used, true) || &key != &receiving) return;
    send_with_newest();
    if (previous) previous_expires = now + kPreviousKeyLife;
  }

  Result<std::optional<RekeyMessage>> answer(const RekeyMessage& start, const Identity& me,
                                             Rng& rng) {
    const ExchangeKeyPair pair = ExchangeKeyPair::generate(rng);
    const auto shared = pair.agree_with(ExchangeKey{start.new_ephemeral_pub});
    if (!shared) return Unexpected(shared.error());
    RekeyMessage reply =
        statement(keys.role, pair.public_key().bytes, start.new_ephemeral_pub).signed_by(me);
    send_with_newest();  // A start for the next epoch proves that the peer holds this one.
    adopt(*shared);
    next_sending = new_sending();
    answered = Answered{start, reply};
    return std::optional(std::move(reply));
  }

  Result<std::optional<RekeyMessage>> complete(const RekeyMessage& answer_message) {
    const auto shared = started->pair.agree_with(ExchangeKey{answer_message.new_ephemeral_pub});
    if (!shared) return Unexpected(shared.error());
    adopt(*shared);
    sending = new_sending();
    answered.reset();
    return std::optional<RekeyMessage>();
  }

  EstablishedKeys keys;  // session_key is that of the newest epoch.
  std::uint32_t epoch = 0;
  Sending sending;
  Sending next_sending;  // Meaningful while sending.epoch != epoch.
  Receiving receiving;
  std::optional<Receiving> previous;
  Instant previous_expires = kNever;
  std::uint64_t packets = 0;  // Both ways, since the last rekey.
  std::optional<Started> started;
  std::optional<Answered> answered;
  SessionCounters counters;
};

Session::Session(EstablishedKeys keys) : impl_(std::make_unique<Impl>(std::move(keys))) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<std::size_t> Session::seal(ByteView aad, ByteView plaintext, MutableBytes out) noexcept {
  Impl::Sending& sending = impl_->sending;
  if (sending.next_number > kLastNumber) return Unexpected(Errc::kKeyExhausted);
  if (out.size() < kPrefix) return Unexpected(Errc::kNoRoom);
  const auto size = crypto::seal(sending.key.key, sending.key.nonce(sending.next_number), aad,
                                 plaintext, out.subspan(kPrefix));
  if (!size) return size;
  ByteWriter prefix(out.first(kPrefix));
  prefix.u8(static_cast<std::uint8_t>(sending.epoch));
  prefix.u32(sending.next_number);
  ++sending.next_number;
  ++impl_->packets;
  return kPrefix + *size;
}

Result<std::size_t> Session::open(ByteView aad, ByteView sealed, MutableBytes out,
                                  Instant now) noexcept {
  const auto refuse = [](std::uint64_t& counter, Errc why) {
    ++counter;
    return Unexpected(why);
  };
  SessionCounters& counters = impl_->counters;
  if (sealed.size() < kOverhead) return refuse(counters.truncated, Errc::kTruncated);
  if (out.size() < sealed.size() - kOverhead) return Unexpected(Errc::kNoRoom);
  ByteReader prefix(sealed);
  Impl::Receiving* const key = impl_->receiving_of(prefix.u8());
  const std::uint32_t number = prefix.u32();
  if (key == nullptr) return refuse(counters.unknown_epoch, Errc::kUnknownEpoch);
  if (!key->window.would_accept(number)) return refuse(counters.replayed, Errc::kReplayed);
  auto size = crypto::open(key->key.key, key->key.nonce(number), aad, prefix.rest(), out);
  if (!size) return refuse(counters.authentication_failed, size.error());
  key->window.mark(number);
  impl_->note_opened(*key, now);
  return size;
}

bool Session::rekey_due() const noexcept {
  return impl_->packets >= kRekeyAfterPackets && !impl_->started;
}

Result<RekeyMessage> Session::start_rekey(const Identity& me, Rng& rng) {
  if (impl_->started || impl_->sending.epoch != impl_->epoch) {
    return Unexpected(Errc::kRekeyPending);
  }
  ExchangeKeyPair pair = ExchangeKeyPair::generate(rng);
  RekeyMessage message =
      impl_->statement(impl_->keys.role, pair.public_key().bytes, {}).signed_by(me);
  impl_->started.emplace(Impl::Started{std::move(pair), message});
  return message;
}

Result<std::optional<RekeyMessage>> Session::handle_rekey(const RekeyMessage& message,
                                                          const Identity& me, Rng& rng) {
  if (impl_->answered && message == impl_->answered->start) {
    return std::optional(impl_->answered->answer);  // Our answer got lost.
  }
  if (impl_->answers_mine(message)) return impl_->complete(message);
  if (!impl_->starts(message)) return Unexpected(Errc::kSignatureInvalid);
  if (impl_->started && impl_->keys.role == Role::kCaller) {
    return std::optional<RekeyMessage>();  // They crossed; the callee will answer ours.
  }
  return impl_->answer(message, me, rng);
}

Instant Session::next_deadline() const noexcept { return impl_->previous_expires; }

void Session::handle_timeout(Instant now) noexcept {
  if (now < impl_->previous_expires) return;
  impl_->previous.reset();
  impl_->previous_expires = kNever;
}

std::uint32_t Session::epoch() const noexcept { return impl_->epoch; }

const SessionCounters& Session::counters() const noexcept { return impl_->counters; }

}  // namespace wzp::crypto
