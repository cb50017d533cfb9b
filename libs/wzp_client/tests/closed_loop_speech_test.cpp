// The closed loop with recorded speech through the real encoder, decoder and concealment, and what
// is understood of it. The paths are those of closed_loop_test.cpp.
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <vector>

#include "../../../tests/support/recordings.hpp"
#include "loop_simulation.hpp"
#include "wzp/client/call_decoder.hpp"
#include "wzp/client/media2_encoder.hpp"
#include "wzp/codec/estoi.hpp"

using namespace wzp;
using namespace wzp::test;
using namespace std::chrono_literals;

namespace {

using Pcm = std::vector<std::int16_t>;

// Header and tag; the simulation's own six bytes stand for some of them.
constexpr std::size_t kSealing = 12 - 6;
constexpr std::size_t kTick = client::kSamplesPerTick;

/// Speaks media/2, and puts what is heard where it belongs on the sender's timeline.
class SpeechLoopMedia final : public LoopMedia {
 public:
  explicit SpeechLoopMedia(Pcm speech) : speech_(std::move(speech)), heard_(speech_.size()) {}

  std::vector<Packet> advance(const client::MediaPlan& plan, Instant) override {
    std::vector<Packet> out;
    half_ = !half_;
    if (half_ || (tick_ + 1) * kTick > speech_.size()) return out;
    if (!(plan == encoder_.plan())) encoder_.set_plan(plan);
    const auto pcm = std::span(speech_).subspan(tick_++ * kTick, kTick);
    for (const client::Media2Packet& packet : encoder_.push(pcm)) {
      Packet p;
      p.bytes.assign(packet.payload.begin(), packet.payload.end());
      p.bytes.resize(p.bytes.size() + kSealing);
      p.seq = SeqNo16(seq_++);
      p.media_end = MediaTime32(static_cast<std::uint32_t>(tick_ * 20));
      out.push_back(std::move(p));
    }
    return out;
  }

  void on_arrival(ByteView bytes, Instant at) override {
    const auto payload = proto::parse_media2_payload(bytes.first(bytes.size() - kSealing));
    REQUIRE(payload);
    decoder_.handle_media2(arriving_, *payload, at);
  }
  void on_number(SeqNo16 seq) override { arriving_ = seq; }

  void play(Instant now) override {
    std::array<std::int16_t, kTick> pcm;
    decoder_.play(pcm, now);
    const auto time = decoder_.heard_time();
    if (!time) return;
    const std::size_t at = std::size_t{time->value()} * 48;
    for (std::size_t i = 0; i < kTick && at + i < heard_.size(); ++i) heard_[at + i] = pcm[i];
  }

