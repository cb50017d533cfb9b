#include "wzp/proto/rate_control.hpp"

#include <algorithm>
#include <cmath>

namespace wzp::proto {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Overuse: a queue that grows, or one that stands.
constexpr double kGrowingQueueMs = 60;
constexpr double kGrowingSlope = 0.10;  // 10 % more is sent than gets through
constexpr double kSureQueueMs = 120;    // grown within one interval: no second one is awaited
constexpr double kStandingQueueMs = 150;
constexpr double kCompetingQueueMs = 200;  // of our own on top of somebody else's
constexpr double kCompetingSlope = 0.30;

// Before that, a queue that fills slowly: a little less will do.
constexpr double kFillingQueueMs = 50;
constexpr double kFillingSlope = 0.03;
constexpr double kStillStands = 0.7;
constexpr double kStandingSeconds = 5;  // too slowly to be seen otherwise
constexpr double kSlopeWeight = 0.3;
constexpr double kEaseOff = 0.93;
constexpr Duration kEaseOffEvery = seconds(1);

constexpr double kBackOff = 0.85;
// While draining so much of what gets through is sent, less for a longer queue. Little enough to
// tell after kDrainTime whether the queue is our own.
constexpr double kDrainShare = 0.7;
constexpr double kDrainShareMost = 0.6;
constexpr double kDrainShareLeast = 0.25;
constexpr double kDrainShareMs = 1000;
constexpr double kDrainedMs = 40;
constexpr double kNearlyDrainedShare = 0.4;  // of the highest queue
constexpr double kStillFalling = 0.1;
constexpr Duration kDrainTime = milliseconds(2000);
constexpr double kProgressShare = 0.6;  // of our own queue not even that would be left
// Unless other things of ours take their share too (acknowledgements on a narrow uplink): then it
// shrinks, but slowly.
constexpr double kSlowProgressMs = 40;
// Who took its own queue for somebody else's does not make that mistake again for a while.
constexpr Duration kMistakeWithin = seconds(10);
constexpr Duration kNoCompetingTime = seconds(60);
// The queue that came back within this time, at a rate below the limit found, is not our own.
constexpr Duration kInVainWithin = seconds(15);
constexpr double kShouldFit = 0.92;
constexpr int kInVainTimes = 3;
constexpr Duration kNewCutAfter = milliseconds(500);
constexpr Duration kHoldTime = seconds(3);
constexpr Duration kHoldLonger = milliseconds(1500);
constexpr Duration kHoldLongest = milliseconds(4500);
constexpr double kSameLimit = 0.12;
constexpr double kBack = 0.9;  // of the rate before draining, if that was in vain
// Other flows let the queue fall now and then; our own never would.
constexpr Duration kCompetingMemory = seconds(15);
constexpr double kFallFromMs = 60;
constexpr double kFallShare = 0.5;
constexpr double kCompetingGrowthMs = 250;  // of the queue since we compete: it is ours after all

constexpr double kFastGrowth = 0.35;  // share per second
constexpr double kNearGrowth = 0.08;  // close to a known limit
constexpr double kNear = 0.9;
constexpr double kBeyond = 1.03;
constexpr double kBeyondSeconds = 1;
constexpr double kQuietQueueMs = 60;
constexpr double kAhead = 1.5;  // of what was delivered, plus
constexpr double kAheadKbps = 10;

constexpr double kBaseLeakPerSecond = 0.01;  // the base follows a longer path in 100 s
constexpr double kLossSeconds = 2;
constexpr double kShortSeconds = 0.25;
constexpr double kLongSeconds = 1.5;
constexpr double kCongestionLoss = 10;  // percent

double in_ms(Duration d) noexcept { return std::chrono::duration<double, std::milli>(d).count(); }

}  // namespace

RateControl::RateControl(const RateControlConfig& config) noexcept
    : config_(config),
      rate_kbps_(std::clamp(config.initial_kbps, config.min_kbps, config.max_kbps)) {}

double RateControl::lowest() const noexcept {
  const double floor = state_ == State::kCompeting ? config_.competing_floor_kbps : 0;
  return std::max(config_.min_kbps, floor);
}

double RateControl::rate_kbps() const noexcept {
  const double rate = state_ == State::kDraining ? std::min(drain_kbps_, rate_kbps_) : rate_kbps_;
  return std::clamp(rate, lowest(), config_.max_kbps);
}

Duration RateControl::queue() const noexcept {
  return std::chrono::microseconds(static_cast<std::int64_t>(std::max(0.0, queue_ms()) * 1000));
}

double RateControl::queue_ms() const noexcept { return newest_ms_ - base_ms_; }
double RateControl::smallest_queue_ms() const noexcept { return delay_ms_ - base_ms_; }

double RateControl::delivered(double at_least_seconds) const noexcept {
  Delivery sum;
  for (std::size_t i = 1; i <= deliveries_.size(); ++i) {
    const Delivery& d = deliveries_[(next_delivery_ + deliveries_.size() - i) % deliveries_.size()];
    sum.kbit += d.kbit;
    sum.seconds += d.seconds;
    if (sum.seconds >= at_least_seconds) break;
  }
  return sum.seconds > 0 ? sum.kbit / sum.seconds : 0;
}

