#include "plan_selector.hpp"

#include <algorithm>

namespace wzp::client {
namespace {

using std::chrono::milliseconds;

// Points of the E-model by which another shape must be better, and how long the present one stays.
constexpr double kWorthChanging = 3;
constexpr milliseconds kStay(4000);
constexpr double kWorthHurrying = 10;
constexpr milliseconds kStayHurried(1000);
constexpr double kWorthSometime = 0.7;
constexpr double kMuchCheaper = 0.85;  // and no worse
constexpr milliseconds kStayLong(20'000);
constexpr milliseconds kStayAtLeast(200);
// Rates: down as soon as it matters, up in steps.
constexpr double kRateDown = 0.97;
constexpr double kRateUp = 1.05;
constexpr milliseconds kRateUpEvery(500);
constexpr std::uint32_t kMinOpusBps = 6000;
constexpr std::uint32_t kRateStep = 100;

bool is_codec2(const MediaPlan& plan) noexcept {
  return plan.codec == proto::CodecId::kCodec2_1200 || plan.codec == proto::CodecId::kCodec2_3200;
}

bool same_shape(const MediaPlan& a, const MediaPlan& b) noexcept {
  const bool same_codec = is_codec2(a) || is_codec2(b) ? a.codec == b.codec : true;
  return same_codec && a.packet_time() == b.packet_time() && a.copies == b.copies;
}

/// The same shape at the rate the path now allows; nothing if it does not fit at all.
std::optional<MediaPlan> refit(MediaPlan plan, const PathEstimate& path, const PlanLimits& limits) {
  if (added_delay(plan) >
      (plan.copies.count == 0 ? limits.max_added_delay_clean : limits.max_added_delay)) {
    return std::nullopt;
  }
  double limit = plan.copies.count == 0 ? limits.max_kbps_clean : limits.max_kbps;
  if (path.available_kbps > 0) limit = std::min(limit, path.available_kbps);
  if (is_codec2(plan)) {
    return wire_kbps(plan) <= limit ? std::optional(plan) : std::nullopt;
  }
  const double ms = static_cast<double>(plan.packet_time().count());
  const double room = limit * ms / 8 - static_cast<double>(overhead_bytes(plan));
  const double bps = room * 8000 / ms / (1 + plan.copies.count);
  if (bps < kMinOpusBps) return std::nullopt;
  plan.codec_bps =
      std::min(static_cast<std::uint32_t>(bps) / kRateStep * kRateStep, limits.max_codec_bps);
  return plan;
}

}  // namespace

bool PlanSelector::adopt(const MediaPlan& plan, Instant now) noexcept {
  if (plan == plan_) return false;
  if (!same_shape(plan, plan_)) {
    ++shape_changes_;
    shape_changed_ = now;
  }
  if (plan.codec_bps > plan_.codec_bps) rate_raised_ = now;
  plan_ = plan;
  return true;
}

bool PlanSelector::adopt_rate(const MediaPlan& plan, Instant now) noexcept {
  const double ratio = static_cast<double>(plan.codec_bps) / plan_.codec_bps;
  const bool may_rise = !rate_raised_ || now - *rate_raised_ >= kRateUpEvery;
  if (ratio < kRateDown || (ratio > kRateUp && may_rise)) return adopt(plan, now);
  return false;
}

bool PlanSelector::update(const PathEstimate& path, const PlanLimits& limits,
                          Instant now) noexcept {
  const MediaPlan best = plan_media(path, limits);
  if (same_shape(best, plan_)) return adopt_rate(best, now);
  const auto kept = refit(plan_, path, limits);
  const Duration stayed = shape_changed_ ? now - *shape_changed_ : Duration(std::chrono::hours(1));
  if (!kept) return stayed >= kStayAtLeast && adopt(best, now);
  const double gain = impairment(*kept, path) - impairment(best, path);
  const bool is_worth_sometime =
      gain >= kWorthSometime || wire_kbps(best) < kMuchCheaper * wire_kbps(*kept);
  const bool change = (gain >= kWorthChanging && stayed >= kStay) ||
                      (gain >= kWorthHurrying && stayed >= kStayHurried) ||
                      (is_worth_sometime && stayed >= kStayLong);
  return change ? adopt(best, now) : adopt_rate(*kept, now);
}

bool PlanSelector::jump(const PathEstimate& path, const PlanLimits& limits, Instant now) noexcept {
  return adopt(plan_media(path, limits), now);
}

}  // namespace wzp::client
