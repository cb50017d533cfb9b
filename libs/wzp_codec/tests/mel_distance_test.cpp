#include "wzp/codec/mel_distance.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "recorded_speech.hpp"

using namespace wzp::codec;

namespace {

Pcm noise(std::size_t samples, std::uint32_t seed, double level) {
  Pcm out(samples);
  for (auto& sample : out) {
    seed = seed * 1664525U + 1013904223U;
    sample = static_cast<std::int16_t>(level * (static_cast<int>(seed >> 16) - 32768));
  }
  return out;
}

}  // namespace

TEST_CASE("the mel distance of a sound to itself is 0, to one half as loud 6 dB") {
  const Pcm sound = noise(48000, 1, 0.5);
  Pcm half = sound;
  for (auto& s : half) s = static_cast<std::int16_t>(s / 2);
  CHECK(mel_distance_db(sound, sound).value() == 0.0);
  CHECK(mel_distance_db(sound, half).value() == Catch::Approx(6.02).margin(0.05));
}

TEST_CASE("what a phone line leaves of wideband sound is far from it in mel bands") {
  const Pcm sound = noise(48000, 1, 0.5);
  Pcm dull = sound;  // one pole at 1 kHz
  double state = 0;
  const double step = 1 - std::exp(-2 * std::numbers::pi * 1000 / 48000);
  for (auto& s : dull) {
    state += step * (s - state);
    s = static_cast<std::int16_t>(state);
  }
  CHECK(mel_distance_db(sound, dull).value() > 8);
}

TEST_CASE("there is no mel distance without speech") {
  const Pcm silence(48000);
  CHECK_FALSE(mel_distance_db(silence, silence));
  CHECK_FALSE(mel_distance_db({}, {}));
}
