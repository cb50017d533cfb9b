#include "wzp/codec/estoi.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "fourier.hpp"

namespace wzp::codec {
namespace {

// The constants of the published measure.
constexpr std::uint32_t kRate = 10000;
constexpr std::size_t kFrame = 256;
constexpr std::size_t kHop = kFrame / 2;
constexpr std::size_t kTransform = 512;
constexpr std::size_t kBands = 15;
constexpr double kLowestBand = 150;
constexpr std::size_t kSegment = 30;  // frames, 384 ms
constexpr double kDynamicRange = 40;  // dB

using Signal = std::vector<float>;
using BandFrame = std::array<double, kBands>;
using Segment = std::array<BandFrame, kSegment>;

// The published implementations resample with this Kaiser-windowed sinc (60 dB, roll-off a tenth of
// the cutoff); the value depends on it in the second decimal when speech is noisy.
std::vector<double> kaiser_sinc(std::uint32_t up, std::uint32_t down) {
  constexpr double kRejection = 60;
  const double cutoff = 0.5 / std::max(up, down);
  const double beta = 0.1102 * (kRejection - 8.7);
  const auto half = static_cast<int>(std::ceil((kRejection - 8) / (28.714 * cutoff / 10)));
  std::vector<double> taps;
  double sum = 0;
  for (int t = -half; t <= half; ++t) {
    const double x = 2 * std::numbers::pi * cutoff * t;
    const double edge = static_cast<double>(t) / half;
    const double kaiser = std::cyl_bessel_i(0.0, beta * std::sqrt(1 - edge * edge));
    taps.push_back((t == 0 ? 1.0 : std::sin(x) / x) * kaiser);
    sum += taps.back();
  }
  for (double& tap : taps) tap *= up / sum;
  return taps;
}

Signal to_analysis_rate(PcmView pcm, std::uint32_t rate) {
  const std::uint32_t common = std::gcd(rate, kRate);
  const std::int64_t up = kRate / common;
  const std::int64_t down = rate / common;
  if (up == down) return Signal(pcm.begin(), pcm.end());
  const auto h = kaiser_sinc(static_cast<std::uint32_t>(up), static_cast<std::uint32_t>(down));
  const auto half = static_cast<std::int64_t>(h.size() / 2);
  const auto n = static_cast<std::int64_t>(pcm.size());
  Signal out(static_cast<std::size_t>((n * up + down - 1) / down));
  for (std::int64_t m = 0; m < std::ssize(out); ++m) {
    const std::int64_t centre = m * down;  // at the common multiple of both rates
    const std::int64_t first = std::max<std::int64_t>(0, (centre - half + up - 1) / up);
    const std::int64_t last = std::min(n - 1, (centre + half) / up);
    double sum = 0;
    for (std::int64_t i = first; i <= last; ++i) {
      sum += pcm[static_cast<std::size_t>(i)] * h[static_cast<std::size_t>(centre - i * up + half)];
    }
    out[static_cast<std::size_t>(m)] = static_cast<float>(sum);
  }
  return out;
}

// Hann without its zero end points.
std::array<float, kFrame> window() {
  std::array<float, kFrame> w{};
  for (std::size_t i = 0; i < kFrame; ++i) {
    w[i] = static_cast<float>(
        0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i + 1) / (kFrame + 1)));
  }
  return w;
}

std::array<float, kFrame> windowed(const Signal& signal, std::size_t at) {
  static const auto w = window();
  std::array<float, kFrame> frame{};
  for (std::size_t i = 0; i < kFrame; ++i) frame[i] = w[i] * signal[at + i];
  return frame;
}

double energy_db(const std::array<float, kFrame>& frame) {
  double sum = 0;
  for (const float x : frame) sum += static_cast<double>(x) * x;
  return 10 * std::log10(sum + 1e-20);
}

std::vector<std::size_t> frame_starts(std::size_t samples) {
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at + kFrame < samples; at += kHop) starts.push_back(at);
  return starts;
}