  [[nodiscard]] double estoi(double from_seconds, double to_seconds) const {
    const auto from = static_cast<std::size_t>(from_seconds * 48'000);
    const auto n = std::min(static_cast<std::size_t>(to_seconds * 48'000), speech_.size()) - from;
    // What the codec itself is late by.
    double best = 0;
    for (const std::size_t lag : {0U, 312U, 624U, 960U}) {
      if (from + n + lag > heard_.size()) continue;
      const auto score = codec::estoi(std::span(speech_).subspan(from, n),
                                      std::span(heard_).subspan(from + lag, n), 48'000);
      best = std::max(best, score.value_or(0));
    }
    return best;
  }
  [[nodiscard]] client::ReceiveStatistics statistics() const { return decoder_.statistics(); }

 private:
  Pcm speech_;
  Pcm heard_;
  client::Media2Encoder encoder_{{}};
  client::CallDecoder decoder_;
  SeqNo16 arriving_;
  bool half_ = false;
  std::size_t tick_ = 0;
  std::uint16_t seq_ = 65'000;
};

Pcm speech(int seconds) { return repeated(long_speech(), seconds); }

void print(const char* what, const LoopResult& r, const client::ReceiveStatistics& s,
           double estoi) {
  std::printf(
      "%s: ESTOI %.3f, concealed %.2f %%, copies used for %.2f %%, wire plan %.1f kbit/s, queue "
      "above 300 ms %.1f s, %llu shape changes\n",
      what, estoi,
      100.0 * static_cast<double>(s.frames_concealed) / static_cast<double>(s.frames_played),
      100.0 * static_cast<double>(s.frames_recovered) / static_cast<double>(s.frames_played),
      r.mean_kbps(5, 1e9), r.seconds_above(300), static_cast<unsigned long long>(r.shape_changes));
}

}  // namespace

TEST_CASE("closed loop with speech: a good path is heard as the codec leaves it") {
  SpeechLoopMedia media(speech(20));
  const LoopPath path = plain_loop_path();
  const LoopResult r = run_loop(path, media, 20);
  const double score = media.estoi(2, 18);
  print("good path", r, media.statistics(), score);
  CHECK(score >= 0.95);
  CHECK(media.statistics().frames_concealed == 0);
}

TEST_CASE("closed loop with speech: beside TCP at least 0.80 is understood") {
  struct Row {
    const char* name;
    TcpFlow::Growth growth;
    unsigned kbps;
  };
  for (const Row& row : {Row{"beside Reno, 500 kbit/s", TcpFlow::Growth::kReno, 500},
                         Row{"beside CUBIC, 1000 kbit/s", TcpFlow::Growth::kCubic, 1000}}) {
    LoopPath path = plain_loop_path();
    path.forward.jitter = 0ms;
    path.forward.rate_bits_per_second = row.kbps * 1000;
    path.forward.queue_bytes = row.kbps * 1000 / 8 / 4;  // 250 ms
    path.tcp = row.growth;
    SpeechLoopMedia media(speech(60));
    const LoopResult r = run_loop(path, media, 60);
    const double score = media.estoi(0, 58);
    print(row.name, r, media.statistics(), score);
    CHECK(r.tcp_kbps > 0.4 * row.kbps);
    CHECK(score >= 0.80);
  }
}

TEST_CASE("closed loop with speech: a bottleneck from 100 to 20 kbit/s and back") {
  LoopPath path = plain_loop_path();
  path.change = [](transport::Channel& channel, transport::ChannelConfig& config, double t) {
    const std::uint64_t bits = t < 20 || t >= 40 ? 100'000U : 20'000U;
    if (config.rate_bits_per_second == bits) return;
    config.rate_bits_per_second = bits;
    channel.set_config(config);
  };
  SpeechLoopMedia media(speech(60));
  const LoopResult r = run_loop(path, media, 60);
  print("bottleneck", r, media.statistics(), media.estoi(0, 58));
  std::printf("  before %.3f, the 4 s of the change %.3f, at 20 kbit/s %.3f, 10 s later %.3f\n",
              media.estoi(2, 20), media.estoi(20, 24), media.estoi(24, 40), media.estoi(50, 58));
  CHECK(r.seconds_above(300) <= 1.0);
  CHECK(media.estoi(24, 40) >= 0.80);
  CHECK(media.estoi(50, 58) >= 0.95);
}

TEST_CASE("closed loop with speech: 10 % random loss is repaired by copies") {
  LoopPath path = plain_loop_path();
  path.forward.loss_rate = 0.1;
  SpeechLoopMedia media(speech(40));
  const LoopResult r = run_loop(path, media, 40);
  const double score = media.estoi(8, 38);
  print("10 % loss", r, media.statistics(), score);
  CHECK(score >= 0.90);
}

TEST_CASE("closed loop with speech: plans that change each second lose no frame") {
  constexpr client::MediaProfile kProfiles[] = {
      client::MediaProfile::kGood, client::MediaProfile::kRescue, client::MediaProfile::kDegraded};
  const Pcm talk = speech(60);
  client::Media2Encoder encoder{{}};
  client::CallDecoder decoder;
  Instant now{1h};
  std::uint16_t seq = 0;
  std::array<std::int16_t, kTick> pcm;
  for (std::size_t i = 0; (i + 1) * kTick <= talk.size(); ++i) {
    if (i % 50 == 49) {
      encoder.set_plan(client::plan_media({}, limits_of(kProfiles[i / 50 % 3])));
    }
    for (const auto& packet : encoder.push(std::span(talk).subspan(i * kTick, kTick))) {
      decoder.handle_media2(SeqNo16(seq++), *proto::parse_media2_payload(packet.payload), now);
    }
    now += 20ms;
    decoder.play(pcm, now);
  }
  const auto r = decoder.statistics();
  CAPTURE(r.frames_received, r.frames_concealed, r.frames_comfort, r.frames_late);
  CHECK(r.frames_received >= 2980);
  // The first packets of 120 ms find a buffer for 40: it grows once, and stays.
  CHECK(r.frames_concealed <= 8);
  CHECK(r.frames_comfort == 0);
  CHECK(r.frames_late == 0);
  CHECK(r.frames_discarded == 0);
  CHECK(r.packets_undecodable == 0);
}
