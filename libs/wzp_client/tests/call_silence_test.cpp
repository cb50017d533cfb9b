// Silence is not sent, and nothing of the speech is lost by that.
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdio>
#include <vector>

#include "../../../tests/support/recordings.hpp"
#include "wzp/client/call_decoder.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/codec/audio_decoder.hpp"
#include "wzp/proto/media_packet.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/transport/channel.hpp"

using namespace wzp;
using namespace std::chrono_literals;

namespace {

using Pcm = std::vector<std::int16_t>;

/// Room noise at about -65 dBFS.
void add_background(Pcm& pcm) {
  SeededRng rng(3);
  for (std::int16_t& s : pcm) {
    s = static_cast<std::int16_t>(
        std::clamp(s + static_cast<int>(rng.next_u64() % 61) - 30, -32768, 32767));
  }
}

/// Speech and silence in turn, with background noise throughout.
Pcm speech_with_pauses(int speech_s, int silence_s, int seconds) {
  const Pcm speech = test::repeated(test::long_speech(), seconds);
  Pcm out;
  auto from = speech.begin();
  while (out.size() < static_cast<std::size_t>(seconds) * 48000) {
    out.insert(out.end(), from, from + speech_s * 48000);
    from += speech_s * 48000;
    out.resize(out.size() + static_cast<std::size_t>(silence_s) * 48000);
  }
  add_background(out);
  return out;
}

client::CallEncoder encoder_for(bool suppress) {
  client::CallEncoderOptions options;
  options.silence_suppression = suppress;
  return client::CallEncoder(options);
}

struct Sent {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t comfort = 0;
  std::uint64_t frames = 0;  // of speech, 20 ms
};

void count(Sent& sent, const proto::MediaPacketView& packet) {
  ++sent.packets;
  sent.bytes += proto::encoded_size(packet);
  if (packet.header.codec == proto::CodecId::kComfortNoise) {
    ++sent.comfort;
  } else if (!packet.header.is_repair) {
    ++sent.frames;
  }
}

Sent send_all(const Pcm& pcm, bool suppress) {
  client::CallEncoder encoder = encoder_for(suppress);
  Sent sent;
  for (std::size_t at = 0; at + client::kSamplesPerTick <= pcm.size();
       at += client::kSamplesPerTick) {
    for (const auto& packet : encoder.push(client::PcmView(pcm).subspan(at, 960))) {
      count(sent, *proto::parse_media_packet(packet.bytes));
    }
  }
  return sent;
}

double rms(client::PcmView pcm) {
  double sum = 0;
  for (const std::int16_t s : pcm) sum += static_cast<double>(s) * s;
  return std::sqrt(sum / static_cast<double>(pcm.size()));
}

}  // namespace

TEST_CASE("speech that is silent half of the time costs at most 60 % of the bytes") {
  Pcm continuous = test::repeated(test::long_speech(), 60);
  add_background(continuous);
  const Sent whole = send_all(continuous, false);
  const Sent half = send_all(speech_with_pauses(5, 5, 60), true);
  const double share = static_cast<double>(half.bytes) / static_cast<double>(whole.bytes);
  std::printf(
      "half-silent speech: %.1f %% of the media bytes of continuous speech (%llu/%llu), "
      "%.1f %% of the packets\n",
      100 * share, static_cast<unsigned long long>(half.bytes),
      static_cast<unsigned long long>(whole.bytes),
      100.0 * static_cast<double>(half.packets) / static_cast<double>(whole.packets));
  CHECK(share <= 0.6);
  CHECK(half.packets * 10 <= whole.packets * 6);
  CHECK(half.comfort >= 100);
}

