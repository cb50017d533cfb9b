#include "wzp/codec/voice_activity_detector.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "saturate.hpp"

namespace wzp::codec {
namespace {

constexpr float kInaudible = 12;         // RMS, -69 dBFS: never voice
constexpr float kRumbleShare = 0.0322F;  // of a one-pole low-pass at 250 Hz
// Probabilities. speexdsp gives steady noise 0.2-0.6, words 0.95 and more.
constexpr float kSurelyVoice = 0.9F;
constexpr float kHardlyVoice = 0.3F;

float ratio(float db) noexcept { return std::pow(10.0F, db / 20); }

}  // namespace

VoiceActivityDetector::VoiceActivityDetector(const VoiceActivityConfig& config) noexcept
    : config_(config) {
  config_.look_back =
      std::clamp(config_.look_back, std::chrono::milliseconds(0), std::chrono::milliseconds(120));
}

float VoiceActivityDetector::level_above_rumble(PcmView frame) noexcept {
  std::array<std::int16_t, kMaxPacketSamples> above;
  double energy = 0;
  const std::size_t n = std::min(frame.size(), above.size());
  for (std::size_t i = 0; i < n; ++i) {
    float sample = frame[i];
    for (float& rumble : rumble_) {
      rumble += (sample - rumble) * kRumbleShare;
      sample -= rumble;
    }
    above[i] = saturate(sample);
    energy += static_cast<double>(above[i]) * above[i];
  }
  floor_.observe(PcmView(above).first(n));
  return n == 0 ? 0.0F : static_cast<float>(std::sqrt(energy / static_cast<double>(n)));
}

// A denoiser that is sure overrules a doubtful level, in both directions, but not silence.
bool VoiceActivityDetector::has_voice(float level,
                                      std::optional<float> probability) const noexcept {
  if (level < kInaudible) return false;
  const float above = level / std::max(floor_.rms(), 1.0F);
  const bool loud = above > ratio(active_ ? config_.offset_db : config_.onset_db);
  if (!probability) return loud;
  if (*probability > kSurelyVoice) return above > ratio(config_.offset_db / 2);
  return loud && *probability > kHardlyVoice;
}

VoiceActivity VoiceActivityDetector::push(PcmView frame,
                                          std::optional<float> voice_probability) noexcept {
  const float level = level_above_rumble(frame);
  const bool voice = has_voice(level, voice_probability);
  const bool was_active = active_;
  if (voice) {
    hangover_left_ = samples_in(config_.hangover);
  } else {
    hangover_left_ -= std::min(hangover_left_, frame.size());
  }
  active_ = voice || hangover_left_ > 0;
  if (was_active) kept_size_ = 0;
  if (!active_) keep_for_look_back(frame);
  return {active_, active_ && !was_active};
}

// Whole frames only: those that do not fit any more leave at the front.
void VoiceActivityDetector::keep_for_look_back(PcmView frame) noexcept {
  const std::size_t room = samples_in(config_.look_back);
  if (frame.size() > room) {
    kept_size_ = 0;
    return;
  }
  if (const std::size_t total = kept_size_ + frame.size(); total > room && !frame.empty()) {
    const std::size_t frames = (total - room + frame.size() - 1) / frame.size();
    const std::size_t gone = std::min(kept_size_, frames * frame.size());
    kept_size_ -= gone;
    std::memmove(kept_.data(), kept_.data() + gone, kept_size_ * sizeof(kept_[0]));
  }
  std::copy(frame.begin(), frame.end(), kept_.begin() + static_cast<std::ptrdiff_t>(kept_size_));
  kept_size_ += frame.size();
}

PcmView VoiceActivityDetector::look_back() const noexcept {
  return PcmView(kept_).first(kept_size_);
}

void VoiceActivityDetector::reset() noexcept {
  floor_.reset();
  rumble_.fill(0);
  hangover_left_ = kept_size_ = 0;
  active_ = false;
}

}  // namespace wzp::codec
