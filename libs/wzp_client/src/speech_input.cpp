#include "speech_input.hpp"

#include <algorithm>
#include <cmath>

#include "wzp/codec/comfort_noise.hpp"

namespace wzp::client {
namespace {

// Uniform noise within +-level has an RMS of level / sqrt(3).
constexpr float kPeakOfUniformNoise = 1.7320508F;

}  // namespace

SpeechInput::SpeechInput(const Options& options) {
  if (options.noise_suppression) noise_.emplace();
  if (options.gain_control) gain_.emplace();
  if (options.detect_voice || options.gain_control) voice_.emplace();
}

SpeechInput::Frame SpeechInput::process(PcmView captured) {
  if (!noise_ && !voice_) return {captured, true, false, {}, 0};
  const std::size_t size = std::min(captured.size(), samples_.size());
  std::copy_n(captured.begin(), size, samples_.begin());
  const MutablePcm samples = MutablePcm(samples_).first(size);
  std::optional<float> probability;
  if (noise_) {
    if (const auto voice = noise_->process(samples)) probability = *voice;
  }
  // The gain follows the last frame's verdict, so that what is kept for the onset has it too.
  if (gain_) gain_->process(samples, was_active_);
  if (!voice_) return {samples, true, false, {}, 0};
  const codec::VoiceActivity activity = voice_->push(samples, probability);
  was_active_ = activity.active;
  Frame frame{samples, activity.active, activity.onset, {}, noise_level()};
  if (activity.onset) frame.look_back = voice_->look_back();
  return frame;
}

std::uint8_t SpeechInput::noise_level() const {
  const float rms = voice_->background_rms();
  if (rms <= 0) return codec::kDefaultNoiseLevel;
  return static_cast<std::uint8_t>(std::lround(std::min(rms * kPeakOfUniformNoise, 255.0F)));
}

}  // namespace wzp::client
