// Coarse search on a 4 kHz version, fine search at full rate around its best lag.
#include "wzp/codec/alignment.hpp"

#include <algorithm>
#include <cmath>

namespace wzp::codec {
namespace {

using Pcm = std::span<const std::int16_t>;

constexpr std::ptrdiff_t kDecimation = 12;       // 48 kHz to 4 kHz
constexpr std::size_t kEnvelopeStep = 960;       // 20 ms
constexpr std::ptrdiff_t kEnvelopeLagStep = 96;  // 2 ms

/// The overlapping parts of two signals, the second delayed by `lag`.
template <class T>
struct Overlap {
  std::span<const T> a;
  std::span<const T> b;
};

template <class T>
Overlap<T> overlap(std::span<const T> a, std::span<const T> b, std::ptrdiff_t lag) {
  const auto skip_a = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, -lag));
  const auto skip_b = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, lag));
  if (skip_a >= a.size() || skip_b >= b.size()) return {};
  const std::size_t n = std::min(a.size() - skip_a, b.size() - skip_b);
  return {a.subspan(skip_a, n), b.subspan(skip_b, n)};
}

template <class T>
double normalised_correlation(std::span<const T> a, std::span<const T> b) {
  float ab = 0;
  float aa = 0;
  float bb = 0;
  double sum_ab = 0;
  double sum_aa = 0;
  double sum_bb = 0;
  // Blocks of single precision, summed in double: fast and exact enough.
  for (std::size_t i = 0; i < a.size();) {
    const std::size_t end = std::min(a.size(), i + 256);
    ab = aa = bb = 0;
    for (; i < end; ++i) {
      const auto x = static_cast<float>(a[i]);
      const auto y = static_cast<float>(b[i]);
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    sum_ab += ab;
    sum_aa += aa;
    sum_bb += bb;
  }
  const double root = std::sqrt(sum_aa * sum_bb);
  return root < 1.0 ? 0.0 : sum_ab / root;
}

std::vector<float> decimated(Pcm in) {
  std::vector<float> out(in.size() / kDecimation);
  for (std::size_t i = 0; i < out.size(); ++i) {
    float sum = 0;
    for (std::size_t k = 0; k < kDecimation; ++k) sum += in[i * kDecimation + k];
    out[i] = sum / static_cast<float>(kDecimation);
  }
  return out;
}

template <class T>
Alignment best_lag(std::span<const T> a, std::span<const T> b, std::ptrdiff_t from,
                   std::ptrdiff_t to, std::ptrdiff_t step) {
  Alignment best{from, -2.0};
  for (std::ptrdiff_t lag = from; lag <= to; lag += step) {
    const Overlap<T> common = overlap(a, b, lag);
    // A short overlap correlates by chance: it must cover half of the shorter signal.
    if (common.a.size() * 2 < std::min(a.size(), b.size())) continue;
    const double c = normalised_correlation(common.a, common.b);
    if (c > best.correlation) best = {lag, c};
  }
  if (best.correlation < -1.0) best.correlation = 0.0;
  return best;
}

std::vector<double> envelope(Pcm in) {
  std::vector<double> out(in.size() / kEnvelopeStep);
  for (std::size_t i = 0; i < out.size(); ++i) {
    double energy = 0;
    for (const std::int16_t s : in.subspan(i * kEnvelopeStep, kEnvelopeStep)) {
      energy += static_cast<double>(s) * s;
    }
    out[i] = std::log10(energy / kEnvelopeStep + 100.0);
  }
  return out;
}

double pearson(const std::vector<double>& a, const std::vector<double>& b) {
  const std::size_t n = std::min(a.size(), b.size());
  if (n < 2) return 0.0;
  double mean_a = 0;
  double mean_b = 0;
  for (std::size_t i = 0; i < n; ++i) {
    mean_a += a[i];
    mean_b += b[i];
  }
  mean_a /= static_cast<double>(n);
  mean_b /= static_cast<double>(n);
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < n; ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  const double root = std::sqrt(aa * bb);
  return root < 1e-9 ? 0.0 : ab / root;
}

double rms(Pcm in) {
  double energy = 0;
  for (const std::int16_t s : in) energy += static_cast<double>(s) * s;
  return in.empty() ? 0.0 : std::sqrt(energy / static_cast<double>(in.size()));
}

}  // namespace

Alignment align(Pcm reference, Pcm other, std::ptrdiff_t min_lag, std::ptrdiff_t max_lag) {
  const std::vector<float> a = decimated(reference);
  const std::vector<float> b = decimated(other);
  const Alignment coarse = best_lag<float>(a, b, min_lag / kDecimation, max_lag / kDecimation, 1);
  const std::ptrdiff_t centre = coarse.lag * kDecimation;
  return best_lag<std::int16_t>(reference, other, std::max(min_lag, centre - kDecimation),
                                std::min(max_lag, centre + kDecimation), 1);
}

std::vector<SegmentMatch> match_segments(Pcm reference, Pcm other, std::size_t segment,
                                         std::ptrdiff_t around, std::ptrdiff_t search) {
  std::vector<SegmentMatch> out;
  for (std::size_t start = 0; start + segment <= reference.size(); start += segment) {
    const Pcm piece = reference.subspan(start, segment);
    if (rms(piece) < 200.0) continue;
    // The part of `other` in which this piece may be.
    const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(start) + around - search;
    const std::ptrdiff_t last = first + static_cast<std::ptrdiff_t>(segment) + 2 * search;
    const auto clamped = [&](std::ptrdiff_t at) {
      return std::clamp<std::ptrdiff_t>(at, 0, static_cast<std::ptrdiff_t>(other.size()));
    };
    const Pcm window = other.subspan(static_cast<std::size_t>(clamped(first)),
                                     static_cast<std::size_t>(clamped(last) - clamped(first)));
    Alignment found;
    if (window.size() >= segment / 2) {
      found = align(piece, window, 0, 2 * search);
      found.lag += clamped(first) - static_cast<std::ptrdiff_t>(start);
    }
    out.push_back({start, found});
  }
  return out;
}

double envelope_correlation(Pcm reference, Pcm other, std::ptrdiff_t lag) {
  const Overlap<std::int16_t> common = overlap(reference, other, lag);
  return pearson(envelope(common.a), envelope(common.b));
}

Alignment align_envelopes(Pcm reference, Pcm other, std::ptrdiff_t min_lag,
                          std::ptrdiff_t max_lag) {
  Alignment best{min_lag, -2.0};
  for (std::ptrdiff_t lag = min_lag; lag <= max_lag; lag += kEnvelopeLagStep) {
    const double c = envelope_correlation(reference, other, lag);
    if (c > best.correlation) best = {lag, c};
  }
  return best;
}

}  // namespace wzp::codec
