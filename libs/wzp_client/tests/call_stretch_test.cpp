// The decoder changes its delay by time-stretching: nothing is dropped, nothing is invented.
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <vector>

#include "../../../tests/support/recordings.hpp"
#include "wzp/client/call_decoder.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/transport/channel.hpp"

using namespace wzp;
using namespace std::chrono_literals;

namespace {

using Pcm = std::array<std::int16_t, client::kSamplesPerTick>;

/// The audio packets of recorded speech, without forward error correction.
std::vector<std::vector<std::byte>> encoded_speech(const proto::QualityProfile& profile,
                                                   int seconds) {
  client::CallEncoder encoder(profile);
  client::PcmSource source(test::repeated(test::long_speech(), seconds));
  std::vector<std::vector<std::byte>> out;
  Pcm pcm;
  while (source.read(pcm)) {
    for (const auto& packet : encoder.push(pcm)) {
      out.emplace_back(packet.bytes.begin(), packet.bytes.end());
    }
  }
  return out;
}

struct DriftResult {
  client::ReceiveStatistics receive;
  double least_ms = 1e9;
  double most_ms = 0;
};

/// An hour of 40 ms packets from a sender whose clock is off by `ppm`, on a path with 15 ms of
/// jitter.
DriftResult run_drift(double ppm) {
  auto profile = proto::kProfileDegraded;
  profile.fec_ratio = 0;
  const auto packets = encoded_speech(profile, 20);
  client::CallDecoder decoder;
  DriftResult result;
  Instant now{};
  SeededRng rng(7);
  const std::uint64_t count = 90'000;
  const double spacing_us = 40'000.0 / (1 + ppm * 1e-6);
  std::uint64_t sent = 0;
  const auto arrival = [&](std::uint64_t i) {
    const auto jitter = std::chrono::microseconds(rng.next_u64() % 15'000);
    return Instant(std::chrono::microseconds(
               static_cast<std::int64_t>(spacing_us * static_cast<double>(i)))) +
           jitter;
  };
  Instant next_arrival = arrival(0);
  Pcm out;
  while (sent < count) {
    now += 20ms;
    for (; sent < count && next_arrival <= now; next_arrival = arrival(++sent)) {
      auto packet = *proto::parse_media_packet(packets[sent % packets.size()]);
      packet.header.seq = SeqNo16(static_cast<std::uint16_t>(sent));
      packet.header.timestamp = MediaTime32(static_cast<std::uint32_t>(sent * 40));
      decoder.handle_packet(packet, next_arrival);
    }
    decoder.play(out, now);
    if (now.time_since_epoch() > 10s) {
      const double ms = std::chrono::duration<double, std::milli>(decoder.buffer_delay()).count();
      result.least_ms = std::min(result.least_ms, ms);
      result.most_ms = std::max(result.most_ms, ms);
    }
  }
  result.receive = decoder.statistics();
  return result;
}

}  // namespace

TEST_CASE("an hour against a clock that is 100 ppm off: no frame dropped, none invented") {
  for (const double ppm : {100.0, -100.0}) {
    CAPTURE(ppm);
    const DriftResult r = run_drift(ppm);
    INFO("delay " << r.least_ms << " to " << r.most_ms << " ms, inserted "
                  << r.receive.samples_inserted << ", removed " << r.receive.samples_removed
                  << ", concealed " << r.receive.frames_concealed << ", late "
                  << r.receive.frames_late);
    CHECK(r.receive.frames_discarded == 0);
    CHECK(r.receive.frames_late == 0);
    CHECK(r.receive.frames_concealed == 0);
    CHECK(r.receive.frames_received >= 2 * (90'000 - 4));
    CHECK(r.receive.frames_played == r.receive.frames_received);
    CHECK(r.most_ms - r.least_ms <= 80);
    // 360 ms of drift, and nothing but that beyond the noise of the adjustment.
    const auto net = static_cast<std::int64_t>(r.receive.samples_inserted) -
                     static_cast<std::int64_t>(r.receive.samples_removed);
    CHECK(std::llabs(net + static_cast<std::int64_t>(ppm * 0.0036 * 48'000)) < 80 * 48);
  }
}

TEST_CASE("jitter that comes and goes makes the delay grow and shrink, and every frame is heard") {
  client::CallEncoder encoder(proto::kProfileDegraded);
  client::PcmSource source(test::repeated(test::long_speech(), 100));
  transport::ChannelConfig path;
  path.delay = 30ms;
  transport::Channel channel(path);
  client::CallDecoder decoder;
  Instant now{};
  Pcm pcm;
  std::uint64_t heard = 0;
  std::vector<double> delay_ms;
  const auto tick = [&] {
    now += 20ms;
    while (const auto packet = channel.pop_due(now)) {
      decoder.handle_packet(*proto::parse_media_packet(packet->bytes), packet->due_at);
    }
    if (decoder.play(pcm, now) != client::PlayoutOrigin::kNothing) heard += pcm.size();
    delay_ms.push_back(std::chrono::duration<double, std::milli>(decoder.buffer_delay()).count());
  };
  for (int i = 0; i < 5000; ++i) {
    source.read(pcm);
    for (const auto& packet : encoder.push(pcm)) channel.push(packet.bytes, now);
    path.jitter = i >= 250 && i < 400 ? 150ms : 0ms;
    if (i == 250 || i == 400) channel.set_config(path);
    tick();
  }
  decoder.end_of_stream();
  while (!decoder.is_finished()) tick();

  const client::ReceiveStatistics r = decoder.statistics();
  INFO("delay before " << delay_ms[249] << " ms, in jitter " << delay_ms[399] << " ms, after "
                       << delay_ms[4999] << " ms; inserted " << r.samples_inserted << " removed "
                       << r.samples_removed << " concealed " << r.frames_concealed << " late "
                       << r.frames_late);
  CHECK(delay_ms[249] <= 65);
  CHECK(delay_ms[399] >= 120);
  CHECK(delay_ms[4999] <= delay_ms[249] + 45);
  CHECK(r.frames_discarded == 0);
  CHECK(r.samples_removed > 0);
  CHECK(r.frames_played ==
        r.frames_received + r.frames_recovered + r.frames_concealed + r.frames_comfort);
  // What was heard is what was played, longer by what was put in, and the last tick is filled up.
  const std::uint64_t exact =
      r.frames_played * client::kSamplesPerTick + r.samples_inserted - r.samples_removed;
  CHECK(heard >= exact);
  CHECK(heard < exact + client::kSamplesPerTick);
  // A frame that came too late may have been rebuilt in time.
  CHECK(r.frames_received + r.frames_recovered >= 5000 - r.frames_late);
  CHECK(r.frames_received + r.frames_recovered <= 5000);
  CHECK(r.frames_late <= 15);
}
