#include "wzp/proto/playout_delay.hpp"

#include <algorithm>
#include <limits>

namespace wzp::proto {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kBucketMs = 20;
constexpr std::int64_t kWindowSlotNs = 100'000'000;
constexpr std::int64_t kNoTransit = std::numeric_limits<std::int64_t>::max();
constexpr double kReorderForget = 0.9993;  // per packet, as NetEq's reordering optimiser
// The first entries count more: weight of the past is at most 1 - 2/n for the n-th entry.
constexpr double kFastStart = 2.0;

std::int64_t ns(Duration d) noexcept { return d.count(); }

int bucket_of(std::int64_t relative_ns, int buckets) noexcept {
  const std::int64_t bucket = relative_ns / (kBucketMs * 1'000'000);
  return static_cast<int>(std::clamp<std::int64_t>(bucket, 0, buckets - 1));
}

}  // namespace

PlayoutDelayEstimator::PlayoutDelayEstimator(const PlayoutDelayConfig& config) noexcept
    : config_(config), target_(config.start) {
  window_min_.fill(kNoTransit);
}

void PlayoutDelayEstimator::Histogram::add(int bucket, double forget, bool fast_start) noexcept {
  ++entries;
  const double keep = fast_start ? std::clamp(1.0 - kFastStart / entries, 0.0, forget)
                                 : std::clamp(1.0 - 1.0 / entries, 0.0, forget);
  for (double& s : share) s *= keep;
  share[static_cast<std::size_t>(bucket)] += 1.0 - keep;
}

std::optional<Duration> PlayoutDelayEstimator::base() const noexcept {
  if (!have_base_) return std::nullopt;
  return Duration(base_);
}

void PlayoutDelayEstimator::restart_timeline() noexcept {
  have_base_ = false;
  window_min_.fill(kNoTransit);
  interval_start_.reset();
  interval_max_ = 0;
}

// Keeps the smallest transit time of the last two seconds, in slots of 100 ms.
void PlayoutDelayEstimator::note_transit(std::int64_t transit, Instant arrival) noexcept {
  const std::int64_t slot = ns(arrival.time_since_epoch()) / kWindowSlotNs;
  if (!have_base_) window_slot_ = slot;
  const std::int64_t passed = std::clamp<std::int64_t>(slot - window_slot_, 0, kWindowSlots);
  for (std::int64_t i = 1; i <= passed; ++i) {
    window_min_[static_cast<std::size_t>((window_slot_ + i) % kWindowSlots)] = kNoTransit;
  }
  // After a silence longer than the window all slots are to be cleared, whatever their number.
  if (passed == kWindowSlots) window_min_.fill(kNoTransit);
  window_slot_ = std::max(window_slot_, slot);
  auto& current = window_min_[static_cast<std::size_t>(window_slot_ % kWindowSlots)];
  current = std::min(current, transit);
  base_ = *std::min_element(window_min_.begin(), window_min_.end());
  have_base_ = true;
}

Duration PlayoutDelayEstimator::update(Duration media, Instant arrival, bool reordered) noexcept {
  const std::int64_t transit = ns(arrival.time_since_epoch()) - ns(media);
  note_transit(transit, arrival);
  const std::int64_t relative = transit - base_;
  reorder_.add(reordered ? bucket_of(relative, kBuckets) : 0, kReorderForget, false);
  close_interval(arrival, relative);
  return Duration(relative);
}

void PlayoutDelayEstimator::close_interval(Instant arrival, std::int64_t relative) noexcept {
  if (!interval_start_) interval_start_ = arrival;
  if (arrival - *interval_start_ >= config_.interval) {
    underrun_.add(bucket_of(interval_max_, kBuckets), config_.forget_factor, true);
    interval_start_ = arrival;
    interval_max_ = relative;
    retarget();
  }
  interval_max_ = std::max(interval_max_, relative);
  if (underrun_.entries == 0) {
    const milliseconds seen((bucket_of(interval_max_, kBuckets) + 1) * kBucketMs);
    target_ = std::max(config_.start, seen);
  }
}

int PlayoutDelayEstimator::underrun_bucket() const noexcept {
  double above = 1.0;
  for (int i = 0; i < kBuckets; ++i) {
    above -= underrun_.share[static_cast<std::size_t>(i)];
    if (above <= 1.0 - config_.quantile) return i;
  }
  return kBuckets - 1;
}

std::int64_t PlayoutDelayEstimator::reorder_delay_ms() const noexcept {
  const auto per_percent = static_cast<double>(config_.cost_per_loss_percent.count());
  double lost = 1.0;
  double best_cost = std::numeric_limits<double>::max();
  std::int64_t best_ms = 0;
  for (int i = 0; i < kBuckets && lost > 1e-4; ++i) {
    lost -= reorder_.share[static_cast<std::size_t>(i)];
    const std::int64_t delay_ms = i * kBucketMs;
    const double cost = static_cast<double>(delay_ms) + 100.0 * lost * per_percent;
    if (cost < best_cost) {
      best_cost = cost;
      best_ms = delay_ms;
    }
  }
  // Bucket 0 stands for "in order" too, so it asks for nothing.
  return best_ms == 0 ? 0 : best_ms + kBucketMs;
}

void PlayoutDelayEstimator::retarget() noexcept {
  const std::int64_t underrun_ms = (underrun_bucket() + 1) * kBucketMs;
  target_ = milliseconds(std::max(underrun_ms, reorder_delay_ms()));
}

}  // namespace wzp::proto
