#include "wzp/proto/quality_control.hpp"

#include <cstdlib>

namespace wzp::proto {

Tier classify(const QualityReport& report, const QualityThresholds& limits) noexcept {
  const float loss = report.loss_percent();
  const auto rtt = report.rtt();
  if (loss > limits.catastrophic_loss_percent || rtt > limits.catastrophic_rtt) {
    return Tier::kCatastrophic;
  }
  if (loss > limits.degraded_loss_percent || rtt > limits.degraded_rtt) return Tier::kDegraded;
  return Tier::kGood;
}

Tier AdaptiveQualityController::limited(Tier wanted) const noexcept {
  const int from = static_cast<int>(tier_);
  const int to = static_cast<int>(wanted);
  if (to > from && config_.step_down) return static_cast<Tier>(from + 1);
  if (to < from && config_.step_up) return static_cast<Tier>(from - 1);
  return wanted;
}

std::optional<QualityProfile> AdaptiveQualityController::observe(
    const QualityReport& report) noexcept {
  if (forced_) return std::nullopt;
  const Tier seen = classify(report, config_.thresholds);
  if (seen == tier_) {
    clear_run();
    return std::nullopt;
  }
  const int direction = seen > tier_ ? 1 : -1;
  const bool continues = run_ * direction > 0 && (!config_.must_agree || seen == pending_);
  run_ = continues ? run_ + direction : direction;
  pending_ = seen;
  const int needed = direction > 0 ? config_.reports_to_downgrade : config_.reports_to_upgrade;
  if (std::abs(run_) < needed) return std::nullopt;
  clear_run();
  tier_ = limited(seen);
  return profile_of(tier_);
}

void AdaptiveQualityController::force(const QualityProfile& profile) noexcept {
  forced_ = profile;
  clear_run();
  for (const Tier tier : {Tier::kGood, Tier::kDegraded, Tier::kCatastrophic}) {
    if (profile_of(tier) == profile) tier_ = tier;
  }
}

QualityProfile AdaptiveQualityController::release() noexcept {
  forced_.reset();
  clear_run();
  return profile_of(tier_);
}

}  // namespace wzp::proto
