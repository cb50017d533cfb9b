#include "wzp/codec/limiter.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdlib>

#include "signal_measures.hpp"
#include "wzp/proto/rng.hpp"

using namespace wzp::codec;

TEST_CASE("a limiter passes what is below its ceiling bit for bit, 2 ms later") {
  Limiter limiter;
  const Pcm in = tone(440, 30000, 48000);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto out = limiter.process(in[i]);
    REQUIRE(out == (i < Limiter::kDelay ? 0 : in[i - Limiter::kDelay]));
  }
  CHECK(limiter.gain() == 1.0F);
}

TEST_CASE("no sample leaves a limiter above the ceiling") {
  wzp::SeededRng rng(GENERATE(1U, 2U, 3U));
  Limiter limiter;
  int loudest = 0;
  for (int i = 0; i < 200000; ++i) {
    // Bursts of any size, up to the largest value there is.
    const auto size = static_cast<std::int32_t>(rng.next_u64() >> 33);
    const auto sample = rng.next_u64() % 50 == 0 ? size : size % 20000;
    loudest =
        std::max(loudest, std::abs(static_cast<int>(limiter.process(i % 2 ? sample : -sample))));
  }
  CHECK(loudest <= Limiter::kCeiling);
  CHECK(loudest > Limiter::kCeiling * 9 / 10);
}

TEST_CASE("a tone four times too loud comes out as a tone") {
  Limiter limiter;
  Pcm out(96000);
  const Pcm quarter = tone(300, 30000, out.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = limiter.process(4 * quarter[i]);
  const PcmView settled = PcmView(out).subspan(9600);
  const double amplitude = tone_amplitude(settled, 300);
  CHECK(amplitude > 0.9 * Limiter::kCeiling);
  // Cut off at the ceiling it would have a third harmonic of 27 %.
  CHECK(tone_amplitude(settled, 900) < 0.02 * amplitude);
}

TEST_CASE("a limiter lets go within a quarter of a second") {
  Limiter limiter;
  for (int i = 0; i < 4800; ++i) limiter.process(i % 2 ? 120000 : -120000);
  CHECK(limiter.gain() < 0.27F);
  for (int i = 0; i < 12000; ++i) limiter.process(0);
  CHECK(limiter.gain() > 0.95F);
}
