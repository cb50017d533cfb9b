#include "wzp/codec/noise_floor.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "recorded_speech.hpp"
#include "signal_measures.hpp"
#include "wzp/codec/comfort_noise.hpp"

using namespace wzp::codec;

namespace {

Pcm words_in_noise(float level) {
  Pcm pcm = words_48k();
  pcm.resize(96000);
  ComfortNoiseGenerator(4).add(pcm, level);
  return pcm;
}

}  // namespace

TEST_CASE("the noise floor is the level between the words") {
  for (const float level : {30.0F, 300.0F}) {
    NoiseFloor floor;
    floor.observe(words_in_noise(level));
    const double truth = level / std::sqrt(3.0);
    CHECK(floor.rms() < 1.05 * truth);
    CHECK(floor.rms() > 0.85 * truth);
  }
}

TEST_CASE("the noise floor is 0 until there was a whole window") {
  NoiseFloor floor;
  const Pcm loud(959, 1000);
  floor.observe(loud);
  CHECK(floor.rms() == 0);
  floor.observe(PcmView(loud).first(1));
  CHECK(floor.rms() == 1000);
}

TEST_CASE("the noise floor falls at once and rises within five seconds") {
  NoiseFloor floor;
  const Pcm loud(48000, 1000);
  const Pcm quiet(960, 10);
  floor.observe(loud);
  floor.observe(quiet);
  CHECK(floor.rms() == 10);
  for (int second = 0; second < 5; ++second) floor.observe(loud);
  CHECK(floor.rms() == 1000);
}

TEST_CASE("the pieces a stream comes in do not change its noise floor") {
  const Pcm pcm = words_in_noise(100);
  NoiseFloor whole;
  NoiseFloor pieces;
  whole.observe(pcm);
  for (std::size_t at = 0; at < pcm.size(); at += 480) {
    pieces.observe(PcmView(pcm).subspan(at, 480));
  }
  CHECK(whole.rms() == pieces.rms());
}
