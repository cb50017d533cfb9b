#include "load_clients.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string>

#include "wzp/crypto/handshake.hpp"
#include "wzp/proto/datagram.hpp"
#include "wzp/proto/media_header.hpp"
#include "wzp/proto/signal.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

namespace wzp::bench {
namespace {

constexpr std::size_t kJoiningAtOnce = 50;
constexpr std::size_t kQuicOverhead = 29;  // so that plain datagrams are as long
constexpr std::size_t kEpochOffset = 10;   // in a media header: above 0 in a sealed packet

/// On the clock of the kernel's time stamps.
std::int64_t wall_clock_ns() {
  timespec ts{};
  ::clock_gettime(CLOCK_REALTIME, &ts);
  return ts.tv_sec * 1'000'000'000 + ts.tv_nsec;
}

/// When the kernel took the packet in: this thread being busy does not count.
std::int64_t arrival_ns(const msghdr& header) {
  for (const cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr;
       c = CMSG_NXTHDR(const_cast<msghdr*>(&header), const_cast<cmsghdr*>(c))) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec ts{};
    std::memcpy(&ts, CMSG_DATA(c), sizeof ts);
    return ts.tv_sec * 1'000'000'000 + ts.tv_nsec;
  }
  return wall_clock_ns();
}

std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

struct LoadClients::Client {
  Client(const transport::TlsContext& tls, Rng& rng)
      : endpoint(transport::EndpointConfig::for_client(), tls, rng),
        identity(crypto::Identity::ephemeral(rng)) {}
  ~Client() { ::close(fd); }
  Client(Client&&) = delete;

