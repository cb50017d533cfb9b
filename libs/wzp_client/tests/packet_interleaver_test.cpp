#include "wzp/client/packet_interleaver.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <set>
#include <stdexcept>
#include <vector>

#include "../../../tests/support/recordings.hpp"
#include "wzp/client/call_decoder.hpp"
#include "wzp/proto/media_packet.hpp"
#include "wzp/transport/channel.hpp"

using namespace wzp;
using namespace std::chrono_literals;
using client::PacketInterleaver;

namespace {

struct Result {
  double residual_percent = 0;
  double delay_ms = 0;  // mean, from capture to playout without path and codec
};

/// A minute of speech in the Good profile through bursts of losses.
Result run(std::uint32_t depth, double loss, double burst) {
  const auto speech = test::repeated(test::long_speech(), 60);
  transport::ChannelConfig path;
  path.delay = 50ms;
  path.jitter = 10ms;
  path.seed = 5;
  if (loss > 0) path.bursts = transport::GilbertElliott{loss, burst, 1.0};
  transport::Channel channel(path);
  client::CallEncoder encoder(proto::kProfileGood);
  PacketInterleaver interleaver(depth);
  client::CallDecoder decoder;
  Instant now{1h};
  const Instant start = now;
  double delay = 0;
  int heard = 0;
  std::array<std::int16_t, client::kSamplesPerTick> pcm;
  client::ReceiveStatistics early;
  for (std::size_t i = 0; (i + 1) * 960 <= speech.size(); ++i) {
    for (const auto& p : interleaver.push(encoder.push(std::span(speech).subspan(i * 960, 960)))) {
      channel.push(p.bytes, now);
    }
    now += 20ms;
    while (const auto p = channel.pop_due(now)) {
      decoder.handle_packet(*proto::parse_media_packet(p->bytes), p->due_at);
    }
    decoder.play(pcm, now);
    if (i == 500) early = decoder.statistics();
    if (const auto time = decoder.heard_time(); time && i > 500) {
      delay += std::chrono::duration<double, std::milli>(now - start).count() - time->value();
      ++heard;
    }
  }
  // The first ten seconds, in which the delay grows, are not counted.
  const auto all = decoder.statistics();
  const double played = static_cast<double>(all.frames_played - early.frames_played);
  const double lost = static_cast<double>(all.frames_concealed - early.frames_concealed);
  return {100 * lost / played, heard > 0 ? delay / heard - 60 : 0};
}

}  // namespace

TEST_CASE("interleaving sends every packet once, block by block in turn") {
  const auto speech = test::repeated(test::long_speech(), 5);
  client::CallEncoder encoder(proto::kProfileGood);
  PacketInterleaver interleaver(3);
  std::multiset<std::uint16_t> in;
  std::vector<proto::MediaHeader> out;
  const auto keep = [&](std::span<const client::EncodedPacket> packets) {
    for (const auto& p : packets) out.push_back(*proto::parse_media_header(p.bytes));
  };
  for (std::size_t i = 0; (i + 1) * 960 <= speech.size(); ++i) {
    const auto packets = encoder.push(std::span(speech).subspan(i * 960, 960));
    for (const auto& p : packets) in.insert(proto::parse_media_header(p.bytes)->seq.value());
    keep(interleaver.push(packets));
  }
  keep(interleaver.flush());
  std::multiset<std::uint16_t> sent;
  for (const auto& h : out) sent.insert(h.seq.value());
  CHECK(sent == in);
  // The first group: symbol 0 of blocks 0, 1, 2, then symbol 1 ...
  for (std::size_t i = 0; i < 18; ++i) {
    CHECK(out[i].fec_block.value() == i % 3);
    CHECK(out[i].fec_symbol == i / 3);
  }
}

TEST_CASE("depth 1 changes nothing, more than 8 is refused") {
  client::CallEncoder encoder(proto::kProfileGood);
  PacketInterleaver through(1);
  const std::array<std::int16_t, 960> pcm{};
  const auto packets = encoder.push(pcm);
  CHECK(through.push(packets).data() == packets.data());
  CHECK_THROWS_AS(PacketInterleaver(9), std::invalid_argument);
}

TEST_CASE("interleaving trades delay for bursts") {
  struct Row {
    const char* name;
    double loss;
    double burst;
  };
  for (const Row& row : {Row{"no loss", 0, 1}, Row{"bursts of 3, 10 %", 0.10, 3}}) {
    const Result plain = run(1, row.loss, row.burst);
    const Result mixed = run(3, row.loss, row.burst);
    std::printf("Good, %s: concealed %.1f %% at %.0f ms; interleaved by 3: %.1f %% at %.0f ms\n",
                row.name, plain.residual_percent, plain.delay_ms, mixed.residual_percent,
                mixed.delay_ms);
    CHECK(mixed.delay_ms > plain.delay_ms + 200);
    CHECK(mixed.residual_percent <= plain.residual_percent + 0.5);
  }
}
