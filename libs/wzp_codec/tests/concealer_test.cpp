#include "wzp/codec/concealer.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cmath>
#include <cstdlib>

#include "recorded_speech.hpp"
#include "signal_measures.hpp"
#include "support/allocation_counter.hpp"
#include "wzp/codec/estoi.hpp"
#include "wzp/proto/rng.hpp"

using namespace wzp::codec;

namespace {

enum class Filler { kConcealer, kSilence };

// The recording with a share of its 20 ms frames lost at random, in bursts of `burst` frames.
Pcm lossy(PcmView speech, double share, int burst, Filler filler) {
  wzp::SeededRng rng(11);
  Concealer concealer;
  Pcm out(speech.begin(), speech.end());
  int left = 0;
  for (std::size_t at = 0; at + 960 <= out.size(); at += 960) {
    const MutablePcm frame = MutablePcm(out).subspan(at, 960);
    if (left == 0 && rng.next_unit() < share / burst) left = burst;
    const bool lost = left > 0;
    left -= lost ? 1 : 0;
    if (filler == Filler::kSilence) {
      if (lost) std::fill(frame.begin(), frame.end(), std::int16_t{0});
    } else {
      lost ? concealer.conceal(frame) : concealer.play(frame);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("a lost piece of a tone is filled with the tone") {
  const double hz = GENERATE(120.0, 231.0, 390.0);
  const Pcm in = tone(hz, 8000, 9600);
  Pcm out = in;
  Concealer concealer;
  concealer.play(MutablePcm(out).first(4800));
  const MutablePcm hole = MutablePcm(out).subspan(4800, 480);
  concealer.conceal(hole);
  concealer.play(MutablePcm(out).subspan(5280));
  CHECK(correlation(hole, PcmView(in).subspan(4800, 480)) > 0.97);
  // A hole of silence would have corners as high as the tone, 8000.
  CHECK(roughest_corner(out) < 200);
}

TEST_CASE("a loss ends in the background, not in silence and not in a buzz") {
  Pcm speech = long_speech();
  ComfortNoiseGenerator(9).add(speech, 200);
  Concealer concealer;
  concealer.play(MutablePcm(speech).first(288000));
  NoiseFloor floor;
  floor.observe(PcmView(speech).first(288000));
  Pcm loss(48000);
  concealer.conceal(loss);
  const double background = floor.rms();
  CHECK(rms(PcmView(loss).last(24000)) > 0.9 * background);
  CHECK(rms(PcmView(loss).last(24000)) < 1.1 * background);
}

TEST_CASE("concealed speech fades steadily") {
  const Pcm& speech = man_8k_band();
  for (std::size_t at = 24000; at < 130000; at += 7700) {
    Concealer concealer;
    Pcm past(speech.begin(), speech.begin() + static_cast<std::ptrdiff_t>(at));
    concealer.play(past);
    Pcm loss(14400);
    concealer.conceal(loss);
    const double start = rms(PcmView(past).last(720));
    INFO("loss at " << at);
    CHECK(rms(PcmView(loss).first(960)) > 0.3 * start);
    CHECK(rms(PcmView(loss).last(4800)) < std::max(0.1 * start, 20.0));
  }
}

TEST_CASE("concealment is worth more than silence to a listener") {
  const Pcm& speech = GENERATE(0, 1) == 0 ? man_8k_band() : woman_8k_band();
  struct Row {
    double share;
    int burst;
    double gain;
  };
  const auto row = GENERATE(Row{0.1, 1, 0.02}, Row{0.2, 1, 0.03}, Row{0.2, 3, 0.02});
  const auto score = [&](Filler filler) {
    return estoi(speech, lossy(speech, row.share, row.burst, filler), 48000).value();
  };
  const double concealed = score(Filler::kConcealer);
  const double silent = score(Filler::kSilence);
  INFO(row.share << " lost in bursts of " << row.burst << ": " << concealed << " against "
                 << silent);
  CHECK(concealed > silent + row.gain);
}

TEST_CASE("the size of the pieces does not change the concealment") {
  Pcm past = man_8k_band();
  past.resize(48000);
  Concealer a;
  Concealer b;
  a.play(past);
  b.play(past);
  Pcm whole(960);
  Pcm pieces(960);
  a.conceal(whole);
  for (std::size_t at = 0; at < 960; at += 80) b.conceal(MutablePcm(pieces).subspan(at, 80));
  CHECK((whole == pieces));
}

TEST_CASE("before any sound concealment is silence, and after a reset again") {
  Concealer concealer;
  Pcm out(960, 55);
  concealer.conceal(out);
  CHECK(rms(out) == 0);
  Pcm loud = tone(200, 20000, 9600);
  concealer.play(loud);
  concealer.reset();
  concealer.conceal(out);
  CHECK(rms(out) == 0);
}

TEST_CASE("waveform concealment allocates nothing") {
  Pcm past = man_8k_band();
  Concealer concealer;
  Pcm out(960);
  const std::size_t before = wzp::test::allocations();
  for (std::size_t at = 0; at + 1920 <= past.size(); at += 1920) {
    concealer.play(MutablePcm(past).subspan(at, 960));
    concealer.conceal(out);
  }
  CHECK(wzp::test::allocations() == before);
}
