// CallEncoder to CallDecoder over a bad path, in virtual time, without network code.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <map>
#include <numbers>
#include <vector>

#include "wzp/client/call_decoder.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/transport/channel.hpp"

using namespace wzp;
using namespace std::chrono_literals;
using client::PlayoutOrigin;

namespace {

/// A vowel-like sound whose pitch and loudness wander: every frame differs from every other.
class Voice final : public client::AudioSource {
 public:
  bool read(client::MutablePcm out) override {
    for (std::int16_t& s : out) {
      const double t = static_cast<double>(n_++) / 48000.0;
      const double pitch = 120.0 + 30.0 * std::sin(2 * std::numbers::pi * 0.7 * t);
      phase_ += 2 * std::numbers::pi * pitch / 48000.0;
      double v = 0;
      for (int h = 1; h <= 12; ++h) v += std::sin(h * phase_) / h;
      s = static_cast<std::int16_t>(4000.0 * v * (1.2 + std::sin(2 * std::numbers::pi * 1.3 * t)));
    }
    return true;
  }

 private:
  std::uint64_t n_ = 0;
  double phase_ = 0;
};

/// Sends `ticks` frames through a channel, plays on a 20 ms clock of its own.
struct Line {
  explicit Line(const proto::QualityProfile& profile, const transport::ChannelConfig& path)
      : encoder(profile), channel(path) {
    decoder.set_recovered_observer(
        [](void* self, MediaTime32 time, ByteView frame) {
          auto& line = *static_cast<Line*>(self);
          line.recovered.emplace_back(time.value(),
                                      std::vector<std::byte>(frame.begin(), frame.end()));
        },
        this);
  }

  void run(int ticks, bool talking) {
    for (int i = 0; i < ticks; ++i) {
      if (talking) {
        std::array<std::int16_t, client::kSamplesPerTick> pcm;
        voice.read(pcm);
        send(encoder.push(pcm));
      }
      now += 20ms;
      while (const auto packet = channel.pop_due(now)) {
        const auto parsed = proto::parse_media_packet(packet->bytes);
        REQUIRE(parsed);
        decoder.handle_packet(*parsed, packet->due_at);
      }
      origins.push_back(decoder.play(out, now));
    }
  }

  void send(std::span<const client::EncodedPacket> packets) {
    for (const auto& packet : packets) {
      const auto parsed = proto::parse_media_packet(packet.bytes);
      REQUIRE(parsed);
      if (!packet.is_repair) {
        encoded[parsed->header.timestamp.value()].assign(parsed->payload.begin(),
                                                         parsed->payload.end());
      }
      channel.push(packet.bytes, now);
    }
  }

  Voice voice;
  client::CallEncoder encoder;
  transport::Channel channel;
  client::CallDecoder decoder;
  Instant now{};
  std::array<std::int16_t, client::kSamplesPerTick> out{};
  std::vector<PlayoutOrigin> origins;
  std::map<std::uint32_t, std::vector<std::byte>> encoded;
  std::vector<std::pair<std::uint32_t, std::vector<std::byte>>> recovered;
};

transport::ChannelConfig lossy(double loss, std::uint64_t seed = 1) {
  transport::ChannelConfig c;
  c.seed = seed;
  c.delay = 30ms;
  c.jitter = 30ms;
  c.loss_rate = loss;
  return c;
}

}  // namespace

TEST_CASE("recovered frames are byte for byte what the encoder made, and most are in time") {
  Line line(proto::kProfileGood, lossy(0.10));
  line.run(20000, true);
  line.send(line.encoder.finish());
  line.decoder.end_of_stream();
  line.run(100, false);

  REQUIRE(line.recovered.size() > 500);
  for (const auto& [time, frame] : line.recovered) {
    CAPTURE(time);
    REQUIRE(line.encoded.contains(time));
    REQUIRE(line.encoded.at(time) == frame);
  }
  const client::ReceiveStatistics r = line.decoder.statistics();
  const std::uint64_t lost = 20000 - r.frames_received - r.frames_late;
  INFO("lost " << lost << " recovered " << r.frames_recovered << " concealed " << r.frames_concealed
               << " late " << r.frames_late << " discarded " << r.frames_discarded);
  CHECK(lost > 1800);
  CHECK(r.frames_recovered >= lost / 2);
  CHECK(r.frames_late * 100 < 20000);
  CHECK(r.frames_played ==
        r.frames_received + r.frames_recovered + r.frames_concealed + r.frames_comfort);
}

TEST_CASE("the two long profiles recover what their redundancy allows") {
  for (const auto& profile : {proto::kProfileDegraded, proto::kProfileCatastrophic}) {
    CAPTURE(proto::name(profile.codec));
    Line line(profile, lossy(0.10));
    line.run(6000, true);
    line.send(line.encoder.finish());
    line.decoder.end_of_stream();
    line.run(200, false);
    for (const auto& [time, frame] : line.recovered) REQUIRE(line.encoded.at(time) == frame);
    const client::ReceiveStatistics r = line.decoder.statistics();
    INFO("received " << r.frames_received << " recovered " << r.frames_recovered << " concealed "
                     << r.frames_concealed << " late " << r.frames_late);
    // Blocks of 10+5 and 8+8 leave under 0.1 % at this loss; the first block comes before the
    // buffer has grown.
    CHECK(r.frames_concealed <= 60);
    CHECK(r.frames_recovered > 400);
  }
}

