#include "wzp/codec/time_stretcher.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cmath>
#include <cstdlib>

#include "recorded_speech.hpp"
#include "signal_measures.hpp"
#include "support/allocation_counter.hpp"
#include "wzp/proto/rng.hpp"

using namespace wzp::codec;

namespace {

struct Run {
  Pcm out;
  int changed = 0;
  int frames = 0;
};

// Every `every`-th frame is asked to change.
Run stretch(StretchMode mode, PcmView in, std::size_t frame, int every = 1) {
  TimeStretcher stretcher;
  Run run;
  std::array<std::int16_t, kMaxPacketSamples + TimeStretcher::kLongestLag> room{};
  std::ptrdiff_t sum = 0;
  for (; in.size() >= frame; in = in.subspan(frame), ++run.frames) {
    const auto wanted = run.frames % every == 0 ? mode : StretchMode::kNone;
    const Stretched done = stretcher.process(wanted, in.first(frame), room);
    REQUIRE(static_cast<std::ptrdiff_t>(done.samples) ==
            static_cast<std::ptrdiff_t>(frame) + done.change);
    sum += done.change;
    run.changed += done.change != 0 ? 1 : 0;
    run.out.insert(run.out.end(), room.begin(),
                   room.begin() + static_cast<std::ptrdiff_t>(done.samples));
  }
  REQUIRE(static_cast<std::ptrdiff_t>(run.out.size()) ==
          run.frames * static_cast<std::ptrdiff_t>(frame) + sum);
  return run;
}

// Frequency by counting upward zero crossings.
double pitch_hz(PcmView pcm) {
  int crossings = 0;
  for (std::size_t i = 1; i < pcm.size(); ++i) crossings += pcm[i - 1] < 0 && pcm[i] >= 0 ? 1 : 0;
  return crossings * 48000.0 / static_cast<double>(pcm.size());
}

}  // namespace

TEST_CASE("a stretched tone keeps its pitch and has no corners") {
  const auto mode = GENERATE(StretchMode::kAccelerate, StretchMode::kExpand);
  const double hz = GENERATE(110.0, 203.0, 317.0);
  const std::size_t frame = GENERATE(960U, 1920U);
  const Pcm in = tone(hz, 10000, 96000);
  const Run run = stretch(mode, in, frame);
  INFO(hz << " Hz, frame " << frame);
  CHECK(run.changed >= run.frames - 1);
  CHECK(std::abs(pitch_hz(run.out) - hz) < 0.01 * hz);
  CHECK(roughest_corner(run.out) <= roughest_corner(in) + 8);
}

TEST_CASE("accelerated speech loses time, expanded speech gains it, and both stay speech") {
  const Pcm& speech = long_speech();
  const Run fast = stretch(StretchMode::kAccelerate, speech, 1920, 2);
  const Run slow = stretch(StretchMode::kExpand, speech, 960, 4);
  const auto length = static_cast<double>(speech.size());
  CHECK(static_cast<double>(fast.out.size()) < 0.97 * length);
  CHECK(static_cast<double>(slow.out.size()) > 1.03 * length);
  for (const Run* run : {&fast, &slow}) {
    CHECK(std::abs(level_db(run->out) - level_db(speech)) < 1);
    CHECK(roughest_corner(run->out) <= 1.1 * roughest_corner(speech));
  }
}

TEST_CASE("most voiced frames can be stretched, hisses and bursts pass unchanged") {
  const Run voiced = stretch(StretchMode::kExpand, man_8k_band(), 960);
  CHECK(voiced.changed > voiced.frames / 3);
  wzp::SeededRng rng(5);
  Pcm hiss(96000);
  for (auto& s : hiss) s = static_cast<std::int16_t>(rng.next_u64() % 8000) - 4000;
  const Run noisy = stretch(StretchMode::kExpand, hiss, 960);
  CHECK(noisy.changed == 0);
  CHECK((noisy.out == Pcm(hiss.begin(), hiss.end())));
}

TEST_CASE("pauses stretch whatever they hold") {
  wzp::SeededRng rng(6);
  Pcm pause(48000);
  for (auto& s : pause) s = static_cast<std::int16_t>(rng.next_u64() % 41) - 20;
  const Run fast = stretch(StretchMode::kAccelerate, pause, 960);
  CHECK(fast.changed == fast.frames);
  CHECK(std::abs(level_db(fast.out) - level_db(pause)) < 0.5);
}

TEST_CASE("without a wish to stretch every frame passes unchanged") {
  const Pcm& speech = words_48k();
  const Run run = stretch(StretchMode::kNone, speech, 960);
  CHECK(run.changed == 0);
  CHECK(std::equal(run.out.begin(), run.out.end(), speech.begin()));
}

TEST_CASE("frames of unfit size and too little room pass as far as they fit") {
  TimeStretcher stretcher;
  const Pcm in = tone(200, 10000, 6000);
  std::array<std::int16_t, 8000> room{};
  const auto pass = [&](std::size_t frame, std::size_t space) {
    return stretcher.process(StretchMode::kExpand, PcmView(in).first(frame),
                             MutablePcm(room).first(space));
  };
  CHECK(pass(0, 0).samples == 0);
  CHECK(pass(479, 8000).change == 0);
  CHECK(pass(479, 8000).samples == 479);
  CHECK(pass(6000, 8000).change == 0);
  CHECK(pass(960, 960).samples == 960);
  CHECK(pass(960, 100).samples == 100);
}

TEST_CASE("stretching allocates nothing") {
  const Pcm& speech = man_8k_band();
  TimeStretcher stretcher;
  std::array<std::int16_t, 1920> room{};
  const std::size_t before = wzp::test::allocations();
  for (std::size_t at = 0; at + 960 <= speech.size(); at += 960) {
    stretcher.process(at % 1920 == 0 ? StretchMode::kExpand : StretchMode::kAccelerate,
                      PcmView(speech).subspan(at, 960), room);
  }
  CHECK(wzp::test::allocations() == before);
}
