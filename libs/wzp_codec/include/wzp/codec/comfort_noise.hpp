/// \file
/// The noise that is played while the other side is silent, so that the line does not sound dead.
#pragma once

#include <cstdint>

#include "wzp/codec/export.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

/// Level byte of a comfort-noise packet when it carries none: samples in [-50, 50], -61 dBFS.
inline constexpr std::uint8_t kDefaultNoiseLevel = 50;

/// White noise, uniform in [-level, level], from a seeded generator: the same seed gives the same
/// noise. A change of level is a straight ramp of 5 ms, from and to silence too, so that neither
/// start nor end clicks. No allocation. Not thread-safe.
class WZP_CODEC_EXPORT ComfortNoiseGenerator {
 public:
  explicit ComfortNoiseGenerator(std::uint64_t seed) noexcept : state_(seed) {}

  /// Overwrites `out` with noise that moves to `level` (amplitude bound, 0-32767; fractions count).
  void fill(MutablePcm out, float level) noexcept;
  /// Adds the noise to what is in `out`, saturating.
  void add(MutablePcm out, float level) noexcept;
  /// The amplitude bound reached at the end of the last span. 0: silent.
  [[nodiscard]] float level() const noexcept { return level_; }

 private:
  std::int32_t next(float target) noexcept;

  std::uint64_t state_;
  float level_ = 0;
  float step_ = 0;
  float target_ = 0;
};

}  // namespace wzp::codec
