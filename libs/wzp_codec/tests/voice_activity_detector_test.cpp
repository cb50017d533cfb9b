#include "wzp/codec/voice_activity_detector.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <optional>

#include "background_noise.hpp"
#include "signal_measures.hpp"
#include "wzp/codec/noise_suppressor.hpp"

using namespace wzp::codec;

namespace {

// Words with two seconds of silence between them, four times.
Pcm words_and_pauses() {
  Pcm out(48000);
  for (int i = 0; i < 4; ++i) {
    out.insert(out.end(), words_48k().begin(), words_48k().end());
    out.resize(out.size() + 96000);
  }
  out.resize(out.size() / 960 * 960);
  return out;
}

// Which samples are sent, look-back included.
std::vector<bool> sent(PcmView pcm, bool with_probability) {
  VoiceActivityDetector detector;
  NoiseSuppressor suppressor;
  std::vector<bool> out;
  Pcm scratch(960);
  for (; pcm.size() >= 960; pcm = pcm.subspan(960)) {
    std::copy_n(pcm.begin(), 960, scratch.begin());
    std::optional<float> probability;
    if (with_probability) probability = suppressor.process(scratch).value();
    const VoiceActivity activity = detector.push(pcm.first(960), probability);
    if (activity.onset) {
      const std::size_t back = detector.look_back().size();
      std::fill(out.end() - static_cast<std::ptrdiff_t>(back), out.end(), true);
    }
    out.insert(out.end(), 960, activity.active);
  }
  return out;
}

double share(const std::vector<bool>& flags) {
  return static_cast<double>(std::count(flags.begin(), flags.end(), true)) /
         static_cast<double>(flags.size());
}

// Energy of the clean speech that is not sent, relative to all of it.
double lost_energy(const Pcm& clean, const std::vector<bool>& flags) {
  double lost = 0;
  double all = 0;
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const double e = static_cast<double>(clean[i]) * clean[i];
    all += e;
    lost += flags[i] ? 0 : e;
  }
  return lost / all;
}

}  // namespace

TEST_CASE("pauses are not sent and words are, whole") {
  const bool probability = GENERATE(false, true);
  const Pcm pcm = words_and_pauses();
  const auto flags = sent(pcm, probability);
  CHECK(lost_energy(pcm, flags) < 1e-4);
  CHECK(share(flags) < 0.45);
  CHECK(share(flags) > 0.2);
}

TEST_CASE("words in noise are sent whole and most pauses are not") {
  const bool probability = GENERATE(false, true);
  const auto kind = GENERATE(Background::kPink, Background::kCar);
  const Pcm clean = words_and_pauses();
  const auto flags = sent(in_background(clean, kind, 15), probability);
  INFO("background " << static_cast<int>(kind) << ", sent " << share(flags));
  CHECK(lost_energy(clean, flags) < 2e-3);
  CHECK(share(flags) < 0.65);
}

TEST_CASE("a quiet speaker is not cut") {
  Pcm quiet = words_and_pauses();
  for (auto& s : quiet) s = static_cast<std::int16_t>(s / 40);  // about -55 dBFS
  CHECK(lost_energy(quiet, sent(quiet, false)) < 1e-3);
}

TEST_CASE("an onset hands out the frames just before it") {
  VoiceActivityDetector detector;
  Pcm marked(960);
  for (std::int16_t frame = 0; frame < 60; ++frame) {
    std::fill(marked.begin(), marked.end(), frame);  // a constant is rumble, not voice
    REQUIRE_FALSE(detector.push(marked).active);
  }
  const Pcm loud = tone(500, 8000, 960);
  const VoiceActivity first = detector.push(loud);
  CHECK(first.active);
  CHECK(first.onset);
  REQUIRE(detector.look_back().size() == 1920);
  CHECK(detector.look_back()[0] == 58);
  CHECK(detector.look_back()[1919] == 59);
  const VoiceActivity second = detector.push(loud);
  CHECK(second.active);
  CHECK_FALSE(second.onset);
}

TEST_CASE("activity outlasts the voice by the hangover") {
  VoiceActivityDetector detector({.hangover = std::chrono::milliseconds(100)});
  const Pcm silence(960);
  detector.push(silence);
  detector.push(tone(500, 8000, 960));
  int frames = 0;
  while (detector.push(silence).active) ++frames;
  CHECK(frames >= 4);
  CHECK(frames <= 6);
}

TEST_CASE("a frame longer than the look-back leaves none") {
  VoiceActivityDetector detector;
  const Pcm silence(2880);
  detector.push(silence);
  CHECK(detector.push(tone(500, 8000, 2880)).onset);
  CHECK(detector.look_back().empty());
}
