#include "wzp/codec/mixer.hpp"

#include <algorithm>
#include <cmath>

#include "wzp/proto/assert.hpp"

namespace wzp::codec {
namespace {

constexpr float kHighestGain = 4;
constexpr int kFraction = 12;

}  // namespace

void Mixer::add(PcmView stream, float gain) noexcept {
  const std::size_t n = std::min(stream.size(), sum_.size());
  const auto scale = static_cast<std::int32_t>(
      std::lround(std::clamp(gain, 0.0F, kHighestGain) * (1 << kFraction)));
  for (std::size_t i = 0; i < n; ++i) sum_[i] += stream[i] * scale / (1 << kFraction);
}

void Mixer::finish(MutablePcm out) noexcept {
  WZP_ASSERT(out.size() <= sum_.size());
  const std::size_t n = std::min(out.size(), sum_.size());
  for (std::size_t i = 0; i < n; ++i) out[i] = limiter_.process(sum_[i]);
  sum_.fill(0);
}

void Mixer::reset() noexcept {
  sum_.fill(0);
  limiter_.reset();
}

}  // namespace wzp::codec