  transport::Endpoint endpoint;
  crypto::Identity identity;
  transport::ConnectionHandle connection;
  int fd = -1;
  Instant next_frame = kNever;
  bool touched = false;
};

LoadClients::LoadClients(const LoadOptions& options)
    : options_(options),
      tls_(transport::TlsContext::make_client()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (std::size_t i = 0; i < options_.clients; ++i) open_client(i);
}

LoadClients::~LoadClients() { ::close(epoll_); }

std::uint64_t LoadClients::expected() const noexcept {
  return result_.sent * (options_.room_size - 1);
}

void LoadClients::open_client(std::size_t i) {
  auto client = std::make_unique<Client>(tls_, rng_);
  client->fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in relay{};
  relay.sin_family = AF_INET;
  relay.sin_port = htons(options_.relay_port);
  relay.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int room = 1 << 20;
  const int on = 1;
  ::setsockopt(client->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  ::setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (::connect(client->fd, reinterpret_cast<sockaddr*>(&relay), sizeof relay) != 0) {
    throw std::runtime_error("load: no socket for client " + std::to_string(i) +
                             " (is the limit of open files too low?)");
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = i;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, client->fd, &event);
  clients_.push_back(std::move(client));
}

// -- Joining -------------------------------------------------------------------------------------

bool LoadClients::join(std::chrono::seconds limit) {
  if (!options_.quic) return true;
  const Instant end = transport::UdpDriver::now() + limit;
  std::size_t started = 0;
  while (joined_ < clients_.size()) {
    const Instant now = transport::UdpDriver::now();
    if (now > end) return false;
    while (started < clients_.size() && started < joined_ + kJoiningAtOnce) {
      start_client(started++, now);
    }
    poll(std::chrono::milliseconds(1));
  }
  return true;
}

void LoadClients::start_client(std::size_t i, Instant now) {
  Client& client = *clients_[i];
  const std::string room = "room" + std::to_string(i / options_.room_size);
  const auto relay = transport::SocketAddress::ipv4({127, 0, 0, 1}, options_.relay_port);
  client.connection = client.endpoint.connect(relay, room, now).value();
  flush(client, now);
}

void LoadClients::take_message(Client& client, ByteView message, Instant now) {
  if (text_of(message).starts_with(R"({"CallAnswer")")) {
    ++joined_;
  } else if (text_of(message).starts_with(R"({"Ping")")) {
    const auto signal = proto::parse_signal(message);
    const auto* ping = signal ? std::get_if<proto::Ping>(&*signal) : nullptr;
    if (ping == nullptr) return;
    const std::string pong = proto::write_signal(proto::Pong{ping->timestamp_ms});
    static_cast<void>(client.endpoint.send_message(client.connection, as_byte_view(pong), now));
  }
}

void LoadClients::leave() {
  const Instant now = transport::UdpDriver::now();
  for (auto& client : clients_) {
    client->endpoint.close(client->connection, transport::kNormalCloseCode,
                           transport::kNormalCloseReason, now);
    flush(*client, now);
  }
}

// -- Running -------------------------------------------------------------------------------------

void LoadClients::run(const std::atomic<bool>& stop, const std::atomic<bool>& measuring) {
  const Instant start = transport::UdpDriver::now();
  const auto period = static_cast<std::int64_t>(
      1e9 / (options_.frames_per_second > 0 ? options_.frames_per_second : 1));
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const bool talks =
        options_.frames_per_second > 0 && i % options_.room_size < options_.talkers_per_room;
    const auto phase = static_cast<std::int64_t>(rng_.next_unit() * static_cast<double>(period));
    clients_[i]->next_frame = talks ? start + Duration(phase) : kNever;
  }
  while (!stop) {
    measuring_ = measuring;
    send_frames(transport::UdpDriver::now());
    poll(std::chrono::microseconds(300));
  }
}

void LoadClients::send_frames(Instant now) {
  for (auto& client : clients_) {
    while (client->next_frame <= now) {
      client->next_frame += Duration(static_cast<std::int64_t>(1e9 / options_.frames_per_second));
      send_frame(*client, now);
    }
  }
}

void LoadClients::send_frame(Client& client, Instant now) {
  std::array<std::byte, 2048> frame{};
  frame[kEpochOffset] = std::byte{0x10};
  const auto time = static_cast<std::uint64_t>(wall_clock_ns());
  result_.sent += measuring_ ? 1 : 0;
  if (options_.quic) {
    ByteWriter(MutableBytes(frame).subspan(proto::MediaHeader::kSize)).u64(time);
    client.endpoint.send_datagram(client.connection, ByteView(frame).first(options_.frame_bytes),
                                  now);
    flush(client, now);
  } else {
    ByteWriter(MutableBytes(frame)).u64(time);
    ::send(client.fd, frame.data(), options_.frame_bytes + kQuicOverhead, MSG_DONTWAIT);
  }
}

void LoadClients::flush(Client& client, Instant now) {
  bool more = true;
  while (more) {
    more = client.endpoint.flush(batch_, now);
    for (const auto& e : batch_.entries()) {
      for (std::size_t i = 0; i < e.segments(); ++i) {
        const ByteView p = batch_.segment(e, i);
        ::send(client.fd, p.data(), p.size(), MSG_DONTWAIT);
      }
    }
    batch_.clear();
  }
}

void LoadClients::poll(Duration timeout) {
  std::array<epoll_event, 64> events;
  const timespec ts{0, static_cast<long>(timeout.count())};
  const int n = ::epoll_pwait2(epoll_, events.data(), events.size(), &ts, nullptr);
  const Instant now = transport::UdpDriver::now();
  for (int i = 0; i < n; ++i) {
    receive_from(static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64), now);
  }
  process_arrivals(now);
  run_timers(now);
}

