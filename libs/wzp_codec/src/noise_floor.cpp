#include "wzp/codec/noise_floor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace wzp::codec {
namespace {

constexpr std::size_t kWindowsPerSlot = 50;
constexpr float kUnknown = std::numeric_limits<float>::infinity();

}  // namespace

void NoiseFloor::observe(PcmView pcm) noexcept {
  for (const std::int16_t sample : pcm) {
    energy_ += static_cast<double>(sample) * sample;
    if (++filled_ == window_) close_window();
  }
}

void NoiseFloor::close_window() noexcept {
  const auto mean = static_cast<float>(energy_ / static_cast<double>(window_));
  minima_[slot_] = std::min(minima_[slot_], mean);
  filled_ = 0;
  energy_ = 0;
  if (++windows_in_slot_ < kWindowsPerSlot) return;
  windows_in_slot_ = 0;
  slot_ = (slot_ + 1) % minima_.size();
  minima_[slot_] = kUnknown;
}

float NoiseFloor::rms() const noexcept {
  const float quietest = *std::min_element(minima_.begin(), minima_.end());
  return quietest == kUnknown ? 0.0F : std::sqrt(quietest);
}

void NoiseFloor::reset() noexcept {
  minima_.fill(kUnknown);
  filled_ = windows_in_slot_ = slot_ = 0;
  energy_ = 0;
}

}  // namespace wzp::codec
