#include "wzp/codec/mixer.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

#include "recorded_speech.hpp"
#include "signal_measures.hpp"
#include "support/allocation_counter.hpp"

using namespace wzp::codec;

namespace {

// Mixes whole signals frame by frame.
Pcm mix(const std::vector<Pcm>& streams, float gain = 1) {
  Mixer mixer;
  Pcm out;
  std::array<std::int16_t, 960> frame{};
  for (std::size_t at = 0; at + 960 <= streams[0].size(); at += 960) {
    for (const Pcm& s : streams) mixer.add(PcmView(s).subspan(at, 960), gain);
    mixer.finish(frame);
    out.insert(out.end(), frame.begin(), frame.end());
  }
  return out;
}

Pcm first(const Pcm& pcm, std::size_t n) {
  return Pcm(pcm.begin(), pcm.begin() + static_cast<std::ptrdiff_t>(n));
}

}  // namespace

TEST_CASE("one stream passes the mixer unchanged") {
  const Pcm& speech = man_8k_band();
  const Pcm out = mix({speech});
  CHECK(std::equal(out.begin() + Limiter::kDelay, out.end(), speech.begin()));
}

TEST_CASE("two voices are both heard in the mix") {
  const Pcm man = first(man_8k_band(), 124800);
  const Pcm woman = first(woman_8k_band(), 124800);
  const Pcm out = mix({man, woman}, 0.5F);
  const PcmView mixed = PcmView(out).subspan(Limiter::kDelay);
  CHECK(correlation(man, mixed) > 0.6);
  CHECK(correlation(woman, mixed) > 0.6);
  // Their exact sum, but for rounding.
  double worst = 0;
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    worst = std::max(worst, std::abs(mixed[i] - 0.5 * (man[i] + woman[i])));
  }
  CHECK(worst <= 1);
}

TEST_CASE("eight shouting voices do not clip") {
  Pcm loud = first(man_8k_band(), 96000);
  for (auto& s : loud) s = static_cast<std::int16_t>(std::clamp(3 * s, -32768, 32767));
  const Pcm out = mix(std::vector<Pcm>(8, loud));
  int peak = 0;
  for (const auto s : out) peak = std::max(peak, std::abs(static_cast<int>(s)));
  CHECK(peak <= Limiter::kCeiling);
  CHECK(correlation(loud, PcmView(out).subspan(Limiter::kDelay)) > 0.8);
}

TEST_CASE("an empty mix is silence and forgets the frame before") {
  Mixer mixer;
  std::array<std::int16_t, 960> loud{};
  loud.fill(20000);
  std::array<std::int16_t, 960> out{};
  mixer.add(loud);
  mixer.finish(out);
  mixer.finish(out);
  mixer.finish(out);
  CHECK(rms(out) == 0);
}

TEST_CASE("a stream shorter than the frame is followed by silence, a longer one is cut") {
  Mixer mixer;
  std::array<std::int16_t, 960> out{};
  const Pcm few(100, 1000);
  const Pcm many(5000, 1000);
  mixer.add(few);
  mixer.finish(out);
  CHECK(out[Limiter::kDelay + 99] == 1000);
  CHECK(out[Limiter::kDelay + 100] == 0);
  mixer.reset();
  mixer.add(many, 100.0F);  // counts as 4
  mixer.finish(out);
  CHECK(out[959] == 4000);
}

TEST_CASE("mixing allocates nothing") {
  Mixer mixer;
  const Pcm stream(960, 5000);
  std::array<std::int16_t, 960> out{};
  const std::size_t before = wzp::test::allocations();
  for (int i = 0; i < 100; ++i) {
    for (int k = 0; k < 20; ++k) mixer.add(stream);
    mixer.finish(out);
  }
  CHECK(wzp::test::allocations() == before);
}
