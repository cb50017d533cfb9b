// Where a signal repeats itself: a coarse search at 4 kHz, then to the sample.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

inline constexpr std::size_t kCoarseStep = 12;  // samples at 48 kHz per sample at 4 kHz

// Means of twelve samples each: good enough a low-pass to find a pitch. Returns how many.
inline std::size_t decimate(PcmView signal, std::span<float> out) noexcept {
  const std::size_t n = std::min(signal.size() / kCoarseStep, out.size());
  for (std::size_t i = 0; i < n; ++i) {
    float sum = 0;
    for (std::size_t k = 0; k < kCoarseStep; ++k)
      sum += static_cast<float>(signal[i * kCoarseStep + k]);
    out[i] = sum;
  }
  return n;
}

// Normalised correlation of two runs of equal length.
template <class T>
double likeness(const T* a, const T* b, std::size_t n) noexcept {
  float ab = 0;
  float aa = 0;
  float bb = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = static_cast<float>(a[i]);
    const auto y = static_cast<float>(b[i]);
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  const double energy = std::sqrt(static_cast<double>(aa) * bb);
  return energy > 0 ? ab / energy : 0;
}

struct PitchMatch {
  std::size_t lag = 0;
  double likeness = 0;
};

// Lags in samples at 48 kHz.
struct LagRange {
  std::size_t shortest = 0;
  std::size_t longest = 0;
};

// Compares `window` samples with those `lag` later, for the lags of the range. `first(lag)` is
// where the earlier run begins; it and everything compared must lie within the signal. `coarse` is
// the signal decimated.
template <class First>
PitchMatch find_pitch(PcmView signal, std::span<const float> coarse, std::size_t window,
                      LagRange range, First first) noexcept {
  const auto best = [&](const auto* samples, std::size_t length, std::size_t unit, LagRange lags) {
    PitchMatch match;
    for (std::size_t lag = lags.shortest; lag <= lags.longest; ++lag) {
      const auto* a = samples + first(lag * unit) / unit;
      const double value = likeness(a, a + lag, length);
      if (value > match.likeness) match = {lag, value};
    }
    return match;
  };
  const PitchMatch rough = best(coarse.data(), window / kCoarseStep, kCoarseStep,
                                {range.shortest / kCoarseStep, range.longest / kCoarseStep});
  if (rough.lag == 0) return {};
  const std::size_t centre = rough.lag * kCoarseStep;
  return best(signal.data(), window, 1,
              {std::max(range.shortest, centre - kCoarseStep),
               std::min(range.longest, centre + kCoarseStep)});
}

}  // namespace wzp::codec
