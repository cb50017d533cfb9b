// Calls of five minutes, and the ways in which long calls go wrong. An hour of the same:
// bench-long_call.
#include "../../../tests/support/long_call.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdio>

#include "../../../tests/support/recordings.hpp"

using namespace wzp;
using namespace wzp::test;
using namespace std::chrono_literals;

namespace {

const PacketTape& tape() {
  static const PacketTape kTape(repeated(long_speech(), 60), {});
  return kTape;
}

transport::ChannelConfig jittery_path() {
  transport::ChannelConfig path;
  path.delay = 40ms;
  path.jitter = 15ms;
  return path;
}

double drift(const LongCallResult& r) { return r.delay_ms.back() - r.delay_ms[1]; }

void check_sum(const client::ReceiveStatistics& r) {
  CHECK(r.frames_played ==
        r.frames_received + r.frames_recovered + r.frames_concealed + r.frames_comfort);
}

}  // namespace

TEST_CASE("long call: clocks 100 ppm apart do not make the delay drift") {
  for (const double ppm : {-100.0, 0.0, 100.0}) {
    LongCallOptions options;
    options.sender_ppm = ppm;
    options.path = jittery_path();
    const LongCallResult r = run_long_call(tape(), options);
    std::printf("5 min, %+.0f ppm: delay %.1f ms in minute 2, %.1f ms in minute 5\n", ppm,
                r.delay_ms[1], r.delay_ms.back());
    CAPTURE(ppm, r.receive.frames_late, r.receive.frames_discarded);
    CHECK(std::fabs(drift(r)) < 20);
    CHECK(r.receive.frames_late == 0);
    CHECK(r.receive.frames_discarded == 0);
    CHECK(r.receive.frames_concealed <= 5);
    CHECK(r.frames_sent - r.receive.frames_received <= 10);
    check_sum(r.receive);
  }
}

TEST_CASE("long call: numbers and times that wrap are not noticed") {
  LongCallOptions options;
  options.first_seq = 0 - 5000;       // after 83 s
  options.first_time = 0U - 150'000;  // after 150 s
  options.path = jittery_path();
  options.path.loss_rate = 0.02;
  const LongCallResult r = run_long_call(tape(), options);
  const double missing = static_cast<double>(r.receive.frames_concealed) /
                         static_cast<double>(r.receive.frames_played);
  CHECK(missing < 0.01);  // of 2 %, most is rebuilt
  CHECK(r.receive.frames_recovered > 100);
  CHECK(r.receive.frames_late <= 5);
  CHECK(std::fabs(drift(r)) < 20);
  check_sum(r.receive);
}

TEST_CASE("long call: a sender that starts anew every 50 s is heard on") {
  LongCallOptions options;
  options.restart_every = 50s;
  options.path = jittery_path();
  const LongCallResult r = run_long_call(tape(), options);
  CAPTURE(r.frames_sent, r.receive.frames_received, r.receive.frames_concealed,
          r.receive.frames_discarded);
  // Five restarts, of which each may cost what was buffered.
  CHECK(r.frames_sent - r.receive.frames_received <= 5 * 8 + 10);
  CHECK(r.receive.frames_concealed <= 5 * 8);
  CHECK(std::fabs(drift(r)) < 20);
}

TEST_CASE("long call: another profile each second, and not a frame is missing") {
  constexpr proto::QualityProfile kProfiles[] = {proto::kProfileGood,
                                                 proto::kProfileDegraded,
                                                 proto::kProfileCatastrophic,
                                                 {proto::CodecId::kOpus16k, 0.2F, 20, 5}};
  const auto speech = repeated(long_speech(), 60);
  client::CallEncoder encoder(kProfiles[0]);
  client::CallDecoder decoder;
  Instant now{1h};
  std::uint64_t frames = 0;
  std::array<std::int16_t, client::kSamplesPerTick> pcm;
  const auto take = [&](std::span<const client::EncodedPacket> packets) {
    for (const auto& p : packets) {
      const auto packet = *proto::parse_media_packet(p.bytes);
      if (!packet.header.is_repair) {
        frames += packet.header.codec == proto::CodecId::kOpus6k ||
                          packet.header.codec == proto::CodecId::kCodec2_1200
                      ? 2
                      : 1;
      }
      decoder.handle_packet(packet, now);
    }
  };
  for (std::size_t i = 0; (i + 1) * 960 <= speech.size(); ++i) {
    if (i % 50 == 49) take(encoder.set_profile(kProfiles[(i / 50 + 1) % 4]));
    take(encoder.push(std::span(speech).subspan(i * 960, 960)));
    now += 20ms;
    decoder.play(pcm, now);
  }
  const auto r = decoder.statistics();
  CAPTURE(frames, r.frames_received, r.frames_concealed, r.frames_comfort, r.frames_late);
  CHECK(frames >= 3000);
  CHECK(frames - r.frames_received <= 8);  // still buffered
  CHECK(r.frames_concealed == 0);
  CHECK(r.frames_comfort == 0);
  CHECK(r.frames_late == 0);
  CHECK(r.frames_discarded == 0);
  CHECK(r.packets_undecodable == 0);
}
