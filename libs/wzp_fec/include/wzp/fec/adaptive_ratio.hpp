/// \file
/// How much redundancy a measured loss rate calls for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "wzp/fec/export.hpp"
#include "wzp/fec/frame_layout.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::fec {

/// Share of frames missing after repair, for blocks of `frames` and `repair` symbols, each packet
/// being lost independently with probability `loss` (0..1), if any `frames` symbols recover a block
/// (RaptorQ is within 0.5 % of that): loss * P(at least `repair` of the block's other packets are
/// lost).
[[nodiscard]] WZP_FEC_EXPORT double residual_loss(std::size_t frames, std::size_t repair,
                                                  double loss) noexcept;

struct AdaptiveRatioOptions {
  double target_residual = 0.01;  ///< Share of frames that may stay missing.
  float min_ratio = 0.0F;
  float max_ratio = 1.0F;
  /// The ratio falls only after no higher one has been needed for so long, one repair symbol at a
  /// time.
  Duration hold = std::chrono::seconds(5);
};

/// Follows the loss rate: up at once, down slowly. Ratios are multiples of 1 / frames, i.e. whole
/// repair symbols. Feed it about once a second; layouts take the result in
/// FrameBlockLayout::repair_ratio.
class WZP_FEC_EXPORT AdaptiveRatio {
 public:
  explicit AdaptiveRatio(AdaptiveRatioOptions options = {}) noexcept;

  /// `loss` is the share of packets lost on the way to the receiver, 0..1 (NaN counts as 0).
  /// Requires: frames_per_block > 0.
  float update(double loss, std::uint8_t frames_per_block, Instant now) noexcept;

  [[nodiscard]] float ratio() const noexcept { return ratio_; }

 private:
  AdaptiveRatioOptions options_;
  float ratio_;
  std::optional<Instant> needed_at_;  // when the present ratio was last needed
};

}  // namespace wzp::fec
