#include "wzp/codec/audio_encoder.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <system_error>

#include "recorded_speech.hpp"
#include "signal_measures.hpp"
#include "support/allocation_counter.hpp"
#include "wzp/codec/audio_decoder.hpp"

using namespace wzp;
using namespace wzp::codec;
using namespace std::chrono_literals;
using proto::CodecId;

namespace {

AudioEncoder make(const EncoderConfig& config) {
  auto encoder = AudioEncoder::create(config);
  REQUIRE(encoder.has_value());
  return std::move(*encoder);
}

// Mean bit rate of a whole recording.
double kbps(const EncoderConfig& config, PcmView speech) {
  AudioEncoder encoder = make(config);
  std::array<std::byte, kEncodedFrameRoom> room{};
  const std::size_t frame = encoder.samples_per_frame();
  std::size_t bytes = 0;
  std::size_t frames = 0;
  for (; speech.size() >= frame; speech = speech.subspan(frame), ++frames) {
    bytes += encoder.encode(speech.first(frame), room).value();
  }
  const double seconds = static_cast<double>(frames * frame) / 48000;
  return static_cast<double>(bytes) * 8 / 1000 / seconds;
}

}  // namespace

TEST_CASE("an encoder takes frames of exactly its length") {
  const auto codec =
      GENERATE(CodecId::kOpus24k, CodecId::kOpus6k, CodecId::kCodec2_3200, CodecId::kCodec2_1200);
  AudioEncoder encoder = make({.codec = codec, .frame_duration = 40ms});
  REQUIRE(encoder.samples_per_frame() == 1920);
  std::array<std::byte, kEncodedFrameRoom> room{};
  const Pcm pcm(2000);
  CHECK(encoder.encode(PcmView(pcm).first(1920), room).has_value());
  for (const std::size_t wrong : {0U, 1U, 960U, 1919U, 1921U}) {
    const auto result = encoder.encode(PcmView(pcm).first(wrong), room);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error() == Errc::kWrongFrameLength);
  }
}

TEST_CASE("an encoder refuses what its codec does not have") {
  const auto refusal = [](const EncoderConfig& config) {
    auto made = AudioEncoder::create(config);
    REQUIRE_FALSE(made.has_value());
    return made.error();
  };
  CHECK(refusal({.codec = CodecId::kComfortNoise}) == Errc::kUnsupportedCodec);
  CHECK(refusal({.codec = static_cast<CodecId>(9)}) == Errc::kUnsupportedCodec);
  CHECK(refusal({.frame_duration = 30ms}) == Errc::kUnsupportedDuration);
  CHECK(refusal({.frame_duration = 0ms}) == Errc::kUnsupportedDuration);
  CHECK(refusal({.codec = CodecId::kCodec2_1200, .frame_duration = 20ms}) ==
        Errc::kUnsupportedDuration);
  CHECK(refusal({.codec = CodecId::kCodec2_3200, .frame_duration = 140ms}) ==
        Errc::kUnsupportedDuration);
  CHECK(refusal({.bits_per_second = 5999}) == Errc::kBitrateOutOfRange);
  CHECK(refusal({.bits_per_second = 128001}) == Errc::kBitrateOutOfRange);
  CHECK(refusal({.codec = CodecId::kCodec2_3200, .bits_per_second = 6000}) ==
        Errc::kBitrateOutOfRange);
}

TEST_CASE("an error says what was expected") {
  const std::error_code code = Errc::kUnsupportedDuration;
  CHECK(code.category().name() == std::string("wzp.codec"));
  CHECK(code.message().find("10, 20, 40, 60") != std::string::npos);
}

