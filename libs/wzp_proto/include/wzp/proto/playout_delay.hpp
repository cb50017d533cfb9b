/// \file
/// How much delay a receiver needs so that nearly all frames arrive before they are due.
///
/// The method of NetEq: each packet's delay relative to the fastest one of the last two seconds
/// goes into a histogram with forgetting; the target is its 0.95 quantile. Reordering may ask for
/// more: a second histogram trades 20 ms of delay for each percent of frames it would save.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "wzp/proto/export.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::proto {

struct PlayoutDelayConfig {
  std::chrono::milliseconds start{40};      ///< Target until the first half second is measured.
  double quantile = 0.95;                   ///< Share of half-second maxima that must be in time.
  double forget_factor = 0.983;             ///< Weight of the past at each histogram entry.
  std::chrono::milliseconds interval{500};  ///< One entry, the maximum, per interval.
  std::chrono::milliseconds cost_per_loss_percent{20};  ///< For reordering.
};

/// Measures one stream. A value without allocation; O(1) per packet, O(100) per half second.
class WZP_PROTO_EXPORT PlayoutDelayEstimator {
 public:
  explicit PlayoutDelayEstimator(const PlayoutDelayConfig& config = {}) noexcept;

  /// A packet whose media time is `media` (on the sender's clock, without wrap) arrived.
  /// \return its delay relative to the fastest packet of the last two seconds.
  Duration update(Duration media, Instant arrival, bool reordered) noexcept;

  /// Delay to aim for, from the fastest packet's arrival, in steps of 20 ms, up to 2 s.
  [[nodiscard]] std::chrono::milliseconds target() const noexcept { return target_; }
  /// Arrival minus media time of the fastest recent packet; nothing before the first update.
  [[nodiscard]] std::optional<Duration> base() const noexcept;

  /// Forgets the transit times (the sender's clock started anew) but not the histograms.
  void restart_timeline() noexcept;

 private:
  static constexpr int kBuckets = 100;
  static constexpr int kWindowSlots = 20;

  struct Histogram {
    std::array<double, kBuckets> share{};
    int entries = 0;
    void add(int bucket, double forget, bool fast_start) noexcept;
  };

  void note_transit(std::int64_t transit, Instant arrival) noexcept;
  void close_interval(Instant arrival, std::int64_t relative) noexcept;
  void retarget() noexcept;
  [[nodiscard]] int underrun_bucket() const noexcept;
  [[nodiscard]] std::int64_t reorder_delay_ms() const noexcept;

  PlayoutDelayConfig config_;
  Histogram underrun_;
  Histogram reorder_;
  std::array<std::int64_t, kWindowSlots> window_min_{};
  std::int64_t window_slot_ = 0;
  std::int64_t base_ = 0;
  bool have_base_ = false;
  std::optional<Instant> interval_start_;
  std::int64_t interval_max_ = 0;
  std::chrono::milliseconds target_;
};

}  // namespace wzp::proto
