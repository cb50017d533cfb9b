#include "wzp/proto/bandwidth_estimator.hpp"

#include <algorithm>
#include <cmath>

namespace wzp::proto {
namespace {

constexpr double kBackOff = 0.85;
constexpr Duration kBackOffEvery = std::chrono::milliseconds(300);
constexpr double kFastGrowth = 0.25;  // share per second while the limit is not known
constexpr double kNearGrowth = 1.5;   // kbit/s per second close to a known limit
constexpr double kNearLow = 0.85;     // "close": from here ...
constexpr double kNearHigh = 1.15;    // ... to here; above, the limit has changed
constexpr double kAhead = 1.5;        // of the delivered rate, plus
constexpr double kAheadKbps = 10;
constexpr Duration kRateWindow = std::chrono::milliseconds(500);
constexpr double kLossTimeSeconds = 2;  // averaging
constexpr double kLossLimit = 10;       // percent; with a queue it means congestion
constexpr double kQueueMs = 50;         // a queue, for judging loss
constexpr double kDrainMs = 150;        // a queue that must shrink even if it no longer grows
constexpr double kMaxStepSeconds = 1;   // of growth after a pause

double seconds(Duration d) noexcept { return std::chrono::duration<double>(d).count(); }

}  // namespace

BandwidthEstimator::BandwidthEstimator(const BandwidthEstimatorConfig& config) noexcept
    : config_(config), estimate_kbps_(config.initial_kbps) {
  clamp();
}

void BandwidthEstimator::on_packet(Duration sent, Instant arrival,
                                   std::size_t wire_bytes) noexcept {
  have_one_way_ = true;
  one_way_.add(arrival.time_since_epoch() - sent, arrival);
  measure_rate(arrival, wire_bytes);
  adapt(arrival);
}

void BandwidthEstimator::on_rtt(Duration rtt, Instant now) noexcept {
  round_trip_.add(rtt, now);
  adapt(now);
}

void BandwidthEstimator::on_loss(double loss_percent, Instant now) noexcept {
  const double sample = std::isnan(loss_percent) ? 0 : std::clamp(loss_percent, 0.0, 100.0);
  const double passed = last_loss_ ? std::max(0.0, seconds(now - *last_loss_)) : 1e9;
  const double weight = 1.0 - std::exp(-passed / kLossTimeSeconds);
  loss_pct_ += weight * (sample - loss_pct_);
  last_loss_ = now;
  adapt(now);
}

void BandwidthEstimator::on_report(const QualityReport& report, Instant now) noexcept {
  cap_kbps_ = report.bitrate_cap_kbps;
  on_rtt(report.rtt(), now);
  on_loss(static_cast<double>(report.loss_percent()), now);
}

void BandwidthEstimator::measure_rate(Instant arrival, std::size_t bytes) noexcept {
  if (!rate_start_) {
    rate_start_ = arrival;
    return;  // the first packet only starts the window
  }
  rate_bytes_ += bytes;
  const Duration window = arrival - *rate_start_;
  if (window < kRateWindow) return;
  delivered_kbps_ = static_cast<double>(rate_bytes_) * 8 / 1000 / seconds(window);
  rate_start_ = arrival;
  rate_bytes_ = 0;
}

CongestionState BandwidthEstimator::state() const noexcept {
  // With packet times at hand, round trips (which see the other direction's queue too) count less.
  if (have_one_way_) return one_way_.state();
  return round_trip_.state();
}

double BandwidthEstimator::queue_ms() const noexcept {
  return have_one_way_ ? one_way_.queue_ms() : round_trip_.queue_ms();
}

void BandwidthEstimator::adapt(Instant now) noexcept {
  const double passed = last_adapt_ ? seconds(now - *last_adapt_) : 0;
  last_adapt_ = last_adapt_ ? std::max(*last_adapt_, now) : now;
  const bool lossy_queue = loss_pct_ > kLossLimit && queue_ms() > kQueueMs;
  const bool standing_queue = queue_ms() > kDrainMs && state() != CongestionState::kUnderuse;
  if (state() == CongestionState::kOveruse || lossy_queue || standing_queue) {
    back_off(now);
  } else if (state() == CongestionState::kNormal && queue_ms() < kQueueMs) {
    grow(std::clamp(passed, 0.0, kMaxStepSeconds));
  }
  clamp();
}

void BandwidthEstimator::back_off(Instant now) noexcept {
  if (last_back_off_ && now - *last_back_off_ < kBackOffEvery) return;
  last_back_off_ = now;
  const double reached =
      delivered_kbps_ > 0 ? std::min(delivered_kbps_, estimate_kbps_) : estimate_kbps_;
  congested_kbps_ = reached;
  estimate_kbps_ = kBackOff * reached;
}

void BandwidthEstimator::grow(double passed) noexcept {
  if (congested_kbps_ > 0 && estimate_kbps_ > kNearHigh * congested_kbps_) congested_kbps_ = 0;
  const bool near = congested_kbps_ > 0 && estimate_kbps_ > kNearLow * congested_kbps_;
  const double grown =
      estimate_kbps_ + passed * (near ? kNearGrowth : kFastGrowth * estimate_kbps_);
  // Never beyond what deliveries justify, but never down for that reason either: sending little is
  // no sign of a narrow path.
  const double ceiling =
      delivered_kbps_ > 0 ? kAhead * delivered_kbps_ + kAheadKbps : config_.max_kbps;
  estimate_kbps_ = std::max(estimate_kbps_, std::min(grown, ceiling));
}

void BandwidthEstimator::clamp() noexcept {
  estimate_kbps_ = std::clamp(estimate_kbps_, config_.min_kbps, config_.max_kbps);
}

double BandwidthEstimator::estimate_kbps() const noexcept {
  return cap_kbps_ > 0 ? std::max(config_.min_kbps, std::min(estimate_kbps_, cap_kbps_))
                       : estimate_kbps_;
}

Tier BandwidthEstimator::tier() const noexcept {
  const double kbps = estimate_kbps();
  if (kbps >= 25) return Tier::kGood;
  return kbps >= 8 ? Tier::kDegraded : Tier::kCatastrophic;
}

}  // namespace wzp::proto
