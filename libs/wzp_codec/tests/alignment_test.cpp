#include "wzp/codec/alignment.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "wzp/proto/rng.hpp"

using namespace wzp;

namespace {

/// Noise with a slow random loudness: has both a waveform and a contour to find.
std::vector<std::int16_t> noise_bursts(std::size_t samples, std::uint64_t seed) {
  SeededRng rng(seed);
  std::vector<std::int16_t> out(samples);
  double level = 0;
  double smooth = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    if (i % 4800 == 0) level = rng.next_unit() * rng.next_unit() * 20000.0;
    smooth = 0.9 * smooth + 0.1 * (rng.next_unit() * 2 - 1) * level;
    out[i] = static_cast<std::int16_t>(smooth);
  }
  return out;
}

std::vector<std::int16_t> delayed(const std::vector<std::int16_t>& in, std::size_t by) {
  std::vector<std::int16_t> out(by, 0);
  out.insert(out.end(), in.begin(), in.end());
  return out;
}

}  // namespace

TEST_CASE("a delayed copy is found at its delay with correlation one") {
  const auto sound = noise_bursts(96000, 7);
  for (const std::size_t delay : {0U, 1U, 959U, 12345U}) {
    CAPTURE(delay);
    const auto found = codec::align(sound, delayed(sound, delay), -24000, 24000);
    CHECK(found.lag == static_cast<std::ptrdiff_t>(delay));
    CHECK(found.correlation == Catch::Approx(1.0).margin(1e-3));
  }
}

TEST_CASE("another sound is not found") {
  const auto found = codec::align(noise_bursts(96000, 7), noise_bursts(96000, 8), -24000, 24000);
  CHECK(found.correlation < 0.2);
}

TEST_CASE("segments are found each at its own delay, and a lost one is not found") {
  const auto sound = noise_bursts(48000 * 4, 9);
  auto other = delayed(sound, 4800);
  // From the third second on, 20 ms later; the second second is gone.
  other.insert(other.begin() + 4800 + 2 * 48000, 960, 0);
  std::fill(other.begin() + 4800 + 48000, other.begin() + 4800 + 96000, std::int16_t{0});
  const auto found = codec::match_segments(sound, other, 48000, 4800, 2400);
  REQUIRE(found.size() == 4);
  CHECK(found[0].found.lag == 4800);
  CHECK(found[0].found.correlation > 0.99);
  CHECK(found[1].found.correlation < 0.2);
  CHECK(found[2].found.lag == 5760);
  CHECK(found[3].found.lag == 5760);
}

TEST_CASE("the loudness contour is found even where the waveform is another") {
  const auto sound = noise_bursts(96000, 7);
  auto inverted = delayed(sound, 9600);
  for (std::size_t i = 0; i < inverted.size(); i += 2)
    inverted[i] = static_cast<std::int16_t>(-inverted[i]);
  const auto found = codec::align_envelopes(sound, inverted, 0, 24000);
  CHECK(std::abs(found.lag - 9600) <= 96);
  CHECK(found.correlation > 0.95);
  CHECK(codec::align_envelopes(sound, noise_bursts(96000, 8), 0, 24000).correlation < 0.7);
}
