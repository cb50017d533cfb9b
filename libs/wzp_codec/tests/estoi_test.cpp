// The expected values were computed with pystoi 0.4.1 (numpy 2.4, Python 3.11) as
// pystoi.stoi(clean, processed, rate, extended=True) on the same integers.
#include "wzp/codec/estoi.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdlib>

#include "recorded_speech.hpp"

using namespace wzp::codec;

namespace {

// Uniform 16-bit noise: the upper half of a linear congruential generator.
Pcm noise(std::size_t samples, std::uint32_t seed) {
  Pcm out(samples);
  for (auto& sample : out) {
    seed = seed * 1664525U + 1013904223U;
    sample = static_cast<std::int16_t>(static_cast<int>(seed >> 16) - 32768);
  }
  return out;
}

int floor_divide(int a, int b) { return a / b - (a % b < 0 ? 1 : 0); }

// Low-passed noise that swells four times a second at 10 kHz.
Pcm tremolo() {
  Pcm out = noise(30000, 1);
  int state = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    state += floor_divide(out[i] - state, 4);
    const int swell = std::abs(static_cast<int>(i % 2500) - 1250);
    out[i] = static_cast<std::int16_t>(floor_divide(state * swell, 1250));
  }
  return out;
}

Pcm with_noise(Pcm clean, std::uint32_t seed, int divisor) {
  const Pcm added = noise(clean.size(), seed);
  for (std::size_t i = 0; i < clean.size(); ++i) {
    clean[i] = static_cast<std::int16_t>(
        std::clamp(clean[i] + floor_divide(added[i], divisor), -32768, 32767));
  }
  return clean;
}

void check(const Pcm& clean, const Pcm& processed, std::uint32_t rate, double expected,
           double tolerance) {
  const auto score = estoi(clean, processed, rate);
  REQUIRE(score.has_value());
  INFO("expected " << expected << ", got " << *score);
  CHECK(std::abs(*score - expected) < tolerance);
}

}  // namespace

TEST_CASE("ESTOI gives the published implementation's values at its own rate") {
  const Pcm clean = tremolo();
  check(clean, clean, 10000, 1.0, 1e-6);
  check(clean, with_noise(clean, 2, 64), 10000, 0.9853846608, 1e-5);
  check(clean, with_noise(clean, 2, 16), 10000, 0.8317562517, 1e-5);
  check(clean, with_noise(clean, 2, 8), 10000, 0.6122871933, 1e-5);
  check(clean, with_noise(clean, 2, 4), 10000, 0.3599925850, 1e-5);
  check(clean, noise(30000, 3), 10000, 0.0133520035, 1e-5);
  Pcm holes = clean;
  for (std::size_t at = 0; at < holes.size(); at += 3000) {
    std::fill_n(holes.begin() + static_cast<std::ptrdiff_t>(at), 200, std::int16_t{0});
  }
  check(clean, holes, 10000, 0.9365096001, 1e-5);
}

TEST_CASE("ESTOI of recordings agrees through its own resampling") {
  const Pcm& words = words_48k();
  check(words, with_noise(words, 4, 128), 48000, 0.9873566026, 1e-5);
  check(words, with_noise(words, 4, 32), 48000, 0.8863554121, 1e-5);
  check(words, with_noise(words, 4, 8), 48000, 0.6009824578, 1e-5);
  const Pcm narrow = read_pcm("/usr/share/codec2/raw/hts1a.raw", 0);
  check(narrow, with_noise(narrow, 5, 64), 8000, 0.7903776517, 1e-5);
  check(narrow, with_noise(narrow, 5, 16), 8000, 0.4935424539, 1e-5);
}

TEST_CASE("ESTOI does not depend on level") {
  const Pcm clean = tremolo();
  Pcm half = with_noise(clean, 2, 16);
  for (auto& s : half) s = static_cast<std::int16_t>(s / 2);
  check(clean, half, 10000, 0.83176, 1e-3);
}

TEST_CASE("ESTOI has no answer for too little speech") {
  const Pcm clean = tremolo();
  CHECK_FALSE(estoi(PcmView(clean).first(3000), clean, 10000).has_value());
  CHECK_FALSE(estoi({}, clean, 10000).has_value());
}