void RateControl::note_delay(const DeliveryInterval& interval) noexcept {
  const double length_ms = std::max(in_ms(interval.length), 1.0);
  const double before = newest_ms_;
  delay_ms_ += in_ms(interval.delay_step);
  newest_ms_ = delay_ms_ + in_ms(interval.rise);
  slope_ = (newest_ms_ - before) / length_ms;
  smooth_slope_ += kSlopeWeight * (slope_ - smooth_slope_);
  growing_ = slope_ > kGrowingSlope ? growing_ + 1 : 0;
  const double queue = delay_ms_ - base_ms_;
  standing_seconds_ = queue > kFillingQueueMs ? standing_seconds_ + length_ms / 1000 : 0;
  if (standing_seconds_ == 0) standing_ms_ = 0;
  // The path may have become longer. Not while we drain: then the queue is known to be one.
  const double leak = std::min(1.0, kBaseLeakPerSecond * length_ms / 1000);
  if (queue < 0) {
    base_ms_ = delay_ms_;
  } else if (state_ != State::kDraining) {
    base_ms_ += leak * queue;
  }
}

void RateControl::note_delivery(const DeliveryInterval& interval) noexcept {
  const double length = in_ms(interval.length) / 1000;
  deliveries_[next_delivery_] = {interval.delivered_kbps * length, length};
  next_delivery_ = (next_delivery_ + 1) % deliveries_.size();
  const double weight = 1 - std::exp(-length / kLossSeconds);
  loss_percent_ += weight * (std::clamp(interval.loss_percent, 0.0, 100.0) - loss_percent_);
}

bool RateControl::is_overused() const noexcept {
  const double newest = queue_ms();
  const double smallest = smallest_queue_ms();
  if (state_ == State::kCompeting) {
    const bool grows_fast = newest > kCompetingQueueMs && slope_ > kCompetingSlope && growing_ >= 2;
    return grows_fast || newest > 2 * competing_start_ms_ + kCompetingGrowthMs;
  }
  const bool grows = newest > kGrowingQueueMs && slope_ > kGrowingSlope &&
                     (growing_ >= 2 || newest > kSureQueueMs);
  const bool stands = smallest > kStandingQueueMs && slope_ > -kGrowingSlope;
  const bool overflows = loss_percent_ > kCongestionLoss && smallest > kGrowingQueueMs;
  return grows || stands || overflows;
}

void RateControl::on_interval(const DeliveryInterval& interval, Instant now) noexcept {
  if (interval.length <= Duration(0)) return;
  round_trip_ = interval.round_trip;
  note_delay(interval);
  note_delivery(interval);
  if (state_ == State::kDraining) {
    drain(now);
  } else if (is_overused()) {
    back_off(now);
  } else if (is_filling()) {
    ease_off(now);
  } else {
    if (state_ == State::kCompeting) compete(now);
    grow(interval, now);
  }
}

bool RateControl::is_filling() const noexcept {
  return state_ == State::kProbing && queue_ms() > kFillingQueueMs &&
         (smooth_slope_ > kFillingSlope || standing_seconds_ > kStandingSeconds);
}

// Whether the queue keeps coming back although less and less is sent.
bool RateControl::is_in_vain(Instant now) noexcept {
  if (!reference_at_ || now - *reference_at_ > kInVainWithin || state_ == State::kCompeting) {
    reference_at_ = now;
    reference_kbps_ = std::min(rate_kbps_, std::max(delivered(kShortSeconds), config_.min_kbps));
    before_kbps_ = rate_kbps();
    in_vain_ = 0;
    return false;
  }
  if (rate_kbps_ < kShouldFit * reference_kbps_) ++in_vain_;
  return in_vain_ >= kInVainTimes;
}

void RateControl::ease_off(Instant now) noexcept {
  const bool stands = standing_seconds_ > kStandingSeconds;
  if (stands && standing_ms_ > 0 && smallest_queue_ms() > kStillStands * standing_ms_) {
    // A little less was sent for a while, and nothing changed: a slower link, not a queue.
    base_ms_ = delay_ms_ - kDrainedMs / 2;
    standing_seconds_ = standing_ms_ = 0;
    return;
  }
  if (eased_off_ && now - *eased_off_ < kEaseOffEvery) return;
  if (is_in_vain(now) && may_compete(now)) return start_competing(now);
  eased_off_ = now;
  if (stands) standing_ms_ = smallest_queue_ms();
  standing_seconds_ = 1e-3;
  limit_kbps_ = std::min(rate_kbps_, delivered(kLongSeconds));
  hold(now);
  rate_kbps_ = std::min(rate_kbps_, std::max(kEaseOff * limit_kbps_, config_.min_kbps));
  clean_seconds_ = 0;
}

