// Turns the planner's best plan of each moment into a sequence of plans that does not flutter.
#pragma once

#include <cstdint>
#include <optional>

#include "wzp/client/media_plan.hpp"

namespace wzp::client {

/// Codec, packet length and copies are a plan's shape; within it the codec's rate follows the path
/// freely, which nobody hears. Another shape must be clearly better, or the present one impossible.
class PlanSelector {
 public:
  explicit PlanSelector(const MediaPlan& start) noexcept : plan_(start) {}

  [[nodiscard]] const MediaPlan& plan() const noexcept { return plan_; }
  [[nodiscard]] std::uint64_t shape_changes() const noexcept { return shape_changes_; }

  /// \return whether the plan changed.
  bool update(const PathEstimate& path, const PlanLimits& limits, Instant now) noexcept;
  /// Takes the best plan at once.
  bool jump(const PathEstimate& path, const PlanLimits& limits, Instant now) noexcept;

 private:
  bool adopt(const MediaPlan& plan, Instant now) noexcept;
  bool adopt_rate(const MediaPlan& plan, Instant now) noexcept;

  MediaPlan plan_;
  std::optional<Instant> shape_changed_;
  std::optional<Instant> rate_raised_;
  std::uint64_t shape_changes_ = 0;
};

}  // namespace wzp::client
