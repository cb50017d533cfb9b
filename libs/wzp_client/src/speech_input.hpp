// What happens to captured sound before it is encoded: noise suppression, gain, voice activity.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "wzp/client/audio.hpp"
#include "wzp/codec/gain_control.hpp"
#include "wzp/codec/noise_suppressor.hpp"
#include "wzp/codec/voice_activity_detector.hpp"

namespace wzp::client {

/// Works on ticks of 20 ms. Parts that are off cost nothing and change nothing.
class SpeechInput {
 public:
  struct Options {
    bool noise_suppression = false;
    bool gain_control = false;
    bool detect_voice = false;
  };

  /// Valid until the next one.
  struct Frame {
    PcmView samples;
    bool active = true;            ///< Worth sending; always, without a detector.
    bool onset = false;            ///< The first active one: `look_back` comes before it.
    PcmView look_back;             ///< Whole ticks, processed as `samples`.
    std::uint8_t noise_level = 0;  ///< Amplitude of comfort noise as loud as the background.
  };

  explicit SpeechInput(const Options& options);

  /// Takes kSamplesPerTick samples.
  Frame process(PcmView captured);

 private:
  [[nodiscard]] std::uint8_t noise_level() const;

  std::optional<codec::NoiseSuppressor> noise_;
  std::optional<codec::GainControl> gain_;
  std::optional<codec::VoiceActivityDetector> voice_;
  bool was_active_ = false;
  std::array<std::int16_t, kSamplesPerTick> samples_{};
};

}  // namespace wzp::client
