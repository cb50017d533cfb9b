/// \file
/// Several streams into one, without clipping.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "wzp/codec/export.hpp"
#include "wzp/codec/limiter.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

/// Adds any number of streams into one frame and runs the sum through a Limiter: a loud moment is
/// turned down as a whole instead of being cut off. A sum that stays below the ceiling comes out
/// unchanged, 2 ms later.
///
///     Mixer mixer;
///     mixer.add(alice);             // PCM frames of equal length, at most 20 ms
///     mixer.add(bob, 0.5F);
///     mixer.finish(frame_out);      // limited sum; the mixer is empty again
///
/// Accumulates in 32 bits, enough for 16,000 full-scale streams at the highest gain. No allocation.
/// Not thread-safe.
class WZP_CODEC_EXPORT Mixer {
 public:
  static constexpr std::size_t kLongestFrame = samples_in(std::chrono::milliseconds(20));

  /// Adds a stream to the frame under way. `gain` counts as 0-4; at most kLongestFrame samples
  /// count. A shorter stream counts as followed by silence.
  void add(PcmView stream, float gain = 1.0F) noexcept;
  /// Writes the sum and starts an empty frame. Requires: out.size() <= kLongestFrame.
  void finish(MutablePcm out) noexcept;
  /// The limiter's gain at the end of the last frame, 1 when it does nothing.
  [[nodiscard]] float limiter_gain() const noexcept { return limiter_.gain(); }
  void reset() noexcept;

 private:
  std::array<std::int32_t, kLongestFrame> sum_{};
  Limiter limiter_;
};

}  // namespace wzp::codec
