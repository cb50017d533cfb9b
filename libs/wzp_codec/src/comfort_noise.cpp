#include "wzp/codec/comfort_noise.hpp"

#include <algorithm>
#include <cmath>

#include "saturate.hpp"

namespace wzp::codec {
namespace {

constexpr float kRampSamples = samples_in(std::chrono::milliseconds(5));

/// SplitMix64 on one word of state: a full-period generator in three multiplications.
std::uint64_t next_word(std::uint64_t& state) noexcept {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

}  // namespace

std::int32_t ComfortNoiseGenerator::next(float target) noexcept {
  if (target != target_) {
    target_ = target;
    step_ = (target - level_) / kRampSamples;
  }
  if (level_ != target_) {
    level_ += step_;
    const bool passed = step_ > 0 ? level_ >= target_ : level_ <= target_;
    if (passed || step_ == 0) level_ = target_;
  }
  const auto word = static_cast<std::int32_t>(next_word(state_) >> 32);
  return static_cast<std::int32_t>(std::lround(static_cast<float>(word) * 0x1p-31F * level_));
}

void ComfortNoiseGenerator::fill(MutablePcm out, float level) noexcept {
  const float target = std::clamp(level, 0.0F, 32767.0F);
  for (std::int16_t& sample : out) sample = saturate(next(target));
}

void ComfortNoiseGenerator::add(MutablePcm out, float level) noexcept {
  const float target = std::clamp(level, 0.0F, 32767.0F);
  for (std::int16_t& sample : out) sample = saturate(sample + next(target));
}

}  // namespace wzp::codec