TEST_CASE(
    "2 s of speech and 10 s of silence for ten minutes: every spoken frame is heard in time") {
  const Pcm pcm = speech_with_pauses(2, 10, 600);
  client::CallEncoder encoder = encoder_for(true);
  transport::ChannelConfig path;
  path.delay = 30ms;
  path.jitter = 20ms;
  transport::Channel channel(path);
  client::CallDecoder decoder;
  Instant now{};
  Sent sent;
  std::array<std::int16_t, client::kSamplesPerTick> out;
  const auto tick = [&] {
    now += 20ms;
    while (const auto packet = channel.pop_due(now)) {
      decoder.handle_packet(*proto::parse_media_packet(packet->bytes), packet->due_at);
    }
    decoder.play(out, now);
  };
  for (std::size_t at = 0; at + client::kSamplesPerTick <= pcm.size();
       at += client::kSamplesPerTick) {
    for (const auto& packet : encoder.push(client::PcmView(pcm).subspan(at, 960))) {
      count(sent, *proto::parse_media_packet(packet.bytes));
      channel.push(packet.bytes, now);
    }
    tick();
  }
  decoder.end_of_stream();
  for (int i = 0; i < 50; ++i) tick();

  const client::ReceiveStatistics r = decoder.statistics();
  INFO("frames sent " << sent.frames << " comfort packets " << sent.comfort << " received "
                      << r.frames_received << " late " << r.frames_late << " discarded "
                      << r.frames_discarded << " concealed " << r.frames_concealed << " comfort "
                      << r.frames_comfort << " p50 " << r.delay.quantile(0.5) << " p95 "
                      << r.delay.quantile(0.95));
  CHECK(sent.frames >= 50 * 50);
  CHECK(sent.frames <= 50 * 130);
  CHECK(r.frames_received == sent.frames);
  CHECK(r.frames_late == 0);
  CHECK(r.frames_discarded == 0);
  CHECK(r.frames_concealed == 0);
  CHECK(r.frames_comfort >= 20'000);
  CHECK(r.frames_played == r.frames_received + r.frames_comfort);
}

TEST_CASE("what is not sent is no speech: beginnings and ends of words stay") {
  const Pcm pcm = speech_with_pauses(3, 3, 30);
  client::CallEncoder encoder = encoder_for(true);
  std::vector<bool> is_sent(pcm.size() / 960 + 1);
  std::uint16_t next_seq = 0;
  for (std::size_t at = 0; at + 960 <= pcm.size(); at += 960) {
    for (const auto& packet : encoder.push(client::PcmView(pcm).subspan(at, 960))) {
      const auto header = proto::parse_media_packet(packet.bytes)->header;
      REQUIRE(header.seq.value() == next_seq++);
      if (header.is_repair || header.codec == proto::CodecId::kComfortNoise) continue;
      REQUIRE(header.timestamp.value() % 20 == 0);
      REQUIRE_FALSE(is_sent[header.timestamp.value() / 20]);
      is_sent[header.timestamp.value() / 20] = true;
    }
  }
  double all = 0;
  double lost = 0;
  for (std::size_t at = 0; at + 960 <= pcm.size(); at += 960) {
    const double energy = std::pow(rms(client::PcmView(pcm).subspan(at, 960)), 2);
    all += energy;
    if (!is_sent[at / 960]) lost += energy;
  }
  INFO("of the energy, " << lost / all << " was not sent");
  CHECK(lost < 1e-4 * all);
}

TEST_CASE("a pause protects what was said last at once, and says how loud the background is") {
  Pcm pcm = test::long_speech();
  pcm.resize(72'000);
  pcm.resize(pcm.size() + 96'000);
  add_background(pcm);
  client::CallEncoder encoder = encoder_for(true);
  std::vector<proto::MediaHeader> headers;
  int level = -1;
  for (std::size_t at = 0; at + 960 <= pcm.size(); at += 960) {
    for (const auto& packet : encoder.push(client::PcmView(pcm).subspan(at, 960))) {
      const auto parsed = *proto::parse_media_packet(packet.bytes);
      headers.push_back(parsed.header);
      if (parsed.header.codec != proto::CodecId::kComfortNoise) continue;
      REQUIRE(parsed.payload.size() == 1);
      level = static_cast<int>(parsed.payload[0]);
    }
  }
  const auto is_comfort = [](const proto::MediaHeader& h) {
    return h.codec == proto::CodecId::kComfortNoise;
  };
  // The last comfort packet of the talk's last pause is at the end; before the first of that pause
  // come repair packets.
  const auto last_speech = std::find_if_not(headers.rbegin(), headers.rend(), is_comfort);
  REQUIRE(last_speech != headers.rend());
  CHECK(last_speech->is_repair);
  const auto comfort = static_cast<int>(last_speech - headers.rbegin());
  CHECK(comfort >= 6);
  CHECK(comfort <= 12);
  // One as the pause begins, then every 200 ms.
  const auto first = last_speech.base();
  CHECK(first->timestamp.distance_from(last_speech->timestamp) == 20);
  CHECK((first + 1)->timestamp.distance_from(first->timestamp) == 180);
  CHECK((first + 2)->timestamp.distance_from((first + 1)->timestamp) == 200);
  CHECK(first->fec_ratio_code == 0);
  CHECK(first->fec_symbol == 0);
  // Uniform within +-30 was put in.
  CHECK(level >= 15);
  CHECK(level <= 45);
}

TEST_CASE("noise suppression and gain control change what is sent, by less than a tick of delay") {
  client::CallEncoderOptions options;
  options.noise_suppression = true;
  options.gain_control = true;
  client::CallEncoder encoder(options);
  Pcm quiet = test::repeated(test::long_speech(), 20);
  for (std::int16_t& s : quiet) s = static_cast<std::int16_t>(s / 8);
  client::CallDecoder decoder;
  Instant now{};
  std::array<std::int16_t, client::kSamplesPerTick> out;
  Pcm heard;
  for (std::size_t at = 0; at + 960 <= quiet.size(); at += 960) {
    for (const auto& packet : encoder.push(client::PcmView(quiet).subspan(at, 960))) {
      decoder.handle_packet(*proto::parse_media_packet(packet.bytes), now);
    }
    now += 20ms;
    decoder.play(out, now);
    heard.insert(heard.end(), out.begin(), out.end());
  }
  const std::size_t half = heard.size() / 2;
  const double before = rms(client::PcmView(quiet).subspan(half));
  const double after = rms(client::PcmView(heard).subspan(half));
  INFO("RMS " << before << " became " << after);
  CHECK(after > 2 * before);
  CHECK(after < 12 * before);
}

TEST_CASE("with an expected loss Opus packets carry a copy of the frame before") {
  const Pcm pcm = test::repeated(test::long_speech(), 5);
  for (const std::uint8_t loss : {0, 20}) {
    CAPTURE(loss);
    client::CallEncoder encoder(proto::kProfileGood);
    encoder.set_expected_loss(loss);
    int with_copy = 0;
    for (std::size_t at = 0; at + 960 <= pcm.size(); at += 960) {
      for (const auto& packet : encoder.push(client::PcmView(pcm).subspan(at, 960))) {
        const auto parsed = *proto::parse_media_packet(packet.bytes);
        if (parsed.header.is_repair) continue;
        if (codec::has_redundancy(parsed.header.codec, parsed.payload)) ++with_copy;
      }
    }
    if (loss == 0) {
      CHECK(with_copy == 0);
    } else {
      CHECK(with_copy > 50);
    }
  }
}
