// The loop's two ends wired to each other, packet by packet, as a call in media/2 does.
#include "../src/media_loop.hpp"

#include <catch2/catch_test_macros.hpp>
#include <vector>

using namespace wzp;
using namespace std::chrono_literals;
using client::MediaLoop;
using std::chrono::milliseconds;

namespace {

constexpr StreamId kA{1};
constexpr StreamId kB{2};
constexpr std::array<std::byte, 16> kInstanceA{std::byte{0xaa}, std::byte{1}};
constexpr std::array<std::byte, 16> kInstanceB{std::byte{0xbb}, std::byte{2}};

/// A talks to B in 40 ms packets from `time`; B answers with what rides or goes alone.
struct Pair {
  Pair() {
    a.set_self(kInstanceA);
    b.set_self(kInstanceB);
    a.set_sender(kB, kInstanceB);
    b.set_sender(kA, kInstanceA);
  }
  void packet(int n, bool arrives, milliseconds transit = 50ms) {
    const SeqNo16 seq(static_cast<std::uint16_t>(65'000 + n));
    a.on_sent(seq);
    proto::Media2Payload payload;
    payload.shape.unit = 40ms;
    // Wraps after 82 s, and begins close to that.
    payload.time = proto::Media2Time(static_cast<std::uint16_t>(4000 + 2 * n));
    const Instant now = at(n) + transit;
    if (arrives) b.on_media2(kA, seq, payload, 180, now);
    const auto section = b.poll_feedback(true, now);
    if (section) a.on_feedback(kB, *section, now + 50ms);
    a.update(now + 50ms);
  }
  static Instant at(int n) { return Instant(1h) + n * 40ms; }
  MediaLoop a;
  MediaLoop b;
};

}  // namespace

TEST_CASE("media/2 feedback reaches the plan, through the wrap of media time and numbers") {
  Pair pair;
  int n = 0;
  for (; n < 4000; ++n) pair.packet(n, true);
  const auto clean = pair.a.control().state(pair.at(n));
  CHECK(clean.listeners == 1);
  CHECK(clean.path.loss_percent == 0);
  CHECK(clean.queue < 5ms);
  CHECK(clean.feedback_refused == 0);
  CHECK(pair.a.control().plan().copies.count == 0);
  for (; n < 4500; ++n) pair.packet(n, n % 5 != 0);
  CHECK(pair.a.control().state(pair.at(n)).path.loss_percent > 15);
  CHECK(pair.a.control().plan().copies.count >= 1);
  CHECK(pair.b.counters().feedback_sent > 300);
  CHECK(pair.a.counters().feedback_received == pair.b.counters().feedback_sent);
}

TEST_CASE("a queue shows although media time has only steps of 20 ms") {
  Pair pair;
  int n = 0;
  for (; n < 200; ++n) pair.packet(n, true);
  for (; n < 240; ++n) pair.packet(n, true, 50ms + 8ms * (n - 200));
  CHECK(pair.a.control().state(pair.at(n)).queue > 100ms);
}

TEST_CASE("feedback about somebody else, or cut, moves nothing") {
  Pair pair;
  for (int n = 0; n < 50; ++n) pair.packet(n, true);
  MediaLoop stranger;
  stranger.set_self(kInstanceB);
  const auto section = pair.b.poll_feedback(true, pair.at(200));
  for (int n = 50; n < 100; ++n) pair.packet(n, true);
  stranger.on_sent(SeqNo16(1));
  if (section) stranger.on_feedback(kA, *section, pair.at(100));
  CHECK(stranger.control().state(pair.at(100)).listeners == 0);
  const std::array<std::byte, 5> cut{std::byte{1}};
  pair.a.on_feedback(kB, cut, pair.at(100));
  CHECK(pair.a.counters().feedback_malformed == 1);
}

TEST_CASE("control packets are not lost packets, and say nothing about delay") {
  Pair pair;
  int number = 0;
  for (int n = 0; n < 300; ++n) {
    // Every fourth number is a control packet, held up for a second.
    const SeqNo16 seq(static_cast<std::uint16_t>(number++));
    const Instant now = pair.at(n) + 50ms;
    proto::Media2Payload payload;
    payload.shape.unit = 40ms;
    payload.time = proto::Media2Time(static_cast<std::uint16_t>(2 * n));
    pair.a.on_sent(seq);
    pair.b.on_media2(kA, seq, payload, 180, now);
    if (n % 3 == 2) {
      pair.a.on_sent(SeqNo16(static_cast<std::uint16_t>(number)));
      pair.b.on_control(kA, SeqNo16(static_cast<std::uint16_t>(number++)), 50, now + 1s);
    }
    if (const auto section = pair.b.poll_feedback(false, now)) {
      pair.a.on_feedback(kB, *section, now + 50ms);
    }
    pair.a.update(now + 50ms);
  }
  const auto state = pair.a.control().state(pair.at(300));
  CHECK(state.listeners == 1);
  CHECK(state.path.loss_percent == 0);
  CHECK(state.queue < 5ms);
}

TEST_CASE("another instance on a stream is another sender") {
  Pair pair;
  for (int n = 0; n < 100; ++n) pair.packet(n, true);
  CHECK(pair.a.control().state(pair.at(100)).listeners == 1);
  constexpr std::array<std::byte, 16> kOther{std::byte{0xcc}};
  pair.a.set_sender(kB, kOther);
  CHECK(pair.a.control().state(pair.at(100)).listeners == 0);
  pair.a.set_sender(kB, kOther);
}