void LoadClients::receive_from(std::size_t i, Instant now) {
  static thread_local std::array<std::array<std::byte, 2048>, 32> buffers;
  std::array<iovec, 32> iov;
  std::array<mmsghdr, 32> messages{};
  alignas(cmsghdr) std::array<std::array<std::byte, 64>, 32> control;
  for (std::size_t k = 0; k < messages.size(); ++k) {
    iov[k] = {buffers[k].data(), buffers[k].size()};
    messages[k].msg_hdr.msg_iov = &iov[k];
    messages[k].msg_hdr.msg_iovlen = 1;
    messages[k].msg_hdr.msg_control = control[k].data();
    messages[k].msg_hdr.msg_controllen = control[k].size();
  }
  const int n =
      ::recvmmsg(clients_[i]->fd, messages.data(), messages.size(), MSG_DONTWAIT, nullptr);
  for (int k = 0; k < n; ++k) {
    const auto& m = messages[static_cast<std::size_t>(k)];
    const ByteView bytes(buffers[static_cast<std::size_t>(k)].data(), m.msg_len);
    if (!options_.quic) {
      take_frame(bytes, arrival_ns(m.msg_hdr));
      continue;
    }
    std::vector<std::byte> copy;
    if (!spare_.empty()) {
      copy = std::move(spare_.back());
      spare_.pop_back();
    }
    copy.assign(bytes.begin(), bytes.end());
    arrivals_.push_back({now + options_.round_trip, arrival_ns(m.msg_hdr), i, std::move(copy)});
  }
}

void LoadClients::process_arrivals(Instant now) {
  const auto relay = transport::SocketAddress::ipv4({127, 0, 0, 1}, options_.relay_port);
  std::vector<std::size_t> touched;
  while (!arrivals_.empty() && arrivals_.front().due <= now) {
    Arrival arrival = std::move(arrivals_.front());
    arrivals_.pop_front();
    Client& client = *clients_[arrival.client];
    client.endpoint.receive(relay, {}, arrival.bytes, now);
    take_events(client, arrival.arrived, now);
    spare_.push_back(std::move(arrival.bytes));
    if (!std::exchange(client.touched, true)) touched.push_back(arrival.client);
  }
  for (const std::size_t i : touched) {
    clients_[i]->touched = false;
    flush(*clients_[i], now);
  }
}

void LoadClients::take_events(Client& client, std::int64_t arrived, Instant now) {
  while (const auto event = client.endpoint.poll_event()) {
    if (const auto* d = std::get_if<transport::DatagramReceived>(&*event)) {
      take_trunk(d->bytes, arrived);
    } else if (const auto* m = std::get_if<transport::MessageReceived>(&*event)) {
      take_message(client, m->bytes, now);
    } else if (std::get_if<transport::Connected>(&*event) != nullptr) {
      const auto handshake = crypto::CallerHandshake::start(client.identity, rng_);
      proto::CallOffer offer;
      offer.identity_pub = handshake.offer().identity_pub;
      offer.ephemeral_pub = handshake.offer().ephemeral_pub;
      offer.signature = handshake.offer().signature;
      offer.supported_profiles = {proto::kProfileGood};
      offer.features = {"stream-id", "e2e/1"};
      const std::string text = proto::write_signal(offer);
      static_cast<void>(client.endpoint.send_message(client.connection, as_byte_view(text), now));
    }
  }
}

void LoadClients::take_trunk(ByteView datagram, std::int64_t arrived) {
  const auto trunk = proto::parse_trunk_datagram(datagram);
  if (!trunk) return;
  for (const proto::TrunkEntry& entry : *trunk) {
    if (entry.payload.size() < options_.frame_bytes) continue;
    take_frame(entry.payload.subspan(proto::MediaHeader::kSize), arrived);
  }
}

void LoadClients::take_frame(ByteView time_stamped, std::int64_t arrived) {
  if (!measuring_) return;
  if (++result_.received % 16 != 0) return;
  ByteReader in(time_stamped);
  const auto sent = static_cast<std::int64_t>(in.u64());
  result_.latency_us.push_back(
      static_cast<std::uint32_t>(std::max<std::int64_t>(arrived - sent, 0) / 1000));
}

/// Asking thousands of endpoints for their deadlines costs more than being a few milliseconds late.
void LoadClients::run_timers(Instant now) {
  if (!options_.quic || now < timers_at_) return;
  timers_at_ = now + std::chrono::milliseconds(5);
  for (auto& client : clients_) {
    if (client->endpoint.next_deadline() > now) continue;
    client->endpoint.handle_deadline(now);
    take_events(*client, wall_clock_ns(), now);
    flush(*client, now);
  }
}

}  // namespace wzp::bench
