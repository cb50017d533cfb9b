/// \file
/// How much of one recording is found in another, and how much later: for tests, demos and quality
/// measurements, not for the real-time path.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "wzp/codec/export.hpp"

namespace wzp::codec {

/// Where `reference` is found in `other`.
struct Alignment {
  std::ptrdiff_t lag = 0;  ///< Samples by which `other` is later than `reference`; may be negative.
  double correlation = 0.0;  ///< Normalised cross-correlation at that lag, -1 to 1.
};

/// The lag in [min_lag, max_lag] with the highest normalised correlation over the common part.
/// 48 kHz mono. Cost: about 5 ms per second of sound and second of lag range.
[[nodiscard]] WZP_CODEC_EXPORT Alignment align(std::span<const std::int16_t> reference,
                                               std::span<const std::int16_t> other,
                                               std::ptrdiff_t min_lag, std::ptrdiff_t max_lag);

/// One piece of the reference and where it was found.
struct SegmentMatch {
  std::size_t start = 0;  ///< First sample of the piece in the reference.
  Alignment found;
};

/// Cuts the reference into pieces of `segment` samples, drops the silent ones (RMS < 200), and
/// aligns each for itself near `around`, within +-search samples: survives delay changes between
/// pieces.
[[nodiscard]] WZP_CODEC_EXPORT std::vector<SegmentMatch> match_segments(
    std::span<const std::int16_t> reference, std::span<const std::int16_t> other,
    std::size_t segment, std::ptrdiff_t around, std::ptrdiff_t search);

/// Correlation (Pearson) of the two loudness contours, in 20 ms steps of log energy, at a given
/// lag. For parametric codecs such as Codec2, which keep the sound but not the waveform.
[[nodiscard]] WZP_CODEC_EXPORT double envelope_correlation(std::span<const std::int16_t> reference,
                                                           std::span<const std::int16_t> other,
                                                           std::ptrdiff_t lag);

/// The lag, in [min_lag, max_lag] and steps of 2 ms, at which the loudness contours agree best.
[[nodiscard]] WZP_CODEC_EXPORT Alignment align_envelopes(std::span<const std::int16_t> reference,
                                                         std::span<const std::int16_t> other,
                                                         std::ptrdiff_t min_lag,
                                                         std::ptrdiff_t max_lag);

}  // namespace wzp::codec
