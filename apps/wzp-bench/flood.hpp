/// \file
/// Hostile traffic towards a relay on loopback, from many source addresses.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace wzp::bench {

/// Sends about `per_second` datagrams on a thread of its own, in equal parts: random bytes; first
/// packets of clients that never go on, as a spoofing attacker sends them; and first packets with
/// bytes changed or cut off. Sources are 64 addresses of 127.0.0.0/8.
class Flood {
 public:
  Flood(std::uint16_t relay_port, double per_second);
  ~Flood();
  Flood(Flood&&) = delete;

  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }
  /// What the relay answered to these sources.
  [[nodiscard]] std::uint64_t bytes_answered() const noexcept { return bytes_answered_; }

 private:
  using Bytes = std::vector<std::byte>;
  void make_packets();
  void open_sources(std::uint16_t relay_port);
  void run();
  void send_batch(std::size_t source, std::size_t first);
  void count_answers();

  double per_second_;
  std::vector<Bytes> packets_;
  std::vector<int> sources_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> bytes_sent_{0};
  std::atomic<std::uint64_t> bytes_answered_{0};
  std::thread thread_;
};

}  // namespace wzp::bench
