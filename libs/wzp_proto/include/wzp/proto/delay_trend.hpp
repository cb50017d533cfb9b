/// \file
/// Is a queue building up on the path? Fits a line through recent delays and compares its slope
/// with an adaptive threshold (the trendline filter of Google's congestion control for WebRTC).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "wzp/proto/export.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::proto {

enum class CongestionState : std::uint8_t {
  kUnderuse,  ///< Delay falls: a queue drains.
  kNormal,
  kOveruse,  ///< Delay grows: more is sent than gets through.
};

/// One series of delay samples. Delays may be one-way between clocks that differ by a constant, or
/// round trips. A value without allocation.
class WZP_PROTO_EXPORT DelayTrend {
 public:
  /// A packet that arrived at `now` took `delay`.
  CongestionState add(Duration delay, Instant now) noexcept;

  [[nodiscard]] CongestionState state() const noexcept { return state_; }
  /// Delay above the smallest one seen in the last ten seconds or so: what stands in the queue.
  [[nodiscard]] double queue_ms() const noexcept { return queue_ms_; }

 private:
  static constexpr std::size_t kWindow = 20;
  struct Point {
    double at_ms;
    double delay_ms;
  };

  void note_queue(double delay_ms, double step_ms) noexcept;
  [[nodiscard]] double slope() const noexcept;
  void detect(double trend, double step_ms) noexcept;
  void adapt_threshold(double trend, double step_ms) noexcept;

  std::array<Point, kWindow> points_{};
  std::size_t count_ = 0;
  std::size_t next_ = 0;
  std::uint64_t samples_ = 0;
  Instant start_{};
  Instant last_{};
  double first_delay_ms_ = 0;
  double smoothed_ms_ = 0;
  double base_ms_ = 0;
  double queue_ms_ = 0;
  double threshold_ms_ = 12.5;
  double over_ms_ = 0;
  double previous_trend_ = 0;
  CongestionState state_ = CongestionState::kNormal;
};

}  // namespace wzp::proto
