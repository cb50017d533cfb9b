#include "load_clients.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "../src/sockaddr.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

namespace wzp::transport::bench {

struct LoadClients::Client {
  Client(const TlsContext& tls, Rng& rng) : endpoint(EndpointConfig::for_client(), tls, rng) {}
  ~Client() { ::close(fd); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Endpoint endpoint;
  ConnectionHandle connection;
  int fd = -1;
  Instant next_frame{};
  bool touched = false;
};

LoadClients::LoadClients(const LoadOptions& options)
    : options_(options), tls_(TlsContext::make_client()), epoll_(::epoll_create1(0)) {
  for (std::size_t i = 0; i < options_.clients; ++i) open_client(i);
}

LoadClients::~LoadClients() { ::close(epoll_); }

void LoadClients::open_client(std::size_t i) {
  auto client = std::make_unique<Client>(tls_, rng_);
  client->fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_storage relay{};
  const socklen_t size = to_sockaddr(options_.relay, relay);
  const int room = 1 << 20;
  ::setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (::connect(client->fd, reinterpret_cast<sockaddr*>(&relay), size) != 0) {
    throw std::runtime_error("load: connect failed");
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = i;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, client->fd, &event);
  clients_.push_back(std::move(client));
}

bool LoadClients::connect() {
  if (!options_.quic) return true;
  const Instant end = UdpDriver::now() + std::chrono::seconds(20);
  std::size_t started = 0;
  while (connected_ < clients_.size()) {
    const Instant now = UdpDriver::now();
    if (now > end) return false;
    while (started < clients_.size() && started < connected_ + 50) {
      Client& c = *clients_[started];
      const std::string room = "room" + std::to_string(started / options_.room_size);
      c.connection = c.endpoint.connect(options_.relay, room, now).value();
      ++started;
      flush(c, now);
    }
    poll(std::chrono::milliseconds(1));
  }
  return true;
}

void LoadClients::run(const std::atomic<bool>& stop, const std::atomic<bool>& measuring) {
  const Instant start = UdpDriver::now();
  const auto period = options_.frames_per_second > 0
                          ? Duration(static_cast<std::int64_t>(1e9 / options_.frames_per_second))
                          : Duration::max();
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    clients_[i]->next_frame = options_.frames_per_second > 0
                                  ? start + Duration(static_cast<std::int64_t>(rng_.next_u64()) %
                                                     static_cast<std::int64_t>(period.count()))
                                  : kNever;
  }
  while (!stop) {
    measuring_ = measuring;
    send_frames(UdpDriver::now());
    poll(std::chrono::microseconds(300));
  }
}

void LoadClients::send_frames(Instant now) {
  std::array<std::byte, 2048> frame{};
  for (auto& client : clients_) {
    while (client->next_frame <= now) {
      client->next_frame += Duration(static_cast<std::int64_t>(1e9 / options_.frames_per_second));
      ByteWriter out(frame);
      out.u64(static_cast<std::uint64_t>(UdpDriver::now().time_since_epoch().count()));
      result_.sent += measuring_ ? 1 : 0;
      if (options_.quic) {
        client->endpoint.send_datagram(client->connection,
                                       ByteView(frame).first(options_.frame_bytes), now);
        flush(*client, now);
      } else {  // as long as the QUIC packet would be
        ::send(client->fd, frame.data(), options_.frame_bytes + 29, MSG_DONTWAIT);
      }
    }
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
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  timespec ts{0, static_cast<long>(timeout.count() - ms * 1'000'000)};
  ts.tv_nsec += static_cast<long>(ms * 1'000'000);
  const int n = ::epoll_pwait2(epoll_, events.data(), events.size(), &ts, nullptr);
  const Instant now = UdpDriver::now();
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
  for (std::size_t k = 0; k < messages.size(); ++k) {
    iov[k] = {buffers[k].data(), buffers[k].size()};
    messages[k].msg_hdr.msg_iov = &iov[k];
    messages[k].msg_hdr.msg_iovlen = 1;
  }
  const int n =
      ::recvmmsg(clients_[i]->fd, messages.data(), messages.size(), MSG_DONTWAIT, nullptr);
  for (int k = 0; k < n; ++k) {
    const auto& m = messages[static_cast<std::size_t>(k)];
    const ByteView bytes(buffers[static_cast<std::size_t>(k)].data(), m.msg_len);
    if (!options_.quic) {
      take_frame(bytes, now);
      continue;
    }
    std::vector<std::byte> copy;
    if (!spare_.empty()) {
      copy = std::move(spare_.back());
      spare_.pop_back();
    }
    copy.assign(bytes.begin(), bytes.end());
    arrivals_.push_back({now + options_.round_trip, now, i, std::move(copy)});
  }
}

void LoadClients::process_arrivals(Instant now) {
  std::vector<std::size_t> touched;
  while (!arrivals_.empty() && arrivals_.front().due <= now) {
    Arrival arrival = std::move(arrivals_.front());
    arrivals_.pop_front();
    Client& c = *clients_[arrival.client];
    c.endpoint.receive(options_.relay, {}, arrival.bytes, now);
    while (const auto event = c.endpoint.poll_event()) {
      if (std::get_if<Connected>(&*event) != nullptr) ++connected_;
      if (const auto* d = std::get_if<DatagramReceived>(&*event)) {
        take_frame(d->bytes, arrival.arrived);
      }
    }
    spare_.push_back(std::move(arrival.bytes));
    if (!c.touched) {
      c.touched = true;
      touched.push_back(arrival.client);
    }
  }
  for (const std::size_t i : touched) {
    clients_[i]->touched = false;
    flush(*clients_[i], now);
  }
}

void LoadClients::take_frame(ByteView frame, Instant arrived) {
  if (!measuring_) return;
  ++result_.received;
  if (result_.received % 16 != 0) return;
  ByteReader in(frame);
  const Instant sent(Duration(static_cast<std::int64_t>(in.u64())));
  result_.latency_us.push_back(static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(arrived - sent).count()));
}

void LoadClients::run_timers(Instant now) {
  if (!options_.quic) return;
  for (auto& client : clients_) {
    if (client->endpoint.next_deadline() > now) continue;
    client->endpoint.handle_deadline(now);
    while (client->endpoint.poll_event()) {
    }
    flush(*client, now);
  }
}

}  // namespace wzp::transport::bench
