#include "wzp/fec/adaptive_ratio.hpp"

#include <algorithm>
#include <cmath>

#include "wzp/proto/assert.hpp"

namespace wzp::fec {

double residual_loss(std::size_t frames, std::size_t repair, double loss) noexcept {
  if (!(loss > 0.0)) return 0.0;
  if (loss >= 1.0) return 1.0;
  // P(fewer than `repair` of the other n packets are lost), term by term.
  const std::size_t n = frames + repair - 1;
  double term = std::pow(1.0 - loss, static_cast<double>(n));
  double fewer = 0.0;
  for (std::size_t i = 0; i < repair; ++i) {
    fewer += term;
    term *= static_cast<double>(n - i) / static_cast<double>(i + 1) * loss / (1.0 - loss);
  }
  return loss * std::clamp(1.0 - fewer, 0.0, 1.0);
}

AdaptiveRatio::AdaptiveRatio(AdaptiveRatioOptions options) noexcept
    : options_(options), ratio_(options.min_ratio) {}

float AdaptiveRatio::update(double loss, std::uint8_t frames_per_block, Instant now) noexcept {
  WZP_ASSERT(frames_per_block > 0);
  const auto frames = static_cast<float>(frames_per_block);
  const std::size_t least = repair_symbols_for(frames_per_block, options_.min_ratio);
  const auto most = static_cast<std::size_t>(frames * std::clamp(options_.max_ratio, 0.0F, 2.0F));
  std::size_t wanted = least;
  while (wanted < most &&
         residual_loss(frames_per_block, wanted, loss) > options_.target_residual) {
    ++wanted;
  }
  const std::size_t present = repair_symbols_for(frames_per_block, ratio_);
  std::size_t result = wanted;
  if (wanted < present && needed_at_) {
    if (now - *needed_at_ < options_.hold) return ratio_;
    result = present - 1;
  }
  needed_at_ = now;
  ratio_ = static_cast<float>(result) / frames;
  return ratio_;
}

}  // namespace wzp::fec
