/// \file
/// Which frames are worth sending.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

#include "wzp/codec/export.hpp"
#include "wzp/codec/noise_floor.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

struct VoiceActivityConfig {
  /// How long frames stay worth sending after the last one with voice.
  std::chrono::milliseconds hangover{240};
  /// How much of what came just before the voice is kept for sending; at most 120 ms.
  std::chrono::milliseconds look_back{40};
  /// Voice begins this far above the background...
  float onset_db = 9;
  /// ... and goes on until it is no more than this above it.
  float offset_db = 5;
};

struct VoiceActivity {
  bool active = false;  ///< This frame is worth sending.
  bool onset = false;   ///< It is the first one: look_back() should be sent before it.
};

/// Decides by the frame's level above the measured background (what rumbles below 250 Hz hardly
/// counts), and by the denoiser's voice probability where there is one. Words keep their beginnings
/// because the frames just before the voice are handed out again at its onset, and their ends
/// because of the hangover. Adds no delay: the look-back is sent late, in one go with the first
/// frame.
///
///     const VoiceActivity activity = detector.push(frame, voice_probability);
///     if (activity.onset) send(detector.look_back());
///     if (activity.active) send(frame);
///
/// No allocation. Not thread-safe.
class WZP_CODEC_EXPORT VoiceActivityDetector {
 public:
  explicit VoiceActivityDetector(const VoiceActivityConfig& config = {}) noexcept;

  /// Judges the next frame, of any length up to kMaxPacketSamples. `voice_probability` is 0-1.
  VoiceActivity push(PcmView frame, std::optional<float> voice_probability = {}) noexcept;

  /// Only right after a push() that reported an onset: the samples before that frame that were not
  /// active, whole frames, oldest first, at most config.look_back of them. Valid until the next
  /// push().
  [[nodiscard]] PcmView look_back() const noexcept;

  /// Background level as an RMS in sample units, of what lies above 250 Hz: the level for comfort
  /// noise. 0 while unknown.
  [[nodiscard]] float background_rms() const noexcept { return floor_.rms(); }
  void reset() noexcept;

 private:
  [[nodiscard]] bool has_voice(float level, std::optional<float> probability) const noexcept;
  float level_above_rumble(PcmView frame) noexcept;
  void keep_for_look_back(PcmView frame) noexcept;

  VoiceActivityConfig config_;
  NoiseFloor floor_;
  std::array<float, 2> rumble_{};  // two low-passes, one after the other
  std::size_t hangover_left_ = 0;  // samples
  bool active_ = false;
  std::array<std::int16_t, kMaxPacketSamples> kept_{};
  std::size_t kept_size_ = 0;
};

}  // namespace wzp::codec
