/// \file
/// Keeps loud samples below a ceiling without cutting them off.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "wzp/codec/export.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

/// A look-ahead limiter. Samples go in with headroom (32 bits) and come out 2 ms later with 16
/// bits, none beyond the ceiling. The gain falls smoothly during the 2 ms before a peak and rises
/// again by two thirds of the way in 50 ms. While all samples are below the ceiling they pass
/// unchanged, bit for bit. No allocation. Not thread-safe.
class WZP_CODEC_EXPORT Limiter {
 public:
  static constexpr std::size_t kDelay = samples_in(std::chrono::milliseconds(2));
  static constexpr std::int32_t kCeiling = 30935;  ///< -0.5 dBFS

  Limiter() noexcept { reset(); }

  /// Takes one sample in and gives the one from kDelay samples ago.
  std::int16_t process(std::int32_t sample) noexcept;
  /// The gain applied to the last sample, 0-1.
  [[nodiscard]] float gain() const noexcept;
  void reset() noexcept;

 private:
  using Gain = std::int32_t;  // fixed point, so that a mean of ones is exactly one
  static constexpr std::size_t kWindow = kDelay + 1;

  Gain lowest_ahead(Gain wanted) noexcept;

  std::array<std::int32_t, kWindow> samples_{};
  std::array<Gain, kWindow> smoothed_{};  // the gains averaged over
  std::int64_t sum_ = 0;                  // of smoothed_
  Gain released_ = 0;
  std::uint64_t now_ = 0;
  // Candidates for the minimum of the last kWindow wanted gains, rising from front to back.
  struct Candidate {
    std::uint64_t at = 0;
    Gain gain = 0;
  };
  std::array<Candidate, kWindow> candidates_{};
  std::size_t front_ = 0;
  std::size_t count_ = 0;
};

}  // namespace wzp::codec
