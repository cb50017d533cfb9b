#include "wzp/codec/limiter.hpp"

#include <algorithm>
#include <cstdlib>

#include "saturate.hpp"

namespace wzp::codec {
namespace {

constexpr int kFraction = 20;
constexpr std::int32_t kOne = 1 << kFraction;
constexpr std::int32_t kReleaseShare = 2400;  // of the way to 1 per sample: 50 ms

std::int32_t wanted_gain(std::int32_t sample) noexcept {
  const std::int64_t size = std::abs(static_cast<std::int64_t>(sample));
  if (size <= Limiter::kCeiling) return kOne;
  return static_cast<std::int32_t>((static_cast<std::int64_t>(Limiter::kCeiling) << kFraction) /
                                   size);
}

}  // namespace

void Limiter::reset() noexcept {
  samples_.fill(0);
  smoothed_.fill(kOne);
  sum_ = static_cast<std::int64_t>(kOne) * kWindow;
  released_ = kOne;
  now_ = front_ = count_ = 0;
}

float Limiter::gain() const noexcept {
  return static_cast<float>(sum_) / (static_cast<float>(kOne) * kWindow);
}

// Sliding minimum: a candidate that is neither newer nor lower than another never becomes the
// minimum and is dropped.
Limiter::Gain Limiter::lowest_ahead(Gain wanted) noexcept {
  if (count_ != 0 && candidates_[front_].at + kWindow <= now_) {
    front_ = (front_ + 1) % kWindow;
    --count_;
  }
  while (count_ != 0 && candidates_[(front_ + count_ - 1) % kWindow].gain >= wanted) --count_;
  candidates_[(front_ + count_) % kWindow] = {now_, wanted};
  ++count_;
  return candidates_[front_].gain;
}

// The sample that leaves now was seen kWindow - 1 steps ago. Every gain averaged since then was at
// most what that sample wanted, so the average is, too.
std::int16_t Limiter::process(std::int32_t sample) noexcept {
  const Gain lowest = lowest_ahead(wanted_gain(sample));
  const Gain risen = released_ + (kOne - released_ + kReleaseShare - 1) / kReleaseShare;
  released_ = std::min(lowest, risen);
  const std::size_t slot = now_ % kWindow;
  sum_ += released_ - smoothed_[slot];
  smoothed_[slot] = released_;
  samples_[slot] = sample;
  const std::int64_t oldest = samples_[(now_ + 1) % kWindow];
  ++now_;
  const std::int64_t gain = sum_ / static_cast<std::int64_t>(kWindow);
  return saturate(static_cast<std::int32_t>((oldest * gain) / kOne));
}

}  // namespace wzp::codec
