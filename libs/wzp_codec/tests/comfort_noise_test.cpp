#include "wzp/codec/comfort_noise.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "signal_measures.hpp"

using namespace wzp::codec;

TEST_CASE("comfort noise is uniform within its level and without offset") {
  ComfortNoiseGenerator noise(1);
  Pcm pcm(48000);
  noise.fill(pcm, kDefaultNoiseLevel);
  const auto [low, high] = std::minmax_element(pcm.begin(), pcm.end());
  CHECK(*low == -50);
  CHECK(*high == 50);
  CHECK(std::abs(rms(pcm) - 50 / std::sqrt(3.0)) < 0.6);
  double sum = 0;
  for (const auto s : pcm) sum += s;
  CHECK(std::abs(sum / 48000) < 0.5);
}

TEST_CASE("the same seed makes the same comfort noise, another seed another") {
  Pcm a(960);
  Pcm b(960);
  Pcm c(960);
  ComfortNoiseGenerator(7).fill(a, 50);
  ComfortNoiseGenerator(7).fill(b, 50);
  ComfortNoiseGenerator(8).fill(c, 50);
  CHECK((a == b));
  CHECK((a != c));
}

TEST_CASE("comfort noise rises and falls over 5 ms") {
  ComfortNoiseGenerator noise(3);
  Pcm pcm(960);
  noise.fill(pcm, 255);
  for (std::size_t i = 0; i < 240; ++i) {
    REQUIRE(std::abs(pcm[i]) <= 255.0 * (static_cast<double>(i) + 1) / 240 + 1);
  }
  CHECK(noise.level() == 255);
  noise.fill(pcm, 0);
  for (std::size_t i = 0; i < 240; ++i) {
    REQUIRE(std::abs(pcm[i]) <= 255.0 * (239 - static_cast<double>(i)) / 240 + 1);
  }
  CHECK(std::all_of(pcm.begin() + 240, pcm.end(), [](auto s) { return s == 0; }));
}

TEST_CASE("added comfort noise saturates instead of wrapping") {
  ComfortNoiseGenerator noise(3);
  Pcm pcm(960, 32700);
  noise.add(pcm, 255);
  CHECK(*std::max_element(pcm.begin(), pcm.end()) == 32767);
  CHECK(*std::min_element(pcm.begin(), pcm.end()) > 32000);
}