// Which frames of the clean signal are speech.
std::vector<std::size_t> audible_frames(const Signal& clean) {
  std::vector<std::size_t> starts = frame_starts(clean.size());
  double loudest = -1e9;
  for (const std::size_t at : starts) loudest = std::max(loudest, energy_db(windowed(clean, at)));
  std::erase_if(starts, [&](std::size_t at) {
    return energy_db(windowed(clean, at)) <= loudest - kDynamicRange;
  });
  return starts;
}

// The given frames laid end to end, overlapping by half as before.
Signal joined(const Signal& signal, const std::vector<std::size_t>& starts) {
  if (starts.empty()) return {};
  Signal out((starts.size() - 1) * kHop + kFrame);
  for (std::size_t f = 0; f < starts.size(); ++f) {
    const auto frame = windowed(signal, starts[f]);
    for (std::size_t i = 0; i < kFrame; ++i) out[f * kHop + i] += frame[i];
  }
  return out;
}

std::size_t nearest_bin(double hz) {
  return static_cast<std::size_t>(std::lround(hz * kTransform / kRate));
}

// Amplitude of each third-octave band in each frame.
std::vector<BandFrame> band_frames(const Signal& signal) {
  Fourier fourier(kTransform);
  std::vector<std::complex<float>> spectrum(fourier.bins());
  std::vector<BandFrame> out;
  for (const std::size_t at : frame_starts(signal.size())) {
    fourier.forward(windowed(signal, at), spectrum);
    BandFrame bands{};
    for (std::size_t b = 0; b < kBands; ++b) {
      const auto edge = 2.0 * static_cast<double>(b);
      const std::size_t from = nearest_bin(kLowestBand * std::exp2((edge - 1) / 6));
      const std::size_t to = nearest_bin(kLowestBand * std::exp2((edge + 1) / 6));
      double sum = 0;
      for (std::size_t k = from; k < to; ++k) sum += std::norm(spectrum[k]);
      bands[b] = std::sqrt(sum);
    }
    out.push_back(bands);
  }
  return out;
}

// Shifts and scales `count` values, `stride` apart, to zero mean and unit length.
void normalise(double* first, std::size_t count, std::size_t stride) {
  double mean = 0;
  for (std::size_t i = 0; i < count; ++i) mean += first[i * stride];
  mean /= static_cast<double>(count);
  double length = 0;
  for (std::size_t i = 0; i < count; ++i) {
    first[i * stride] -= mean;
    length += first[i * stride] * first[i * stride];
  }
  const double scale = length > 1e-30 ? 1 / std::sqrt(length) : 0;
  for (std::size_t i = 0; i < count; ++i) first[i * stride] *= scale;
}

// Each band over time first, then each frame over the bands.
Segment normalised(const BandFrame* first) {
  Segment segment;
  std::copy_n(first, kSegment, segment.begin());
  for (std::size_t b = 0; b < kBands; ++b) normalise(&segment[0][b], kSegment, kBands);
  for (BandFrame& frame : segment) normalise(frame.data(), kBands, 1);
  return segment;
}

double likeness(const BandFrame* clean, const BandFrame* processed) {
  const Segment a = normalised(clean);
  const Segment b = normalised(processed);
  double sum = 0;
  for (std::size_t f = 0; f < kSegment; ++f) {
    for (std::size_t k = 0; k < kBands; ++k) sum += a[f][k] * b[f][k];
  }
  return sum / kSegment;
}

}  // namespace

std::optional<double> estoi(PcmView clean, PcmView processed, std::uint32_t sample_rate) {
  const std::size_t n = std::min(clean.size(), processed.size());
  const Signal x = to_analysis_rate(clean.first(n), sample_rate);
  const Signal y = to_analysis_rate(processed.first(n), sample_rate);
  const auto starts = audible_frames(x);
  const auto x_bands = band_frames(joined(x, starts));
  const auto y_bands = band_frames(joined(y, starts));
  if (x_bands.size() < kSegment) return std::nullopt;
  const std::size_t segments = x_bands.size() - kSegment + 1;
  double sum = 0;
  for (std::size_t s = 0; s < segments; ++s) sum += likeness(&x_bands[s], &y_bands[s]);
  return sum / static_cast<double>(segments);
}

}  // namespace wzp::codec
