#include "noise_sounds.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <stdexcept>

#include "wzp/client/audio_file.hpp"
#include "wzp/proto/rng.hpp"

namespace wzp::bench {
namespace {

constexpr double kRate = 48'000;
constexpr std::size_t kPiece = 960;

// codec2-examples; none of them is in recorded_speech().
constexpr const char* kTalkers[] = {
    "/usr/share/codec2/wav/hts1a.wav", "/usr/share/codec2/wav/hts2a.wav",
    "/usr/share/codec2/wav/forig.wav", "/usr/share/codec2/wav/morig.wav",
    "/usr/share/codec2/wav/mmt1.wav",  "/usr/share/codec2/wav/vk5qi.wav",
    "/usr/share/codec2/wav/cross.wav", "/usr/share/codec2/wav/ve9qrp.wav",
};

double rms(std::span<const float> sound) {
  double sum = 0;
  for (const float s : sound) sum += static_cast<double>(s) * s;
  return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(sound.size(), 1)));
}

double uniform(SeededRng& rng) { return 2 * rng.next_unit() - 1; }

// A row of random numbers for each octave, renewed half as often as the one before (Voss).
std::vector<float> pink(std::size_t samples, SeededRng& rng) {
  std::array<double, 16> rows{};
  std::vector<float> out(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (i % (std::size_t{1} << row) == 0) rows[row] = uniform(rng);
    }
    out[i] = static_cast<float>(std::accumulate(rows.begin(), rows.end(), uniform(rng)));
  }
  return out;
}

std::vector<float> babble(std::size_t samples, SeededRng& rng) {
  std::vector<float> out(samples);
  for (const char* path : kTalkers) {
    const auto talker = client::load_audio_file(path);
    if (!talker) throw std::runtime_error(talker.error().message + " (install codec2-examples)");
    const std::vector<float> sound(talker->begin(), talker->end());
    const auto gain = static_cast<float>(1 / rms(sound));
    const std::size_t start = rng.next_u64() % sound.size();
    for (std::size_t i = 0; i < samples; ++i) out[i] += gain * sound[(start + i) % sound.size()];
  }
  return out;
}

std::vector<float> car(std::size_t samples, SeededRng& rng) {
  const double keep = std::exp(-2 * std::numbers::pi * 100 / kRate);
  std::array<double, 3> stage{};
  std::vector<float> rumble(samples);
  std::vector<float> hiss(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    double x = uniform(rng);
    hiss[i] = static_cast<float>(uniform(rng));
    for (double& s : stage) x = s = keep * s + (1 - keep) * x;
    rumble[i] = static_cast<float>(x);
  }
  // 30 dB below the rumble.
  const auto share = static_cast<float>(0.0316 * rms(rumble) / rms(hiss));
  for (std::size_t i = 0; i < samples; ++i) rumble[i] += share * hiss[i];
  return rumble;
}

double loudness(std::span<const std::int16_t> speech) {
  std::vector<double> energies;
  for (std::size_t at = 0; at + kPiece <= speech.size(); at += kPiece) {
    double sum = 0;
    for (const std::int16_t s : speech.subspan(at, kPiece)) sum += static_cast<double>(s) * s;
    energies.push_back(sum / kPiece);
  }
  std::sort(energies.begin(), energies.end());
  const auto half = energies.begin() + static_cast<std::ptrdiff_t>(energies.size() / 2);
  const auto n = static_cast<double>(energies.end() - half);
  return std::sqrt(std::accumulate(half, energies.end(), 0.0) / n);
}

}  // namespace

std::string_view name(Noise noise) {
  if (noise == Noise::kPink) return "pink";
  return noise == Noise::kBabble ? "babble" : "car";
}

std::vector<float> make_noise(Noise noise, std::size_t samples, std::uint64_t seed) {
  SeededRng rng(seed);
  if (noise == Noise::kPink) return pink(samples, rng);
  return noise == Noise::kBabble ? babble(samples, rng) : car(samples, rng);
}

std::vector<std::int16_t> mix(std::span<const std::int16_t> speech, std::span<const float> noise,
                              double snr_db) {
  const double gain = loudness(speech) / rms(noise) * std::pow(10, -snr_db / 20);
  std::vector<std::int16_t> out(speech.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double sum = speech[i] + gain * static_cast<double>(noise[i]);
    out[i] = static_cast<std::int16_t>(std::clamp(std::lround(sum), -32768L, 32767L));
  }
  return out;
}

}  // namespace wzp::bench
