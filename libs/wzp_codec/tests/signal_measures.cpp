#include "signal_measures.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <numbers>

using wzp::codec::PcmView;

double rms(PcmView pcm) {
  double sum = 0;
  for (const auto s : pcm) sum += static_cast<double>(s) * s;
  return pcm.empty() ? 0 : std::sqrt(sum / static_cast<double>(pcm.size()));
}

double level_db(PcmView pcm) { return 20 * std::log10(std::max(rms(pcm), 1e-3) / 32768); }

double correlation(PcmView a, PcmView b) {
  const std::size_t n = std::min(a.size(), b.size());
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < n; ++i) {
    ab += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return aa * bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

Alignment align(PcmView reference, PcmView late, std::size_t longest) {
  Alignment best;
  const auto at = [&](std::size_t lag) { return correlation(reference, late.subspan(lag)); };
  const auto consider = [&](std::size_t lag) {
    if (const double c = at(lag); c > best.correlation) {
      best = {static_cast<std::ptrdiff_t>(lag), c};
    }
  };
  // Speech has little above 4 kHz: every 4th lag finds the peak, its neighbourhood the sample.
  for (std::size_t lag = 0; lag <= longest; lag += 4) consider(lag);
  const auto coarse = static_cast<std::size_t>(best.delay);
  for (std::size_t lag = coarse >= 4 ? coarse - 4 : 0; lag <= coarse + 4; ++lag) consider(lag);
  return best;
}

double snr_db(PcmView reference, PcmView late, std::size_t delay) {
  const PcmView shifted = late.subspan(delay);
  const double c = correlation(reference, shifted);
  return 10 * std::log10(c * c / std::max(1 - c * c, 1e-12));
}

namespace {
std::vector<double> envelope(PcmView pcm) {
  constexpr std::size_t kStep = 480;
  std::vector<double> out;
  for (std::size_t i = 0; i + kStep <= pcm.size(); i += kStep) {
    out.push_back(20 * std::log10(rms(pcm.subspan(i, kStep)) + 10));
  }
  return out;
}
double pearson(const std::vector<double>& a, const std::vector<double>& b) {
  const std::size_t n = std::min(a.size(), b.size());
  double ma = 0;
  double mb = 0;
  for (std::size_t i = 0; i < n; ++i) {
    ma += a[i] / static_cast<double>(n);
    mb += b[i] / static_cast<double>(n);
  }
  double ab = 0;
  double aa = 1e-9;
  double bb = 1e-9;
  for (std::size_t i = 0; i < n; ++i) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
  }
  return ab / std::sqrt(aa * bb);
}
}  // namespace

double envelope_correlation(PcmView reference, PcmView late, std::size_t longest) {
  double best = -1;
  const auto clean = envelope(reference);
  for (std::size_t lag = 0; lag <= longest; lag += 120) {
    best = std::max(best, pearson(clean, envelope(late.subspan(lag))));
  }
  return best;
}

Pcm tone(double hz, double amplitude, std::size_t samples, double rate) {
  Pcm out(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    out[i] = static_cast<std::int16_t>(std::lround(
        amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate)));
  }
  return out;
}

double tone_amplitude(PcmView pcm, double hz, double rate) {
  // Hann window, so that other components do not leak in.
  std::complex<double> sum = 0;
  double weight = 0;
  const auto n = static_cast<double>(pcm.size());
  for (std::size_t i = 0; i < pcm.size(); ++i) {
    const double x = static_cast<double>(i);
    const double w = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * x / n);
    sum += w * pcm[i] * std::polar(1.0, -2 * std::numbers::pi * hz * x / rate);
    weight += w;
  }
  return 2 * std::abs(sum) / weight;
}

int roughest_corner(PcmView pcm) {
  int worst = 0;
  for (std::size_t i = 2; i < pcm.size(); ++i) {
    worst = std::max(worst, std::abs(pcm[i] - 2 * pcm[i - 1] + pcm[i - 2]));
  }
  return worst;
}
