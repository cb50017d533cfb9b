// One encoder and one decoder through changes of codec, rate and frame length in mid-speech.
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cmath>

#include "recorded_speech.hpp"
#include "signal_measures.hpp"
#include "support/allocation_counter.hpp"
#include "wzp/codec/audio_decoder.hpp"
#include "wzp/codec/audio_encoder.hpp"

using namespace wzp;
using namespace wzp::codec;
using namespace std::chrono_literals;
using proto::CodecId;

namespace {

const EncoderConfig kGood = EncoderConfig::for_profile(proto::kProfileGood);
const EncoderConfig kDegraded = EncoderConfig::for_profile(proto::kProfileDegraded);
const EncoderConfig kCatastrophic = EncoderConfig::for_profile(proto::kProfileCatastrophic);

// Speech through one encoder that takes each of `plan` in turn for `period` samples, and one
// decoder.
Pcm through(const std::vector<EncoderConfig>& plan, std::size_t period, PcmView speech) {
  auto encoder = AudioEncoder::create(plan[0]).value();
  AudioDecoder decoder;
  std::array<std::byte, kEncodedFrameRoom> room{};
  std::array<std::int16_t, kMaxPacketSamples> pcm{};
  Pcm out;
  while (speech.size() >= encoder.samples_per_frame()) {
    REQUIRE(encoder.reconfigure(plan[out.size() / period % plan.size()]).has_value());
    const std::size_t n = encoder.samples_per_frame();
    if (speech.size() < n) break;
    const auto size = encoder.encode(speech.first(n), room).value();
    REQUIRE(decoder.decode(encoder.config().codec, ByteView(room).first(size), pcm).value() == n);
    out.insert(out.end(), pcm.begin(), pcm.begin() + static_cast<std::ptrdiff_t>(n));
    speech = speech.subspan(n);
  }
  return out;
}

// An "ah" at 150 Hz: harmonics up to 3.5 kHz under three formants.
Pcm sung_vowel(std::size_t samples) {
  Pcm vowel(samples);
  for (int harmonic = 1; harmonic < 24; ++harmonic) {
    const double hz = 150.0 * harmonic;
    double amplitude = 0;
    for (const double formant : {700.0, 1200.0, 2600.0}) {
      const double off = (hz - formant) / 150;
      amplitude += 400000 / formant / (1 + off * off) + 30;
    }
    const Pcm partial = tone(hz + 0.1 * harmonic, amplitude, samples);
    for (std::size_t i = 0; i < samples; ++i) {
      vowel[i] = static_cast<std::int16_t>(vowel[i] + partial[i]);
    }
  }
  return vowel;
}

}  // namespace

TEST_CASE("profiles that change every second leave no hole and no click in a vowel") {
  const Pcm vowel = sung_vowel(12 * 48000);
  const std::vector<EncoderConfig> all{kGood,     kDegraded, kCatastrophic,
                                       kDegraded, kGood,     kCatastrophic};
  const Pcm out = through(all, 48000, vowel);
  int calm = 0;
  double quietest = 0;
  for (const EncoderConfig& one : {kGood, kDegraded, kCatastrophic}) {
    const Pcm alone = through({one}, 48000, PcmView(vowel).first(96000));
    calm = std::max(calm, roughest_corner(PcmView(alone).subspan(9600)));
    for (std::size_t i = 9600; i + 480 <= alone.size(); i += 480) {
      quietest = std::min(quietest, level_db(PcmView(alone).subspan(i, 480)) - level_db(alone));
    }
  }
  const PcmView settled = PcmView(out).subspan(9600);
  CHECK(roughest_corner(settled) < 1.5 * calm);
  for (std::size_t i = 0; i + 480 <= settled.size(); i += 480) {
    INFO("at " << static_cast<double>(i + 9600) / 48000 << " s");
    REQUIRE(level_db(settled.subspan(i, 480)) > level_db(settled) + quietest - 3);
  }
}

