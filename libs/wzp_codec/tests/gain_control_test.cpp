#include "wzp/codec/gain_control.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cmath>
#include <cstdlib>

#include "recorded_speech.hpp"
#include "signal_measures.hpp"
#include "wzp/codec/voice_activity_detector.hpp"

using namespace wzp::codec;

namespace {

Pcm scaled(const Pcm& pcm, double gain) {
  Pcm out(pcm.size());
  for (std::size_t i = 0; i < pcm.size(); ++i) {
    out[i] = static_cast<std::int16_t>(std::clamp(pcm[i] * gain, -32768.0, 32767.0));
  }
  return out;
}

Pcm controlled(Pcm pcm) {
  GainControl control;
  VoiceActivityDetector detector;
  for (std::size_t at = 0; at + 960 <= pcm.size(); at += 960) {
    const MutablePcm frame = MutablePcm(pcm).subspan(at, 960);
    control.process(frame, detector.push(frame).active);
  }
  return pcm;
}

}  // namespace

TEST_CASE("quiet and loud speakers come out at the same level") {
  const double gain = GENERATE(0.25, 1.0, 2.0);
  const Pcm out = controlled(scaled(long_speech(), gain));
  const double level = level_db(PcmView(out).last(144000));
  INFO("input scaled by " << gain << ": " << level << " dBFS");
  CHECK(level > -25);
  CHECK(level < -19);
}

TEST_CASE("gain stays as it is while nobody speaks") {
  GainControl control;
  Pcm frame = tone(300, 1000, 960);
  for (int i = 0; i < 100; ++i) {
    Pcm voice = frame;
    control.process(voice, true);
  }
  const float before = control.gain_db();
  CHECK(before > 3);
  for (int i = 0; i < 500; ++i) {
    Pcm noise = tone(300, 10, 960);
    control.process(noise, false);
  }
  CHECK(control.gain_db() == before);
}

TEST_CASE("gain rises by at most 4 dB a second and never beyond its limit") {
  GainControl control;
  for (int frame = 1; frame <= 1000; ++frame) {
    Pcm pcm = tone(300, 30, 960);
    control.process(pcm, true);
    REQUIRE(control.gain_db() <= 4 * 0.02F * static_cast<float>(frame) + 0.01F);
  }
  CHECK(std::abs(control.gain_db() - 18) < 0.01F);
}

TEST_CASE("a shout after a whisper does not clip") {
  GainControl control;
  for (int i = 0; i < 500; ++i) {
    Pcm whisper = tone(300, 100, 960);
    control.process(whisper, true);
  }
  Pcm shout = tone(300, 32000, 960);
  control.process(shout, true);
  int peak = 0;
  for (const auto s : shout) peak = std::max(peak, std::abs(static_cast<int>(s)));
  CHECK(peak <= Limiter::kCeiling);
}
