#include "wzp/proto/delay_trend.hpp"

#include <algorithm>
#include <cmath>

namespace wzp::proto {
namespace {

constexpr double kSmoothing = 0.9;
constexpr double kGain = 4.0;
constexpr double kUp = 0.0087;
constexpr double kDown = 0.039;
constexpr double kMinThreshold = 6.0;
constexpr double kMaxThreshold = 600.0;
constexpr double kMaxAdaptStepMs = 100.0;
constexpr double kOutlierMs = 15.0;  // further above the threshold, do not adapt to it
constexpr double kOveruseTimeMs = 10.0;
constexpr std::uint64_t kMaxCount = 60;
constexpr double kBaseLeakPerMs = 1e-4;  // of the queue: the base follows within about 10 s

double to_ms(Duration d) noexcept { return std::chrono::duration<double, std::milli>(d).count(); }

}  // namespace

CongestionState DelayTrend::add(Duration delay, Instant now) noexcept {
  if (samples_ == 0) {
    start_ = now;
    last_ = now;
    first_delay_ms_ = to_ms(delay);
  }
  const double step_ms = std::max(0.0, to_ms(now - last_));
  last_ = std::max(last_, now);
  // Relative to the first delay: clocks may be any constant apart.
  const double delay_ms = to_ms(delay) - first_delay_ms_;
  ++samples_;
  note_queue(delay_ms, step_ms);
  smoothed_ms_ = kSmoothing * smoothed_ms_ + (1.0 - kSmoothing) * delay_ms;
  points_[next_] = {to_ms(now - start_), smoothed_ms_};
  next_ = (next_ + 1) % kWindow;
  count_ = std::min(count_ + 1, kWindow);
  if (count_ == kWindow) {
    const double trend = static_cast<double>(std::min(samples_, kMaxCount)) * slope() * kGain;
    detect(trend, step_ms);
    adapt_threshold(trend, step_ms);
  }
  return state_;
}

void DelayTrend::note_queue(double delay_ms, double step_ms) noexcept {
  const double leak = std::min(1.0, kBaseLeakPerMs * step_ms);
  base_ms_ += leak * std::max(0.0, delay_ms - base_ms_);
  if (samples_ == 1 || delay_ms < base_ms_) base_ms_ = delay_ms;
  queue_ms_ = delay_ms - base_ms_;
}

double DelayTrend::slope() const noexcept {
  double mean_at = 0;
  double mean_delay = 0;
  for (const Point& p : points_) {
    mean_at += p.at_ms / kWindow;
    mean_delay += p.delay_ms / kWindow;
  }
  double numerator = 0;
  double denominator = 0;
  for (const Point& p : points_) {
    numerator += (p.at_ms - mean_at) * (p.delay_ms - mean_delay);
    denominator += (p.at_ms - mean_at) * (p.at_ms - mean_at);
  }
  return denominator > 0 ? numerator / denominator : 0;
}

void DelayTrend::detect(double trend, double step_ms) noexcept {
  if (trend > threshold_ms_) {
    over_ms_ += step_ms;
    if (over_ms_ > kOveruseTimeMs && trend >= previous_trend_) {
      over_ms_ = 0;
      state_ = CongestionState::kOveruse;
    }
  } else {
    over_ms_ = 0;
    state_ = trend < -threshold_ms_ ? CongestionState::kUnderuse : CongestionState::kNormal;
  }
  previous_trend_ = trend;
}

void DelayTrend::adapt_threshold(double trend, double step_ms) noexcept {
  const double size = std::fabs(trend);
  if (size > threshold_ms_ + kOutlierMs) return;
  const double rate = size < threshold_ms_ ? kDown : kUp;
  threshold_ms_ += rate * (size - threshold_ms_) * std::min(step_ms, kMaxAdaptStepMs);
  threshold_ms_ = std::clamp(threshold_ms_, kMinThreshold, kMaxThreshold);
}

}  // namespace wzp::proto
