// PCM on one side, packets on the other, in virtual time.
#include "pcm_bridge.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <vector>

#include "wzp/proto/datagram.hpp"
#include "wzp/proto/media_packet.hpp"

using namespace wzp;
using namespace wzp::gateway;
using namespace std::chrono_literals;

namespace {

constexpr Instant kStart{1000s};
using Frame = std::vector<std::byte>;

Frame tone(std::size_t number, std::size_t bytes = PcmBridge::kFrameBytes) {
  Frame out(bytes);
  for (std::size_t i = 0; i < bytes / 2; ++i) {
    const double t = static_cast<double>(number * 960 + i) / 48000;
    const auto s = static_cast<std::int16_t>(9000 * std::sin(t * 2 * 3.14159265 * 440));
    out[2 * i] = static_cast<std::byte>(s & 0xff);
    out[2 * i + 1] = static_cast<std::byte>((s >> 8) & 0xff);
  }
  return out;
}

double loudness(const Frame& pcm) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < pcm.size(); i += 2) {
    const auto s = static_cast<std::int16_t>(std::to_integer<int>(pcm[i]) |
                                             std::to_integer<int>(pcm[i + 1]) << 8);
    sum += static_cast<double>(s) * s;
  }
  return std::sqrt(sum / (static_cast<double>(pcm.size()) / 2));
}

/// Two bridges, each the other's room.
struct Pair {
  Pair()
      : a([this](ByteView packet) { pass(packet, b); }),
        b([this](ByteView packet) { pass(packet, a); }) {}
  void pass(ByteView packet, PcmBridge& to) {
    ++packets;
    std::array<std::byte, 1500> room{};
    proto::TrunkDatagramWriter trunk(room);
    REQUIRE(trunk.add(StreamId{7}, packet));
    CHECK(to.handle_datagram(trunk.bytes(), now));
  }
  Instant now = kStart;
  int packets = 0;
  PcmBridge a;
  PcmBridge b;
};

}  // namespace

TEST_CASE("a tone from one browser is heard by the other at its loudness") {
  Pair pair;
  double heard = 0;
  int frames = 0;
  Frame out(PcmBridge::kFrameBytes);
  for (std::size_t i = 0; i < 150; ++i, pair.now += 20ms) {
    pair.a.push_frame(tone(i), pair.now);
    pair.a.tick(pair.now);
    if (!pair.b.play(out, pair.now) || i < 50) continue;
    heard += loudness(out);
    ++frames;
  }
  CHECK(frames == 100);
  CHECK(heard / frames > 0.7 * 9000 / std::sqrt(2.0));
  CHECK(heard / frames < 1.3 * 9000 / std::sqrt(2.0));
  CHECK(pair.a.counters().frames_up == 150);
  CHECK(pair.b.counters().frames_down >= 140);
  CHECK(pair.b.counters().underruns <= 1);
  CHECK(pair.b.buffer_depth() <= 5);
  CHECK_FALSE(pair.a.play(out, pair.now));  // nobody speaks to it
}

TEST_CASE("frames that are too short are dropped, of longer ones the first 960 samples count") {
  Pair pair;
  pair.a.push_frame(tone(0, 1918), pair.now);
  pair.a.push_frame({}, pair.now);
  CHECK(pair.a.counters().frames_short == 2);
  CHECK(pair.packets == 0);
  pair.a.push_frame(tone(0, 4096), pair.now);
  CHECK(pair.a.counters().frames_up == 1);
  CHECK(pair.packets == 1);
}

TEST_CASE("a browser cannot send faster than time passes") {
  Pair pair;
  for (std::size_t i = 0; i < 1000; ++i) pair.a.push_frame(tone(i), pair.now);
  CHECK(pair.a.counters().frames_up == 11);  // 200 ms ahead at most
  CHECK(pair.a.counters().frames_too_fast == 989);
}

TEST_CASE("a pause of push-to-talk is filled, and speech after it comes without extra delay") {
  Pair pair;
  Frame out(PcmBridge::kFrameBytes);
  int first_heard = -1;
  constexpr int kResume = 300;
  for (int i = 0; i < 400; ++i, pair.now += 20ms) {
    if (i < 50 || i >= kResume) pair.a.push_frame(tone(static_cast<std::size_t>(i)), pair.now);
    pair.a.tick(pair.now);
    const bool heard = pair.b.play(out, pair.now);
    if (i > 100 && heard && loudness(out) > 2000 && first_heard < 0) first_heard = i;
  }
  CHECK(pair.a.counters().frames_filled >= 240);
  CHECK(pair.a.counters().frames_filled <= 251);
  REQUIRE(first_heard >= kResume);
  CHECK(first_heard - kResume <= 10);
}

TEST_CASE("a browser whose clock is slow is followed instead of filled up") {
  Pair pair;
  Frame out(PcmBridge::kFrameBytes);
  for (std::size_t i = 0; i < 1000; ++i, pair.now += 21ms) {
    pair.a.push_frame(tone(i), pair.now);
    pair.a.tick(pair.now);
    static_cast<void>(pair.b.play(out, pair.now));
  }
  CHECK(pair.a.counters().frames_filled == 0);
  CHECK(pair.a.counters().frames_too_fast == 0);
  CHECK(pair.a.counters().frames_up == 1000);
}

TEST_CASE("nonsense from the room is counted, streams are bounded and leave with their senders") {
  PcmBridge bridge([](ByteView) {});
  CHECK_FALSE(bridge.handle_datagram(tone(0, 30), kStart));
  CHECK_FALSE(bridge.handle_datagram({}, kStart));
  CHECK(bridge.counters().packets_malformed == 2);
  std::array<std::byte, 100> room{};
  const std::vector<std::byte> packet(20);
  for (std::uint16_t stream = 1; stream <= 40; ++stream) {
    proto::TrunkDatagramWriter trunk(room);
    REQUIRE(trunk.add(StreamId{stream}, packet));
    CHECK(bridge.handle_datagram(trunk.bytes(), kStart) == (stream <= PcmBridge::kMaxStreams));
  }
  CHECK(bridge.stream_count() == PcmBridge::kMaxStreams);
  CHECK(bridge.counters().packets_over_limit == 40 - PcmBridge::kMaxStreams);
  proto::RoomUpdate update;
  for (std::uint16_t stream = 1; stream <= 40; ++stream) update.left.push_back(StreamId{stream});
  bridge.handle_room(update);
  Frame out(PcmBridge::kFrameBytes);
  for (auto now = kStart; now < kStart + 2s; now += 20ms) static_cast<void>(bridge.play(out, now));
  CHECK(bridge.stream_count() == 0);
}
