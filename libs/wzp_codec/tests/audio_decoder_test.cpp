#include "wzp/codec/audio_decoder.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cmath>
#include <cstdlib>

#include "recorded_speech.hpp"
#include "signal_measures.hpp"
#include "wzp/codec/audio_encoder.hpp"
#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace wzp::codec;
using namespace std::chrono_literals;
using proto::CodecId;

namespace {

using Packet = std::vector<std::byte>;

std::vector<Packet> encode_all(const EncoderConfig& config, PcmView speech) {
  auto encoder = AudioEncoder::create(config).value();
  std::vector<Packet> packets;
  std::array<std::byte, kEncodedFrameRoom> room{};
  const std::size_t frame = encoder.samples_per_frame();
  for (; speech.size() >= frame; speech = speech.subspan(frame)) {
    const std::size_t size = encoder.encode(speech.first(frame), room).value();
    packets.emplace_back(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size));
  }
  return packets;
}

void append(Pcm& to, PcmView what) { to.insert(to.end(), what.begin(), what.end()); }

void decode_onto(Pcm& out, AudioDecoder& decoder, CodecId codec, const Packet& packet) {
  std::array<std::int16_t, kMaxPacketSamples> room{};
  const auto n = decoder.decode(codec, packet, room);
  REQUIRE(n.has_value());
  append(out, PcmView(room).first(*n));
}

void conceal_onto(Pcm& out, AudioDecoder& decoder, std::size_t samples = 960) {
  std::array<std::int16_t, kMaxPacketSamples> room{};
  REQUIRE(decoder.conceal(MutablePcm(room).first(samples)).has_value());
  append(out, PcmView(room).first(samples));
}

Pcm decode_all(CodecId codec, const std::vector<Packet>& packets) {
  AudioDecoder decoder;
  Pcm out;
  for (const Packet& p : packets) decode_onto(out, decoder, codec, p);
  return out;
}

}  // namespace

TEST_CASE("Opus gives back the speech it was given") {
  struct Row {
    EncoderConfig config;
    double correlation, snr;
  };
  const auto row = GENERATE(Row{{.codec = CodecId::kOpus24k}, 0.97, 12},
                            Row{{.codec = CodecId::kOpus24k, .frame_duration = 40ms}, 0.97, 12},
                            Row{{.codec = CodecId::kOpus16k, .frame_duration = 60ms}, 0.95, 10},
                            Row{{.codec = CodecId::kOpus6k, .frame_duration = 40ms}, 0.80, 3});
  for (const Pcm* speech : {&man_8k_band(), &woman_8k_band()}) {
    const auto packets = encode_all(row.config, *speech);
    const Pcm out = decode_all(row.config.codec, packets);
    REQUIRE(out.size() == packets.size() * samples_in(row.config.frame_duration));
    const Alignment at = align(PcmView(*speech).first(out.size() - 960), out, 959);
    INFO(proto::name(row.config.codec)
         << " delay " << at.delay << " correlation " << at.correlation);
    CHECK(at.correlation > row.correlation);
    CHECK(snr_db(PcmView(*speech).first(out.size() - 960), out,
                 static_cast<std::size_t>(at.delay)) > row.snr);
    CHECK(std::abs(at.delay - 312) <= 5);
  }
}

TEST_CASE("Codec2 gives back the course of the speech it was given") {
  struct Row {
    EncoderConfig config;
    double envelope;
  };
  const auto row = GENERATE(Row{{.codec = CodecId::kCodec2_3200}, 0.93},
                            Row{{.codec = CodecId::kCodec2_1200, .frame_duration = 40ms}, 0.90},
                            Row{{.codec = CodecId::kCodec2_1200, .frame_duration = 120ms}, 0.90});
  for (const Pcm* speech : {&man_8k_band(), &woman_8k_band()}) {
    const auto packets = encode_all(row.config, *speech);
    const Pcm out = decode_all(row.config.codec, packets);
    REQUIRE(out.size() == packets.size() * samples_in(row.config.frame_duration));
    INFO(proto::name(row.config.codec));
    CHECK(envelope_correlation(PcmView(*speech).first(out.size() - 2880), out, 2880) >
          row.envelope);
    CHECK(std::abs(level_db(out) - level_db(*speech)) < 4);
  }
}