void RateControl::back_off(Instant now) noexcept {
  if (state_ == State::kCompeting && now - competing_since_ < kMistakeWithin) mistaken_at_ = now;
  if (is_in_vain(now) && may_compete(now)) return start_competing(now);
  limit_kbps_ = rate_kbps_;
  peak_ms_ = 0;
  clean_seconds_ = 0;
  state_ = State::kDraining;
  cut_at_ = now;
  cut();
  reference_kbps_ = std::min(reference_kbps_, std::max(limit_kbps_, config_.min_kbps));
}

// A limit that was found before is not tried again as soon.
void RateControl::hold(Instant now) noexcept {
  const bool same = std::fabs(limit_kbps_ - known_kbps_) < kSameLimit * known_kbps_;
  known_kbps_ = limit_kbps_;
  hold_ = same ? std::min(hold_ + kHoldLonger, kHoldLongest) : kHoldTime;
  hold_until_ = now + hold_;
}

// What gets through now is the limit, and less than that is sent.
void RateControl::cut() noexcept {
  peak_ms_ = std::max(peak_ms_, queue_ms());
  const double through = std::max(delivered(kShortSeconds), config_.min_kbps);
  limit_kbps_ = std::min(limit_kbps_, through);
  rate_kbps_ = std::min(rate_kbps_, kBackOff * limit_kbps_);
  const double share =
      std::clamp(kDrainShare - peak_ms_ / kDrainShareMs, kDrainShareLeast, kDrainShareMost);
  drain_kbps_ = share * limit_kbps_;
}

void RateControl::drain(Instant now) noexcept {
  const double queue = queue_ms();
  // Only what was sent since then counts, and that has to come through the queue first.
  const Duration seen_by = kDrainTime + round_trip_ + this->queue();
  const bool has_stopped = queue < kNearlyDrainedShare * peak_ms_ && slope_ > -kStillFalling;
  if (queue < kDrainedMs || has_stopped) {
    state_ = State::kProbing;
    hold(now);
    // What is left although less is sent than gets through is no queue but a slower link.
    base_ms_ = std::max(base_ms_, delay_ms_ - kDrainedMs / 2);
  } else if (now - cut_at_ >= seen_by) {
    // Sending less did not help: somebody else's queue, or a longer path. Or it takes long.
    const bool shrinks = queue < kProgressShare * peak_ms_ || queue < peak_ms_ - kSlowProgressMs;
    if (!shrinks && may_compete(now)) return start_competing(now);
    cut_at_ = now;
    peak_ms_ = queue;
  } else if (queue > peak_ms_) {
    cut();  // what was sent before the cut is still arriving, and shows the limit better
  }
}

bool RateControl::may_compete(Instant now) const noexcept {
  return !mistaken_at_ || now - *mistaken_at_ > kNoCompetingTime;
}

void RateControl::start_competing(Instant now) noexcept {
  state_ = State::kCompeting;
  competing_since_ = last_fall_ = now;
  competing_peak_ms_ = competing_start_ms_ = queue_ms();
  limit_kbps_ = 0;
  reference_at_.reset();
  rate_kbps_ = std::max(rate_kbps_, kBack * before_kbps_);
}

// Goes on as long as the queue falls by itself now and then.
void RateControl::compete(Instant now) noexcept {
  const double queue = queue_ms();
  competing_peak_ms_ = std::max(competing_peak_ms_, queue);
  if (competing_peak_ms_ > kFallFromMs && queue < kFallShare * competing_peak_ms_) {
    last_fall_ = now;
    competing_peak_ms_ = queue;
  }
  if (now - last_fall_ < kCompetingMemory) return;
  state_ = State::kProbing;
  if (smallest_queue_ms() > kGrowingQueueMs) back_off(now);
}

void RateControl::grow(const DeliveryInterval& interval, Instant now) noexcept {
  const double newest = queue_ms();
  if (state_ == State::kProbing && (newest > kQuietQueueMs || now < hold_until_)) return;
  const double passed = std::min(in_ms(interval.length) / 1000, 1.0);
  const double delivered = delivered_kbps();
  if (limit_kbps_ > 0 && delivered > kBeyond * limit_kbps_) {
    clean_seconds_ += passed;
    if (clean_seconds_ >= kBeyondSeconds) limit_kbps_ = 0;
  }
  const bool near =
      state_ == State::kCompeting || (limit_kbps_ > 0 && rate_kbps_ > kNear * limit_kbps_);
  const double grown = rate_kbps_ * (1 + passed * (near ? kNearGrowth : kFastGrowth));
  // No further ahead than deliveries justify; but to send little is no sign of a narrow path.
  const double ceiling = std::max(rate_kbps_, kAhead * delivered + kAheadKbps);
  rate_kbps_ = std::clamp(std::min(grown, ceiling), lowest(), config_.max_kbps);
}

void RateControl::on_local_drop(Instant now) noexcept {
  if (state_ == State::kDraining && now - cut_at_ < kNewCutAfter) return;
  const double through = delivered_kbps();
  const double used = through > 0 ? std::min(rate_kbps_, through) : rate_kbps_;
  rate_kbps_ = std::max(lowest(), kBackOff * used);
  hold_until_ = now + kHoldTime;
}

}  // namespace wzp::proto
