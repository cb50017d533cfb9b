#include "flood.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "wzp/proto/rng.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

namespace wzp::bench {
namespace {

constexpr std::size_t kSources = 64;
constexpr std::size_t kPackets = 3 * 1024;
constexpr std::size_t kBatch = 32;

sockaddr_in loopback(std::uint32_t host, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl((127U << 24) | host);
  out.sin_port = htons(port);
  return out;
}

/// The first packet of a client that will never be heard of again.
std::vector<std::byte> first_packet(const transport::TlsContext& tls, Rng& rng) {
  const Instant now = transport::UdpDriver::now();
  transport::Endpoint client(transport::EndpointConfig::for_client(), tls, rng);
  transport::TxBatch batch;
  static_cast<void>(client.connect(transport::SocketAddress::loopback_ipv4(1), "room", now));
  static_cast<void>(client.flush(batch, now));
  const ByteView bytes = batch.segment(batch.entries()[0], 0);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Flood::Flood(std::uint16_t relay_port, double per_second) : per_second_(per_second) {
  make_packets();
  open_sources(relay_port);
  thread_ = std::thread([this] { run(); });
}

Flood::~Flood() {
  stop_ = true;
  thread_.join();
  for (const int fd : sources_) ::close(fd);
}

void Flood::make_packets() {
  SeededRng rng(99);
  const auto tls = transport::TlsContext::make_client();
  for (std::size_t i = 0; i < kPackets; i += 3) {
    Bytes noise(1 + rng.next_u64() % 1200);
    rng.fill(noise);
    Bytes first = first_packet(tls, rng);
    Bytes bent = first;
    for (int k = 0; k < 4; ++k) bent[rng.next_u64() % bent.size()] ^= std::byte{0x40};
    if (i % 2 == 0) bent.resize(1 + rng.next_u64() % bent.size());
    packets_.push_back(std::move(noise));
    packets_.push_back(std::move(first));
    packets_.push_back(std::move(bent));
  }
}

void Flood::open_sources(std::uint16_t relay_port) {
  const sockaddr_in relay = loopback(1, relay_port);
  for (std::uint32_t i = 0; i < kSources; ++i) {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const sockaddr_in own = loopback((1U << 16) + i + 1, 0);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
        ::connect(fd, reinterpret_cast<const sockaddr*>(&relay), sizeof relay) != 0) {
      throw std::system_error(errno, std::generic_category(), "flood: no socket");
    }
    sources_.push_back(fd);
  }
}

void Flood::run() {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  std::size_t next = 0;
  for (std::size_t batch = 0; !stop_; ++batch) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (static_cast<double>(sent_) > seconds * per_second_) {
      count_answers();
      std::this_thread::sleep_for(std::chrono::microseconds(200));  // the pace, not a condition
      continue;
    }
    send_batch(batch % kSources, next);
    next = (next + kBatch) % kPackets;
  }
}

void Flood::send_batch(std::size_t source, std::size_t first) {
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> iov;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < kBatch; ++i) {
    Bytes& packet = packets_[(first + i) % kPackets];
    iov[i] = {packet.data(), packet.size()};
    messages[i].msg_hdr.msg_iov = &iov[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    bytes += packet.size();
  }
  const int n = ::sendmmsg(sources_[source], messages.data(), kBatch, MSG_DONTWAIT);
  sent_ += n > 0 ? static_cast<std::uint64_t>(n) : 0;
  if (n == static_cast<int>(kBatch)) bytes_sent_ += bytes;
}

void Flood::count_answers() {
  std::array<std::byte, 2048> room;
  for (const int fd : sources_) {
    for (ssize_t n = 0; (n = ::recv(fd, room.data(), room.size(), MSG_DONTWAIT)) > 0;) {
      bytes_answered_ += static_cast<std::uint64_t>(n);
    }
  }
}

}  // namespace wzp::bench