TEST_CASE("a packet decodes to the duration it holds, whatever the decoder saw before") {
  AudioDecoder decoder;
  Pcm out;
  const Pcm& speech = man_8k_band();
  for (const auto duration : {20ms, 60ms, 40ms, 10ms, 120ms, 20ms}) {
    const EncoderConfig config{.codec = CodecId::kOpus16k, .frame_duration = duration};
    const auto packets = encode_all(config, PcmView(speech).first(48000));
    const std::size_t before = out.size();
    decode_onto(out, decoder, CodecId::kOpus16k, packets[3]);
    CHECK(out.size() - before == samples_in(duration));
    CHECK(samples_in_packet(CodecId::kOpus24k, packets[3]).value() == samples_in(duration));
  }
}

TEST_CASE("10,000 packets decode to exactly 10,000 frames") {
  const auto codec = GENERATE(CodecId::kOpus6k, CodecId::kCodec2_3200);
  const auto packets = encode_all({.codec = codec}, PcmView(man_8k_band()).first(48000));
  AudioDecoder decoder;
  std::array<std::int16_t, kMaxPacketSamples> room{};
  std::size_t samples = 0;
  for (std::size_t i = 0; i < 10000; ++i) {
    samples += decoder.decode(codec, packets[i % packets.size()], room).value();
  }
  CHECK(samples == 10000 * 960);
}

TEST_CASE("payloads of a wrong size are errors and decode nothing") {
  AudioDecoder decoder;
  std::array<std::int16_t, kMaxPacketSamples> room{};
  const auto error = [&](CodecId codec, std::size_t size) {
    const Packet packet(size, std::byte{0x55});
    const auto result = decoder.decode(codec, packet, room);
    REQUIRE_FALSE(result.has_value());
    return result.error();
  };
  CHECK(error(CodecId::kOpus24k, 0) == Errc::kEmptyPayload);
  CHECK(error(CodecId::kCodec2_1200, 0) == Errc::kEmptyPayload);
  for (const std::size_t n : {1U, 5U, 7U, 8U, 24U, 600U}) {
    CHECK(error(CodecId::kCodec2_1200, n) == Errc::kWrongPayloadSize);
  }
  for (const std::size_t n : {1U, 6U, 7U, 9U, 56U, 256U}) {
    CHECK(error(CodecId::kCodec2_3200, n) == Errc::kWrongPayloadSize);
  }
  CHECK(error(static_cast<CodecId>(11), 20) == Errc::kUnsupportedCodec);
  // Code 3 with a frame count of zero.
  const Packet no_frames{std::byte{0x03}, std::byte{0x00}};
  CHECK(decoder.decode(CodecId::kOpus24k, no_frames, room).error() == Errc::kMalformedPacket);
}

TEST_CASE("too little room is an error before anything is decoded") {
  const auto packets = encode_all({.codec = CodecId::kOpus24k, .frame_duration = 40ms},
                                  PcmView(man_8k_band()).first(9600));
  AudioDecoder decoder;
  std::array<std::int16_t, 1920> room{};
  const auto small = decoder.decode(CodecId::kOpus24k, packets[0], MutablePcm(room).first(1919));
  REQUIRE_FALSE(small.has_value());
  CHECK(small.error() == Errc::kOutputTooSmall);
  CHECK(decoder.decode(CodecId::kOpus24k, packets[0], room).value() == 1920);
}

TEST_CASE("random payloads give an error or noise") {
  SeededRng rng(20);
  AudioDecoder decoder;
  std::array<std::int16_t, kMaxPacketSamples> room{};
  std::size_t decoded = 0;
  for (int i = 0; i < 3000; ++i) {
    Packet packet(rng.next_u64() % 70);
    rng.fill(packet);
    const auto codec = static_cast<CodecId>(rng.next_u64() % 7);
    const auto result = decoder.decode(codec, packet, room);
    if (result) {
      REQUIRE(*result <= kMaxPacketSamples);
      ++decoded;
    }
    REQUIRE(decoder.conceal(MutablePcm(room).first(480)).has_value());
  }
  CHECK(decoded > 500);
}

