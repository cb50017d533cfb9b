/// \file
/// How loud it is between the words.
#pragma once

#include <array>
#include <cstddef>

#include "wzp/codec/export.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

/// Follows the background level of speech by its minima: the quietest 20 ms of each second, over
/// the last four seconds. Any sample rate. No allocation. Not thread-safe.
class WZP_CODEC_EXPORT NoiseFloor {
 public:
  /// `window`: samples of 20 ms at the stream's rate, 960 at 48 kHz.
  explicit NoiseFloor(std::size_t window = 960) noexcept : window_(window) { reset(); }

  void observe(PcmView pcm) noexcept;
  /// RMS of the background, in sample units; 0 until the first full window.
  [[nodiscard]] float rms() const noexcept;
  void reset() noexcept;

 private:
  void close_window() noexcept;

  std::size_t window_;
  std::size_t filled_ = 0;
  double energy_ = 0;
  std::size_t windows_in_slot_ = 0;
  std::size_t slot_ = 0;
  std::array<float, 4> minima_{};  // mean squares, one per second
};

}  // namespace wzp::codec
