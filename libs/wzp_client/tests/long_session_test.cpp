// The long sessions of the field: a minute of tone, with the limits a call should keep.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <utility>
#include <vector>

#include "wzp/client/call_decoder.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/proto/media_packet.hpp"

using namespace wzp;
using namespace std::chrono_literals;

namespace {

enum class Path { kPerfect, kDropsAndSwaps };

struct Session {
  client::ReceiveStatistics receive;
  double depth_frames = 0;  // at the end of the talk
  std::uint64_t heard = 0;  // samples
};

/// 3000 frames of tone. With kDropsAndSwaps the first packet of each 20th frame is lost, and the
/// first two packets of each 7th frame change places (those of frames with one packet cannot).
Session run(Path path) {
  client::CallEncoder encoder(proto::kProfileGood);
  client::CallDecoder decoder;
  client::ToneSource tone(60s);
  Instant now{};
  Session session;
  std::array<std::int16_t, client::kSamplesPerTick> pcm;
  for (int frame = 0; tone.read(pcm); ++frame) {
    std::vector<std::vector<std::byte>> packets;
    for (const auto& p : encoder.push(pcm)) packets.emplace_back(p.bytes.begin(), p.bytes.end());
    if (path == Path::kDropsAndSwaps) {
      if (frame % 7 == 0 && packets.size() >= 2) std::swap(packets[0], packets[1]);
      if (frame % 20 == 0) packets.erase(packets.begin());
    }
    for (const auto& bytes : packets) {
      decoder.handle_packet(*proto::parse_media_packet(bytes), now);
    }
    now += 20ms;
    if (decoder.play(pcm, now) != client::PlayoutOrigin::kNothing) session.heard += pcm.size();
  }
  session.depth_frames = std::chrono::duration<double>(decoder.buffer_delay()) / 20ms;
  session.receive = decoder.statistics();
  return session;
}

void check(const Session& s, std::uint64_t least_received) {
  INFO("received " << s.receive.frames_received << " recovered " << s.receive.frames_recovered
                   << " concealed " << s.receive.frames_concealed << " depth " << s.depth_frames);
  CHECK(s.receive.frames_received + s.receive.frames_recovered > least_received);
  CHECK(s.receive.frames_concealed * 100 <= s.receive.frames_played);
  CHECK(s.depth_frames <= 10);
  CHECK(s.receive.frames_played == s.receive.frames_received + s.receive.frames_recovered +
                                       s.receive.frames_concealed + s.receive.frames_comfort);
}

}  // namespace

TEST_CASE("long session: a minute without loss") {
  const Session s = run(Path::kPerfect);
  check(s, 2980);
  CHECK(s.receive.frames_concealed == 0);
}

TEST_CASE("long session: a minute with a packet lost each 400 ms and packets that change places") {
  check(run(Path::kDropsAndSwaps), 2950);
}

TEST_CASE("long session: the decoder's counters are what its caller heard") {
  for (const Path path : {Path::kPerfect, Path::kDropsAndSwaps}) {
    const Session s = run(path);
    const std::uint64_t counted = s.receive.frames_played * client::kSamplesPerTick +
                                  s.receive.samples_inserted - s.receive.samples_removed;
    INFO("heard " << s.heard << " samples, counted " << counted);
    CHECK(counted >= s.heard);
    // The rest is decoded and waits for its tick.
    CHECK(counted - s.heard < client::kSamplesPerTick);
  }
}
