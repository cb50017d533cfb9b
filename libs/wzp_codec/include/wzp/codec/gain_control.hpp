/// \file
/// Brings quiet and loud speakers to the same level.
#pragma once

#include "wzp/codec/export.hpp"
#include "wzp/codec/limiter.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

struct GainControlConfig {
  float target_dbfs = -22;  ///< RMS that active speech is brought to.
  float highest_gain_db = 18;
  float lowest_gain_db = -12;
};

/// Automatic gain control for a microphone: measures the level while there is voice, moves the gain
/// towards the target by at most 4 dB per second up and 12 dB per second down, keeps it in pauses
/// so that noise is not pulled up, and ends in a Limiter, which delays by 2 ms. No allocation. Not
/// thread-safe.
class WZP_CODEC_EXPORT GainControl {
 public:
  explicit GainControl(const GainControlConfig& config = {}) noexcept;

  /// Applies the gain in place. `has_voice`: what a VoiceActivityDetector says about the frame.
  void process(MutablePcm frame, bool has_voice) noexcept;
  [[nodiscard]] float gain_db() const noexcept { return gain_db_; }
  void reset() noexcept;

 private:
  void follow(PcmView frame) noexcept;

  GainControlConfig config_;
  Limiter limiter_;
  float loudness_ = 0;  // smoothed mean square of speech
  float gain_db_ = 0;
  float applied_ = 1;  // gain at the end of the last frame
};

}  // namespace wzp::codec