TEST_CASE("Codec2 frames are exactly as long as the mode says") {
  struct Row {
    CodecId codec;
    std::chrono::milliseconds duration;
    std::size_t bytes;
  };
  const auto row =
      GENERATE(Row{CodecId::kCodec2_3200, 20ms, 8}, Row{CodecId::kCodec2_3200, 60ms, 24},
               Row{CodecId::kCodec2_1200, 40ms, 6}, Row{CodecId::kCodec2_1200, 120ms, 18});
  AudioEncoder encoder = make({.codec = row.codec, .frame_duration = row.duration});
  const Pcm frame(encoder.samples_per_frame());
  std::array<std::byte, 64> room{};
  CHECK(encoder.encode(frame, room).value() == row.bytes);
  const auto small = encoder.encode(frame, MutableBytes(room).first(row.bytes - 1));
  REQUIRE_FALSE(small.has_value());
  CHECK(small.error() == Errc::kOutputTooSmall);
}

TEST_CASE("an Opus encoder keeps near the rate it was given") {
  const Pcm& speech = long_speech();
  struct Row {
    EncoderConfig config;
    double kbps;
  };
  const auto row = GENERATE(
      Row{{.codec = CodecId::kOpus24k}, 24}, Row{{.codec = CodecId::kOpus16k}, 16},
      Row{{.codec = CodecId::kOpus6k, .frame_duration = 40ms}, 6},
      Row{{.codec = CodecId::kOpus24k, .frame_duration = 60ms, .bits_per_second = 9000}, 9});
  const double measured = kbps(row.config, speech);
  INFO("asked " << row.kbps << ", measured " << measured << " kbit/s");
  CHECK(measured < 1.15 * row.kbps);
  CHECK(measured > 0.6 * row.kbps);
}

TEST_CASE("an Opus encoder never writes more than it was given room for") {
  AudioEncoder encoder = make({.codec = CodecId::kOpus24k});
  const Pcm& speech = man_8k_band();
  std::array<std::byte, 24> room{};
  room.fill(std::byte{0xee});
  for (std::size_t i = 0; i + 960 <= 96000; i += 960) {
    const auto size = encoder.encode(PcmView(speech).subspan(i, 960), MutableBytes(room).first(20));
    REQUIRE(size.has_value());
    REQUIRE(*size <= 20);
  }
  CHECK(room[20] == std::byte{0xee});
  CHECK_FALSE(encoder.encode(PcmView(speech).first(960), {}).has_value());
}

TEST_CASE("silence makes 1-byte packets only when DTX is asked for") {
  const bool dtx = GENERATE(false, true);
  AudioEncoder encoder = make({.codec = CodecId::kOpus16k, .dtx = dtx});
  const Pcm silence(960);
  std::array<std::byte, kEncodedFrameRoom> room{};
  std::size_t tiny = 0;
  for (int i = 0; i < 100; ++i) tiny += encoder.encode(silence, room).value() <= 2 ? 1 : 0;
  CHECK((tiny > 50) == dtx);
}

TEST_CASE("encoding and decoding allocate nothing, inside the codec libraries either") {
  if (!wzp::test::allocations_are_counted()) SUCCEED("the sanitizer owns malloc in this build");
  const auto codec = GENERATE(CodecId::kOpus24k, CodecId::kOpus16k, CodecId::kOpus6k,
                              CodecId::kCodec2_3200, CodecId::kCodec2_1200);
  AudioEncoder encoder = make({.codec = codec, .frame_duration = 40ms});
  AudioDecoder decoder;
  const Pcm& speech = man_8k_band();
  std::array<std::byte, kEncodedFrameRoom> room{};
  std::array<std::int16_t, kMaxPacketSamples> pcm{};
  const std::size_t before = wzp::test::allocations();
  for (std::size_t i = 0; i + 1920 <= speech.size(); i += 1920) {
    const auto size = encoder.encode(PcmView(speech).subspan(i, 1920), room);
    REQUIRE(decoder.decode(codec, ByteView(room).first(*size), pcm).has_value());
    REQUIRE(decoder.conceal(MutablePcm(pcm).first(960)).has_value());
  }
  INFO(proto::name(codec));
  CHECK(wzp::test::allocations() - before == 0);
}
