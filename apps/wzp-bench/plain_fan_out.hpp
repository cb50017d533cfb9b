/// \file
/// The floor for a relay: the same fan-out with plain datagrams, no QUIC, no crypto.
#pragma once

#include <netinet/in.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <thread>
#include <utility>
#include <vector>

namespace wzp::bench {

/// Serves on a thread of its own, on CPU 0: batch receive, a copy for every other member of the
/// sender's room, batch send. Members are numbered as they are first heard.
class PlainFanOut {
 public:
  explicit PlainFanOut(std::size_t room_size);
  ~PlainFanOut();
  PlainFanOut(PlainFanOut&&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// User and system time of its thread so far.
  [[nodiscard]] double cpu_seconds() const noexcept { return cpu_seconds_; }

 private:
  static constexpr std::size_t kBatch = 64;
  void run();
  void forward(const sockaddr_in& from, const std::byte* bytes, std::size_t size);
  void flush();

  struct Outgoing {
    sockaddr_in to;
    iovec bytes;
  };
  std::size_t room_size_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::map<std::pair<std::uint32_t, std::uint16_t>, std::size_t> index_;
  std::vector<sockaddr_in> members_;
  std::vector<Outgoing> outgoing_;
  std::atomic<bool> stop_{false};
  std::atomic<double> cpu_seconds_{0};
  std::thread thread_;
};

}  // namespace wzp::bench