TEST_CASE("speech keeps its course through changing profiles") {
  const Pcm& speech = long_speech();
  const Pcm out = through({kGood, kCatastrophic, kDegraded}, 48000, speech);
  CHECK(envelope_correlation(PcmView(speech).first(out.size() - 2880), out, 2880) > 0.88);
}

TEST_CASE("a change within Opus does not disturb the waveform") {
  const Pcm& speech = man_8k_band();
  EncoderConfig lower = kGood;
  lower.bits_per_second = 12000;
  EncoderConfig longer = lower;
  longer.frame_duration = 60ms;
  const Pcm out = through({kGood, lower, longer}, 9600, speech);
  const PcmView reference = PcmView(speech).first(out.size() - 960);
  CHECK(align(reference, out, 959).correlation > 0.93);
}

TEST_CASE("a change that cannot be made leaves the encoder as it was") {
  auto encoder = AudioEncoder::create(kGood).value();
  EncoderConfig wrong = kCatastrophic;
  wrong.frame_duration = 20ms;
  CHECK(encoder.reconfigure(wrong).error() == Errc::kUnsupportedDuration);
  CHECK(encoder.set_bitrate(1).error() == Errc::kBitrateOutOfRange);
  CHECK(encoder.config().codec == CodecId::kOpus24k);
  CHECK(encoder.config().bits_per_second == 0);
  CHECK(encoder.samples_per_frame() == 960);
  REQUIRE(encoder.reconfigure(kCatastrophic).has_value());
  CHECK(encoder.set_bitrate(12000).error() == Errc::kUnsupportedCodec);
}

TEST_CASE("a new bit rate holds from the next frame on") {
  const Pcm& speech = long_speech();
  auto encoder = AudioEncoder::create(kGood).value();
  std::array<std::byte, kEncodedFrameRoom> room{};
  double last = 0;
  std::size_t at = 0;
  for (const std::uint32_t rate : {8000U, 16000U, 32000U}) {
    REQUIRE(encoder.set_bitrate(rate).has_value());
    std::size_t bytes = 0;
    for (int i = 0; i < 150; ++i, at += 960) {
      bytes += encoder.encode(PcmView(speech).subspan(at, 960), room).value();
    }
    const double kbps = static_cast<double>(bytes) * 8 / 3000;
    INFO("asked " << rate << ", got " << kbps << " kbit/s");
    CHECK(kbps > 1.3 * last);
    CHECK(std::abs(kbps * 1000 / rate - 1) < 0.3);
    last = kbps;
  }
}

TEST_CASE("expected loss is what turns redundancy on, and more loss buys more of it") {
  const Pcm& speech = long_speech();
  const auto share = [&](std::uint8_t loss) {
    EncoderConfig config = kGood;
    config.bits_per_second = 20000;
    auto encoder = AudioEncoder::create(config).value();
    encoder.set_expected_loss(loss);
    CHECK(encoder.config().expected_loss_percent == std::min<int>(loss, 100));
    std::array<std::byte, kEncodedFrameRoom> room{};
    int carrying = 0;
    for (std::size_t at = 0; at + 960 <= speech.size(); at += 960) {
      const auto size = encoder.encode(PcmView(speech).subspan(at, 960), room).value();
      carrying += has_redundancy(CodecId::kOpus24k, ByteView(room).first(size)) ? 1 : 0;
    }
    return carrying / (static_cast<double>(speech.size()) / 960);
  };
  CHECK(share(0) == 0);
  CHECK(share(20) > 0.5);
  CHECK(share(200) >= share(5));
}

TEST_CASE("changes within Opus allocate nothing") {
  auto encoder = AudioEncoder::create(kGood).value();
  const std::size_t before = wzp::test::allocations();
  for (std::uint32_t i = 0; i < 20; ++i) {
    REQUIRE(encoder.reconfigure(i % 2 == 0 ? kDegraded : kGood).has_value());
    REQUIRE(encoder.set_bitrate(8000 + 1000 * i).has_value());
    encoder.set_expected_loss(static_cast<std::uint8_t>(i));
  }
  CHECK(wzp::test::allocations() == before);
}
