#include "wzp/codec/mel_distance.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "fourier.hpp"

namespace wzp::codec {
namespace {

constexpr double kRate = 48000;
constexpr std::size_t kWindow = 1536;  // 32 ms
constexpr std::size_t kTransform = 2048;
constexpr std::size_t kBands = 26;
constexpr double kLowestHz = 60;
constexpr double kHighestHz = 7600;
constexpr double kSpeechRangeDb = 40;
constexpr double kFloorDb = 50;  // below the loudest band

using Levels = std::array<double, kBands>;  // dB

std::vector<float> hann() {
  std::vector<float> out(kWindow);
  for (std::size_t i = 0; i < kWindow; ++i) {
    const double phase = 2 * std::numbers::pi * (static_cast<double>(i) + 0.5) / kWindow;
    out[i] = static_cast<float>(0.5 - 0.5 * std::cos(phase));
  }
  return out;
}

double mel(double hz) { return 1127 * std::log1p(hz / 700); }
double hertz(double mels) { return 700 * std::expm1(mels / 1127); }

// The bins at which triangles begin, peak and end.
std::array<double, kBands + 2> corners() {
  std::array<double, kBands + 2> out{};
  const double low = mel(kLowestHz);
  const double step = (mel(kHighestHz) - low) / (kBands + 1);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = hertz(low + step * static_cast<double>(i)) * kTransform / kRate;
  }
  return out;
}

double triangle(double bin, double begin, double peak, double end) {
  if (bin <= begin || bin >= end) return 0;
  return bin <= peak ? (bin - begin) / (peak - begin) : (end - bin) / (end - peak);
}

Levels levels_of(std::span<const std::complex<float>> spectrum) {
  static const auto edge = corners();
  Levels out{};
  for (std::size_t b = 0; b < kBands; ++b) {
    double energy = 1e-3;
    const auto last = static_cast<std::size_t>(edge[b + 2]) + 1;
    for (auto k = static_cast<std::size_t>(edge[b]); k <= last; ++k) {
      const double weight = triangle(static_cast<double>(k), edge[b], edge[b + 1], edge[b + 2]);
      energy += weight * std::norm(spectrum[k]);
    }
    out[b] = 10 * std::log10(energy);
  }
  return out;
}

std::vector<Levels> analyse(PcmView pcm) {
  Fourier fourier(kTransform);
  std::vector<std::complex<float>> spectrum(fourier.bins());
  std::vector<float> frame(kWindow);
  const std::vector<float> window = hann();
  std::vector<Levels> out;
  for (std::size_t at = 0; at + kWindow <= pcm.size(); at += kWindow) {
    for (std::size_t i = 0; i < kWindow; ++i) frame[i] = window[i] * pcm[at + i];
    fourier.forward(frame, spectrum);
    out.push_back(levels_of(spectrum));
  }
  return out;
}

double loudest_band(const Levels& levels) {
  return *std::max_element(levels.begin(), levels.end());
}

double squared_distance(const Levels& a, const Levels& b, double floor) {
  double sum = 0;
  for (std::size_t i = 0; i < kBands; ++i) {
    const double apart = std::max(a[i], floor) - std::max(b[i], floor);
    sum += apart * apart;
  }
  return sum / kBands;
}

}  // namespace

std::optional<double> mel_distance_db(PcmView clean, PcmView processed) {
  const std::size_t n = std::min(clean.size(), processed.size());
  const auto a = analyse(clean.first(n));
  const auto b = analyse(processed.first(n));
  double loudest = -1e9;
  for (const Levels& levels : a) loudest = std::max(loudest, loudest_band(levels));
  double sum = 0;
  std::size_t frames = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (loudest_band(a[i]) <= loudest - kSpeechRangeDb) continue;
    sum += squared_distance(a[i], b[i], loudest - kFloorDb);
    ++frames;
  }
  if (frames == 0 || loudest <= 0) return std::nullopt;
  return std::sqrt(sum / static_cast<double>(frames));
}

}  // namespace wzp::codec
