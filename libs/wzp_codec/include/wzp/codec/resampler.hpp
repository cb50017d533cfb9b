/// \file
/// Sample rate conversion of a stream of any length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "wzp/codec/export.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

/// How sharp the low-pass filter is. Passband edges are fractions of half the lower sample rate.
enum class ResamplerQuality {
  kFast,    ///< Flat to 80 %, aliases below -90 dB, sees 2.4 ms ahead when one side is 8 kHz.
  kMedium,  ///< Flat to 90 %, aliases below -90 dB, sees 5.7 ms ahead when one side is 8 kHz.
  kBest,    ///< Flat to 96 %, aliases below -90 dB, sees 18 ms ahead when one side is 8 kHz.
};

/// Converts mono 16-bit PCM between two rates with a windowed-sinc filter (libsamplerate) that
/// remembers across calls: cutting the input into pieces of any size changes nothing.
///
///     Resampler to_48k(44100, 48000);
///     for (PcmView rest = input; !rest.empty();) {
///       rest = rest.subspan(to_48k.push(rest));
///       while (std::size_t n = to_48k.take(block)) write(block.first(n));
///     }
///     to_48k.finish();
///     while (std::size_t n = to_48k.take(block)) write(block.first(n));
///
/// The output is aligned with the input: sample 0 of one is sample 0 of the other, and after
/// finish() exactly ceil(samples pushed * output rate / input rate) samples have come out. Until
/// then the output stays behind by what the filter must see ahead. Allocates only in the
/// constructor. Not thread-safe.
class WZP_CODEC_EXPORT Resampler {
 public:
  /// Rates 8000-192000 Hz, at most 12 apart as a factor; throws std::invalid_argument otherwise.
  Resampler(std::uint32_t input_hz, std::uint32_t output_hz,
            ResamplerQuality quality = ResamplerQuality::kMedium);
  ~Resampler();
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;

  /// Takes in as much of `input` as there is room for and returns how many samples that was. There
  /// is room for at least 1024 samples whenever take() has been called until it returned 0.
  /// Requires: not finished.
  std::size_t push(PcmView input) noexcept;
  /// Writes up to output.size() samples and returns how many; 0 when more input is needed.
  std::size_t take(MutablePcm output) noexcept;
  /// No more input will come: the rest becomes available to take().
  void finish() noexcept;
  /// Back to the state after construction, for a new stream.
  void reset() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::codec