TEST_CASE("a profile change is heard without a gap") {
  Line line(proto::kProfileGood, lossy(0.0));
  line.run(103, true);
  line.send(line.encoder.set_profile(proto::kProfileDegraded));
  line.run(101, true);
  line.send(line.encoder.set_profile(proto::kProfileCatastrophic));
  line.run(100, true);
  line.send(line.encoder.set_profile(proto::kProfileGood));
  line.run(100, true);
  line.send(line.encoder.finish());
  line.decoder.end_of_stream();
  line.run(100, false);
  const client::ReceiveStatistics r = line.decoder.statistics();
  std::string seen;
  for (const PlayoutOrigin origin : line.origins) seen += "-RFCn"[static_cast<int>(origin)];
  INFO(seen << " late " << r.frames_late << " discarded " << r.frames_discarded << " dup "
            << r.frames_duplicate);
  CHECK(r.frames_concealed == 0);
  CHECK(r.frames_late == 0);
  // A frame that was begun when the profile changed is filled up with silence.
  CHECK(r.frames_received >= 404);
  CHECK(r.frames_received <= 406);
  CHECK(line.decoder.is_finished());
}

TEST_CASE("the encoder's packets are those of the reference's schedule") {
  client::CallEncoder encoder(proto::kProfileGood);
  Voice voice;
  std::array<std::int16_t, client::kSamplesPerTick> pcm;
  std::vector<proto::MediaHeader> headers;
  for (int i = 0; i < 6; ++i) {
    voice.read(pcm);
    for (const auto& packet : encoder.push(pcm)) {
      headers.push_back(proto::parse_media_packet(packet.bytes)->header);
    }
  }
  struct Row {
    std::uint16_t seq;
    std::uint32_t timestamp;
    std::uint8_t block, symbol;
    bool repair;
  };
  const Row rows[] = {{0, 0, 0, 0, false},  {1, 20, 0, 1, false}, {2, 40, 0, 2, false},
                      {3, 60, 0, 3, false}, {4, 80, 0, 4, false}, {5, 100, 0, 5, true},
                      {6, 100, 1, 0, false}};
  REQUIRE(headers.size() == std::size(rows));
  for (std::size_t i = 0; i < headers.size(); ++i) {
    CAPTURE(i);
    CHECK(headers[i].seq.value() == rows[i].seq);
    CHECK(headers[i].timestamp.value() == rows[i].timestamp);
    CHECK(headers[i].fec_block.value() == rows[i].block);
    CHECK(headers[i].fec_symbol == rows[i].symbol);
    CHECK(headers[i].is_repair == rows[i].repair);
    CHECK(headers[i].fec_ratio_code == 13);
    CHECK(headers[i].codec == proto::CodecId::kOpus24k);
  }
}

TEST_CASE("comfort noise of a reference sender plays as noise and is no loss") {
  // Speech for a second, then what a reference sender does in silence: the media time goes on, a
  // one-byte packet every 200 ms; then speech again.
  client::CallEncoder encoder(proto::kProfileGood);
  client::CallDecoder decoder;
  Voice voice;
  Instant now{};
  std::uint32_t timestamp = 0;
  std::uint16_t seq = 0;
  std::array<std::int16_t, client::kSamplesPerTick> pcm;
  std::uint64_t noise_energy = 0;
  std::string seen;
  const auto deliver = [&](proto::MediaPacketView packet) {
    packet.header.seq = SeqNo16(seq++);
    decoder.handle_packet(packet, now);
  };
  for (int i = 0; i < 150; ++i) {
    const bool silent = i >= 50 && i < 100;
    if (!silent) {
      voice.read(pcm);
      for (const auto& bytes : encoder.push(pcm)) {
        auto packet = *proto::parse_media_packet(bytes.bytes);
        // As the reference counts: silence advances media time.
        packet.header.timestamp = MediaTime32(timestamp + (packet.header.is_repair ? 20 : 0));
        deliver(packet);
      }
    }
    timestamp += 20;
    if (silent && (i - 49) % 10 == 0) {
      const std::byte level{50};
      proto::MediaHeader header;
      header.codec = proto::CodecId::kComfortNoise;
      header.timestamp = MediaTime32(timestamp);
      deliver({header, ByteView(&level, 1), std::nullopt});
    }
    now += 20ms;
    const PlayoutOrigin origin = decoder.play(pcm, now);
    seen += "-RFCn"[static_cast<int>(origin)];
    if (origin == PlayoutOrigin::kComfort) {
      for (const std::int16_t s : pcm) noise_energy += static_cast<std::uint64_t>(s * s);
    }
  }
  const client::ReceiveStatistics r = decoder.statistics();
  INFO("received " << r.frames_received << " concealed " << r.frames_concealed << " comfort "
                   << r.frames_comfort << ' ' << seen);
  CHECK(r.frames_concealed == 0);
  CHECK(r.frames_comfort >= 45);
  CHECK(noise_energy > 0);
}

TEST_CASE("a profile nobody can encode is refused when it is set") {
  auto profile = proto::kProfileGood;
  profile.frame_duration_ms = 30;
  CHECK_THROWS_AS(client::CallEncoder(profile), std::invalid_argument);
  profile = proto::kProfileGood;
  profile.codec = proto::CodecId::kComfortNoise;
  CHECK_THROWS_AS(client::CallEncoder(profile), std::invalid_argument);
  profile = proto::kProfileGood;
  profile.frames_per_block = 0;
  CHECK_THROWS_AS(client::CallEncoder(profile), std::invalid_argument);
  client::CallEncoder encoder(proto::kProfileGood);
  CHECK_THROWS_AS(encoder.set_profile(profile), std::invalid_argument);
  CHECK(encoder.profile() == proto::kProfileGood);
}
