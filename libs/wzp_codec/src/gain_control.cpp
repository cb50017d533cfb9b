#include "wzp/codec/gain_control.hpp"

#include <algorithm>
#include <cmath>

namespace wzp::codec {
namespace {

constexpr float kRisePerSecond = 4;  // dB
constexpr float kFallPerSecond = 12;
constexpr float kMemorySeconds = 0.4F;
constexpr float kGap = 0.1F;  // 10 dB below the loudness so far
constexpr float kGapMemorySeconds = 4;
constexpr float kFullScale = 32768;

}  // namespace

GainControl::GainControl(const GainControlConfig& config) noexcept : config_(config) {}

void GainControl::follow(PcmView frame) noexcept {
  double sum = 0;
  for (const std::int16_t s : frame) sum += static_cast<double>(s) * s;
  const auto energy = static_cast<float>(sum / static_cast<double>(frame.size()));
  const float seconds = static_cast<float>(frame.size()) / kSampleRate;
  // Gaps between words hardly count.
  const float memory = energy > loudness_ * kGap ? kMemorySeconds : kGapMemorySeconds;
  const float share = loudness_ == 0 ? 1.0F : 1 - std::exp(-seconds / memory);
  loudness_ += (energy - loudness_) * share;
  const float level = 10 * std::log10(std::max(loudness_, 1.0F) / (kFullScale * kFullScale));
  const float wanted =
      std::clamp(config_.target_dbfs - level, config_.lowest_gain_db, config_.highest_gain_db);
  gain_db_ += std::clamp(wanted - gain_db_, -kFallPerSecond * seconds, kRisePerSecond * seconds);
}

void GainControl::process(MutablePcm frame, bool has_voice) noexcept {
  if (frame.empty()) return;
  if (has_voice) follow(frame);
  const float target = std::pow(10.0F, gain_db_ / 20);
  const float step = (target - applied_) / static_cast<float>(frame.size());
  for (std::int16_t& sample : frame) {
    applied_ += step;
    sample = limiter_.process(
        static_cast<std::int32_t>(std::lround(static_cast<float>(sample) * applied_)));
  }
  applied_ = target;
}

void GainControl::reset() noexcept {
  limiter_.reset();
  loudness_ = gain_db_ = 0;
  applied_ = 1;
}

}  // namespace wzp::codec