TEST_CASE("concealment carries a vowel over one lost frame") {
  const auto codec = GENERATE(CodecId::kOpus24k, CodecId::kCodec2_3200);
  const Pcm& speech = man_8k_band();
  const auto packets = encode_all({.codec = codec}, speech);
  const Pcm clean = decode_all(codec, packets);
  // The loudest frame is in the middle of a vowel.
  std::size_t lost = 1;
  for (std::size_t i = 1; i + 1 < packets.size(); ++i) {
    if (rms(PcmView(clean).subspan(i * 960, 960)) > rms(PcmView(clean).subspan(lost * 960, 960))) {
      lost = i;
    }
  }
  AudioDecoder decoder;
  Pcm out;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    i == lost ? conceal_onto(out, decoder) : decode_onto(out, decoder, codec, packets[i]);
  }
  REQUIRE(out.size() == clean.size());
  const PcmView hole = PcmView(out).subspan(lost * 960, 960);
  CHECK(rms(hole) > 0.4 * rms(PcmView(clean).subspan(lost * 960, 960)));
}

TEST_CASE("concealment of a long loss fades and never cuts") {
  const auto codec =
      GENERATE(CodecId::kOpus24k, CodecId::kOpus6k, CodecId::kCodec2_3200, CodecId::kCodec2_1200);
  const auto packets = encode_all({.codec = codec, .frame_duration = 40ms}, man_8k_band());
  AudioDecoder decoder;
  Pcm out;
  for (std::size_t i = 0; i < 20; ++i) decode_onto(out, decoder, codec, packets[i]);
  const Pcm speech = out;
  const std::size_t start = out.size();
  for (int i = 0; i < 50; ++i) conceal_onto(out, decoder);
  const PcmView loss = PcmView(out).subspan(start);
  INFO(proto::name(codec));
  // Half a second in, what is left is at most the background.
  CHECK(level_db(loss.subspan(24000, 9600)) < level_db(PcmView(speech).last(9600)) - 15);
  // No 10 ms step falls from speech to silence: a cut drops by far more than this.
  for (std::size_t i = 480; i + 480 <= 9600; i += 480) {
    const double drop = level_db(loss.subspan(i - 480, 480)) - level_db(loss.subspan(i, 480));
    CHECK(drop < 15);
  }
  CHECK(roughest_corner(loss) <= roughest_corner(speech));
}

TEST_CASE("concealment fills whole tens of milliseconds only") {
  AudioDecoder decoder;
  std::array<std::int16_t, 6240> room{};
  room.fill(77);
  for (const std::size_t wrong : {1U, 479U, 961U, 6240U}) {
    const auto result = decoder.conceal(MutablePcm(room).first(wrong));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error() == Errc::kWrongFrameLength);
  }
  REQUIRE(decoder.conceal(MutablePcm(room).first(kMaxPacketSamples)).has_value());
  CHECK(rms(PcmView(room).first(kMaxPacketSamples)) == 0);
  CHECK(room[kMaxPacketSamples] == 77);
}

TEST_CASE("a Codec2 stream goes on without a step after a lost frame") {
  const auto codec = GENERATE(CodecId::kCodec2_3200, CodecId::kCodec2_1200);
  // A sung vowel: any corner above its own is a seam.
  Pcm vowel(144000);
  for (const double harmonic : {1.0, 2.0, 3.0, 4.0, 5.0}) {
    const Pcm partial = tone(130 * harmonic, 6000 / harmonic, vowel.size());
    for (std::size_t i = 0; i < vowel.size(); ++i) {
      vowel[i] = static_cast<std::int16_t>(vowel[i] + partial[i]);
    }
  }
  const auto packets = encode_all({.codec = codec, .frame_duration = 40ms}, vowel);
  const Pcm clean = decode_all(codec, packets);
  AudioDecoder decoder;
  Pcm out;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    // 10 ms concealed, then real speech again in the middle of the repeated frame.
    if (i % 5 == 4) conceal_onto(out, decoder, 480);
    decode_onto(out, decoder, codec, packets[i]);
  }
  const int calm = roughest_corner(PcmView(clean).subspan(9600));
  CHECK(roughest_corner(PcmView(out).subspan(9600)) < 1.25 * calm);
}

