#include "background_noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "wzp/proto/rng.hpp"

namespace {

using Samples = std::vector<double>;

// Six first-order filters in parallel: -3 dB per octave within 0.5 dB (a well-known approximation).
Samples pink(std::size_t n) {
  constexpr std::array kPoles{0.99886, 0.99332, 0.96900, 0.86650, 0.55000, -0.76160};
  constexpr std::array kGains{0.0555179, 0.0750759, 0.1538520, 0.3104856, 0.5329522, -0.0168980};
  wzp::SeededRng rng(3);
  std::array<double, 6> state{};
  Samples out(n);
  for (double& sample : out) {
    const double white = 2 * rng.next_unit() - 1;
    sample = 0.5362 * white;
    for (std::size_t i = 0; i < state.size(); ++i) {
      state[i] = kPoles[i] * state[i] + kGains[i] * white;
      sample += state[i];
    }
  }
  return out;
}

// Rumble that falls by 12 dB per octave above 100 Hz, on a little hiss.
Samples car(std::size_t n) {
  wzp::SeededRng rng(3);
  Samples out(n);
  double a = 0;
  double b = 0;
  for (double& sample : out) {
    const double white = 2 * rng.next_unit() - 1;
    a = 0.99 * a + 0.1 * white;
    b = 0.985 * b + 0.1 * a;
    sample = b + 0.002 * white;
  }
  return out;
}

// Eight places of a long conversation at once.
Samples babble(std::size_t n) {
  wzp::SeededRng rng(3);
  const Pcm& talk = long_speech();
  Samples out(n);
  for (int voice = 0; voice < 8; ++voice) {
    const std::size_t from = rng.next_u64() % talk.size();
    for (std::size_t i = 0; i < n; ++i) out[i] += talk[(from + i) % talk.size()];
  }
  return out;
}

Samples noise_of(Background kind, std::size_t n) {
  switch (kind) {
    case Background::kPink:
      return pink(n);
    case Background::kBabble:
      return babble(n);
    case Background::kCar:
      return car(n);
  }
  return Samples(n);
}

}  // namespace

Pcm in_background(const Pcm& speech, Background kind, double snr_db) {
  const Samples noise = noise_of(kind, speech.size());
  double signal = 0;
  double power = 0;
  for (const auto s : speech) signal += static_cast<double>(s) * s;
  for (const double s : noise) power += s * s;
  const double gain = std::sqrt(signal / power * std::pow(10, -snr_db / 10));
  Pcm out(speech.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::int16_t>(std::clamp(speech[i] + gain * noise[i], -32768.0, 32767.0));
  }
  return out;
}

Pcm prepared(const Pcm& speech) {
  Pcm out(48000);
  for (const auto s : speech) out.push_back(static_cast<std::int16_t>(s / 2));
  out.resize((out.size() + 959) / 960 * 960);
  return out;
}
