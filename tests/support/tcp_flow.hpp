/// \file
/// A bulk TCP transfer in virtual time, to compete with: window growth of CUBIC (RFC 9438) or of
/// Reno (RFC 5681), slow start, fast retransmit and recovery with a SACK-like scoreboard, timeouts.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

#include "wzp/proto/time.hpp"

namespace wzp::test {

/// Sender and receiver in one object; the path is the caller's. Segments are numbered from 0.
///
///     while (auto segment = flow.poll(now)) channel.push(bytes, now, *segment);
///     flow.on_arrival(segment, now);    // it came through; its acknowledgement takes `ack_delay`
class TcpFlow {
 public:
  enum class Growth { kReno, kCubic };

  TcpFlow(Growth growth, Duration ack_delay) : growth_(growth), ack_delay_(ack_delay) {}

  static constexpr std::size_t kSegmentBytes = 1460;

  /// The next segment to send now, if the window allows one.
  std::optional<std::uint64_t> poll(Instant now);
  /// The receiver got it.
  void on_arrival(std::uint64_t segment, Instant now);

  [[nodiscard]] double window() const { return window_; }
  [[nodiscard]] std::uint64_t segments_acknowledged() const { return acknowledged_count_; }
  [[nodiscard]] std::uint64_t loss_events() const { return loss_events_; }

 private:
  struct InFlight {
    std::uint64_t segment;
    Instant sent;
  };
  struct Ack {
    std::uint64_t segment;
    Instant at;
    Duration rtt;
  };

  void take_acks(Instant now);
  void on_ack(const Ack& ack, Instant now);
  void find_losses(Instant now);
  void reduce(double factor, Instant now);
  void grow(Instant now);

  Growth growth_;
  Duration ack_delay_;
  double window_ = 10;
  double threshold_ = 1e9;
  std::deque<InFlight> in_flight_;  // in the order of sending
  std::deque<std::uint64_t> to_repeat_;
  std::deque<Ack> acks_;
  std::uint64_t next_ = 0;
  std::uint64_t acknowledged_count_ = 0;
  std::uint64_t loss_events_ = 0;
  Instant recovery_until_{};
  Duration smoothed_rtt_ = std::chrono::milliseconds(200);
  // CUBIC.
  double window_before_loss_ = 0;
  Instant epoch_{};
  bool in_epoch_ = false;
};

}  // namespace wzp::test
