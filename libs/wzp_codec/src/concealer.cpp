#include "wzp/codec/concealer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "pitch_search.hpp"
#include "saturate.hpp"

namespace wzp::codec {
namespace {

constexpr std::size_t kWindow = samples_in(std::chrono::milliseconds(10));
constexpr std::size_t kJoin = samples_in(std::chrono::milliseconds(5));
constexpr std::size_t kHold = samples_in(std::chrono::milliseconds(10));
constexpr std::size_t kNoiseGrid = samples_in(std::chrono::milliseconds(2));
constexpr float kFadeUnit = samples_in(std::chrono::milliseconds(10));
// Chosen by ESTOI over four voices at 10 and 20 % loss; half or double the fade costs 0.002.
constexpr double kVoiced = 0.3;       // likeness of neighbouring periods
constexpr float kVoicedFade = 0.75F;  // per 10 ms
constexpr float kUnvoicedFade = 0.65F;
constexpr float kStepDecay = 0.93F;  // per sample: gone after 1 ms
constexpr float kInaudible = 0.01F;
constexpr float kBoundPerRms = 1.7320508F;  // of a uniform distribution

}  // namespace

void Concealer::begin_loss() noexcept {
  std::array<float, kHistory / kCoarseStep> coarse;
  decimate(history_, coarse);
  const PitchMatch pitch = find_pitch(history_, coarse, kWindow, {kShortestLag, kLongestLag},
                                      [](std::size_t lag) { return kHistory - kWindow - lag; });
  const bool voiced = pitch.likeness > kVoiced;
  take_cycle(voiced ? pitch.lag : kLongestLag);
  gain_ = 1;
  gain_per_sample_ = std::pow(voiced ? kVoicedFade : kUnvoicedFade, 1.0F / kFadeUnit);
  // Where the line through the last two samples leads, the repeated period hardly ever begins.
  const int expected = 2 * history_[kHistory - 1] - history_[kHistory - 2];
  step_ = static_cast<float>(expected) - cycle_[0];
}

// The last `lag` samples, the end bent towards what came a period earlier, because that leads into
// the beginning.
void Concealer::take_cycle(std::size_t lag) noexcept {
  const std::size_t bend = lag / 4;
  const std::size_t start = kHistory - lag;
  for (std::size_t i = 0; i < lag; ++i) cycle_[i] = history_[start + i];
  for (std::size_t i = 0; i < bend; ++i) {
    const std::size_t at = lag - bend + i;
    const auto earlier = static_cast<float>(history_[start + at - lag]);
    const float t = (static_cast<float>(i) + 0.5F) / static_cast<float>(bend);
    cycle_[at] += (earlier - cycle_[at]) * t;
  }
  cycle_size_ = lag;
  cycle_at_ = 0;
}

float Concealer::next_sample() noexcept {
  if (gain_ < kInaudible) gain_ = 0;
  const float sample = (cycle_[cycle_at_] + step_) * gain_;
  cycle_at_ = cycle_at_ + 1 < cycle_size_ ? cycle_at_ + 1 : 0;
  step_ *= kStepDecay;
  if (++concealed_ > kHold) gain_ *= gain_per_sample_;
  return sample;
}

void Concealer::conceal(MutablePcm out) noexcept {
  if (concealed_ == 0) begin_loss();
  while (!out.empty()) {
    // The noise follows the fade in steps of a fixed grid.
    const std::size_t n = std::min(out.size(), kNoiseGrid - concealed_ % kNoiseGrid);
    if (concealed_ % kNoiseGrid == 0) {
      noise_level_ = background_.rms() * kBoundPerRms * (1 - gain_);
    }
    for (std::int16_t& sample : out.first(n)) sample = saturate(next_sample());
    noise_.add(out.first(n), noise_level_);
    out = out.subspan(n);
  }
}

void Concealer::play(MutablePcm frame) noexcept {
  if (concealed_ != 0) {
    const std::size_t n = std::min(kJoin, frame.size());
    for (std::size_t i = 0; i < n; ++i) {
      const float t = (static_cast<float>(i) + 0.5F) / static_cast<float>(n);
      frame[i] = saturate(static_cast<float>(frame[i]) * t + next_sample() * (1 - t));
    }
    noise_.add(frame, 0);
    concealed_ = 0;
  }
  remember(frame);
  background_.observe(frame);
}

void Concealer::remember(PcmView played) noexcept {
  const std::size_t n = std::min(played.size(), history_.size());
  std::memmove(history_.data(), history_.data() + n, (history_.size() - n) * sizeof(history_[0]));
  std::copy_n(played.last(n).begin(), n, history_.end() - static_cast<std::ptrdiff_t>(n));
}

void Concealer::reset() noexcept {
  history_.fill(0);
  background_.reset();
  concealed_ = 0;
  gain_ = 0;
}

}  // namespace wzp::codec
