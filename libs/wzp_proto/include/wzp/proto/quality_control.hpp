/// \file
/// Choosing a quality tier from what the receiver reports: classes with hysteresis.
///
/// Both threshold sets of the reference are here. They use the round-trip time too, which says
/// little about quality on long paths; the media planner decides otherwise, and uses these on
/// request only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "wzp/proto/export.hpp"
#include "wzp/proto/quality_profile.hpp"
#include "wzp/proto/quality_report.hpp"

namespace wzp::proto {

enum class Tier : std::uint8_t { kGood = 0, kDegraded = 1, kCatastrophic = 2 };

[[nodiscard]] constexpr QualityProfile profile_of(Tier tier) noexcept {
  if (tier == Tier::kGood) return kProfileGood;
  return tier == Tier::kDegraded ? kProfileDegraded : kProfileCatastrophic;
}
[[nodiscard]] constexpr std::string_view name(Tier tier) noexcept {
  if (tier == Tier::kGood) return "Good";
  return tier == Tier::kDegraded ? "Degraded" : "Catastrophic";
}

/// Above `degraded_*` a report is Degraded, above `catastrophic_*` Catastrophic (all strict).
struct QualityThresholds {
  float degraded_loss_percent;
  std::chrono::milliseconds degraded_rtt;
  float catastrophic_loss_percent;
  std::chrono::milliseconds catastrophic_rtt;
};

/// 5 % / 100 ms and 15 % / 200 ms: the reference's client adapter.
inline constexpr QualityThresholds kClientThresholds{5.0F, std::chrono::milliseconds(100), 15.0F,
                                                     std::chrono::milliseconds(200)};
/// 10 % / 400 ms and 40 % / 600 ms: the reference's adaptive controller.
inline constexpr QualityThresholds kControllerThresholds{10.0F, std::chrono::milliseconds(400),
                                                         40.0F, std::chrono::milliseconds(600)};

[[nodiscard]] WZP_PROTO_EXPORT Tier classify(const QualityReport& report,
                                             const QualityThresholds& thresholds) noexcept;

struct QualityControlConfig {
  QualityThresholds thresholds = kControllerThresholds;
  int reports_to_downgrade = 3;  ///< Consecutive reports worse than the present tier.
  int reports_to_upgrade = 10;   ///< Consecutive better ones.
  /// true: the reports of a run must agree with each other; false: only with the direction, and
  /// the newest decides.
  bool must_agree = false;
  bool step_down = false;  ///< At most one tier at a time when it gets worse.
  bool step_up = true;     ///< At most one tier at a time when it gets better.
};

/// The two behaviours recorded from the reference.
[[nodiscard]] constexpr QualityControlConfig controller_config() noexcept { return {}; }
[[nodiscard]] constexpr QualityControlConfig client_adapter_config() noexcept {
  return {kClientThresholds, 3, 3, true, false, false};
}
/// Ours: reports of a run agree at least on the tier taken, one step at a time both ways.
[[nodiscard]] constexpr QualityControlConfig careful_config() noexcept {
  return {kControllerThresholds, 3, 10, false, true, true};
}

/// Turns a sequence of reports into tiers. A small value.
class WZP_PROTO_EXPORT AdaptiveQualityController {
 public:
  explicit AdaptiveQualityController(const QualityControlConfig& config = {},
                                     Tier start = Tier::kGood) noexcept
      : config_(config), tier_(start) {}

  /// Takes the next report. \return the profile to switch to, if it is time to; never while forced.
  std::optional<QualityProfile> observe(const QualityReport& report) noexcept;

  /// Stays at a profile, whatever is reported, until release().
  void force(const QualityProfile& profile) noexcept;
  /// Adapts again, from the tier it was in (or that of the forced profile, if that is one).
  /// \return the profile to switch to now.
  QualityProfile release() noexcept;

  [[nodiscard]] bool forced() const noexcept { return forced_.has_value(); }
  [[nodiscard]] Tier tier() const noexcept { return tier_; }
  /// The profile in force: the forced one or the tier's.
  [[nodiscard]] QualityProfile profile() const noexcept {
    return forced_ ? *forced_ : profile_of(tier_);
  }

 private:
  void clear_run() noexcept { run_ = 0; }
  [[nodiscard]] Tier limited(Tier wanted) const noexcept;

  QualityControlConfig config_;
  Tier tier_;
  std::optional<QualityProfile> forced_;
  Tier pending_ = Tier::kGood;  // tier of the run's newest report
  int run_ = 0;                 // above 0: reports for worse; below: for better
};

}  // namespace wzp::proto