TEST_CASE("a change of codec in the middle of a word makes no click") {
  const auto [from, to] = GENERATE(std::pair{CodecId::kOpus24k, CodecId::kCodec2_1200},
                                   std::pair{CodecId::kCodec2_1200, CodecId::kOpus24k},
                                   std::pair{CodecId::kOpus24k, CodecId::kComfortNoise},
                                   std::pair{CodecId::kCodec2_3200, CodecId::kCodec2_1200});
  const Pcm& speech = man_8k_band();
  const auto packets_of = [&](CodecId codec) {
    if (codec == CodecId::kComfortNoise) return std::vector<Packet>(75, Packet{std::byte{50}});
    return encode_all({.codec = codec, .frame_duration = 40ms}, speech);
  };
  const auto before = packets_of(from);
  const auto after = packets_of(to);
  const int calm =
      std::max(roughest_corner(decode_all(from, before)), roughest_corner(decode_all(to, after)));
  for (std::size_t at = 10; at < 60; at += 7) {
    AudioDecoder decoder;
    Pcm out;
    for (std::size_t i = 0; i < at; ++i) decode_onto(out, decoder, from, before[i]);
    const std::size_t seam = out.size();
    for (std::size_t i = at; i < at + 3; ++i) decode_onto(out, decoder, to, after[i]);
    INFO(proto::name(from) << " -> " << proto::name(to) << " at packet " << at);
    CHECK(roughest_corner(PcmView(out).subspan(seam - 480, 1440)) <= calm);
  }
}

TEST_CASE("a comfort-noise packet plays 20 ms of noise at its level") {
  AudioDecoder decoder;
  Pcm out;
  const Packet loud{std::byte{200}};
  for (int i = 0; i < 50; ++i) decode_onto(out, decoder, CodecId::kComfortNoise, loud);
  CHECK(out.size() == 50 * 960);
  CHECK(std::abs(rms(PcmView(out).last(24000)) - 200 / std::sqrt(3.0)) < 3);
  conceal_onto(out, decoder);
  CHECK(std::abs(rms(PcmView(out).last(960)) - 200 / std::sqrt(3.0)) < 10);
  for (int i = 0; i < 5; ++i) decode_onto(out, decoder, CodecId::kComfortNoise, Packet{});
  CHECK(std::abs(rms(PcmView(out).last(2880)) - 50 / std::sqrt(3.0)) < 3);
}

TEST_CASE("in-band redundancy brings back the lost frame before") {
  const Pcm& speech = man_8k_band();
  const EncoderConfig config{
      .codec = CodecId::kOpus16k, .bits_per_second = 20000, .expected_loss_percent = 25};
  const auto packets = encode_all(config, speech);
  const Pcm clean = decode_all(config.codec, packets);
  double with_fec = 0;
  double with_plc = 0;
  std::size_t carried = 0;
  for (std::size_t i = 11; i + 1 < packets.size(); i += 9) {
    if (!has_redundancy(config.codec, packets[i])) continue;
    ++carried;
    for (const bool fec : {false, true}) {
      AudioDecoder decoder;
      Pcm out;
      for (std::size_t k = i - 11; k + 1 < i; ++k) {
        decode_onto(out, decoder, config.codec, packets[k]);
      }
      Pcm frame(960);
      REQUIRE((fec ? decoder.decode_fec(config.codec, packets[i], frame) : decoder.conceal(frame))
                  .has_value());
      const double c = correlation(frame, PcmView(clean).subspan((i - 1) * 960, 960));
      (fec ? with_fec : with_plc) += c;
    }
  }
  REQUIRE(carried > 5);
  CHECK(with_fec / static_cast<double>(carried) > 0.8);
  CHECK(with_fec > with_plc + 0.1 * static_cast<double>(carried));
}

TEST_CASE("without expected loss there is no redundancy to decode") {
  const auto packets = encode_all({.codec = CodecId::kOpus16k}, man_8k_band());
  AudioDecoder decoder;
  Pcm frame(960);
  for (const Packet& p : packets) {
    REQUIRE_FALSE(has_redundancy(CodecId::kOpus16k, p));
    REQUIRE(decoder.decode_fec(CodecId::kOpus16k, p, frame).error() == Errc::kNoRedundancy);
  }
  CHECK_FALSE(has_redundancy(CodecId::kCodec2_1200, packets[0]));
}

TEST_CASE("a reset decoder forgets the stream") {
  const auto codec = GENERATE(CodecId::kOpus24k, CodecId::kCodec2_3200, CodecId::kComfortNoise);
  const auto packets = codec == CodecId::kComfortNoise
                           ? std::vector<Packet>(20, Packet{std::byte{255}})
                           : encode_all({.codec = codec}, man_8k_band());
  AudioDecoder decoder;
  Pcm out;
  for (std::size_t i = 0; i < 20; ++i) decode_onto(out, decoder, codec, packets[i]);
  decoder.reset();
  out.clear();
  conceal_onto(out, decoder, 1920);
  CHECK(rms(out) == 0);
}
