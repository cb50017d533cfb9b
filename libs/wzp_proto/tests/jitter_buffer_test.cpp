#include "wzp/proto/jitter_buffer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

#include "jitter_checks.hpp"

using namespace wzp;
using namespace wzp::proto;
using namespace wzp::test;

namespace {

JitterFrame frame(int seq, int timestamp, ByteView payload = {}) {
  JitterFrame f;
  f.seq = SeqNo16(static_cast<std::uint16_t>(seq));
  f.timestamp = MediaTime32(static_cast<std::uint32_t>(timestamp));
  f.payload = payload;
  return f;
}

JitterFrame comfort_frame(int seq, int timestamp) {
  JitterFrame f = frame(seq, timestamp);
  f.codec = CodecId::kComfortNoise;
  return f;
}

// A buffer at a fixed delay, driven step by step.
struct Bench {
  explicit Bench(milliseconds delay = 40ms) : buffer(fixed(delay)) {}
  static JitterBufferConfig fixed(milliseconds delay) {
    JitterBufferConfig config;
    config.fixed_delay = delay;
    return config;
  }
  PushResult push(const JitterFrame& f, milliseconds at) { return buffer.push(f, kSimStart + at); }
  Playout pop(milliseconds at) { return buffer.pop(kSimStart + at); }
  Playout::Kind kind(milliseconds at) { return pop(at).kind; }
  JitterBuffer buffer;
};

using Kind = Playout::Kind;

}  // namespace

TEST_CASE("one stray packet far off the timeline changes nothing") {
  Bench b;
  for (int i = 0; i < 100; ++i) {
    const auto at = milliseconds(i * 20);
    CHECK(b.push(frame(i, i * 20), at) == PushResult::kAccepted);
    if (i == 50) CHECK(b.push(frame(40'000, 5'000'000), at) == PushResult::kHeld);
    if (i == 60) CHECK(b.push(frame(7, 1'000'000'000), at) == PushResult::kHeld);
    if (i >= 3)
      CHECK(b.kind(at) == Kind::kFrame);
    else
      static_cast<void>(b.pop(at));
  }
  CHECK(b.buffer.stats().restarts == 0);
}

TEST_CASE("playout starts after the target delay, not at the first packet") {
  Bench b(60ms);
  CHECK(b.kind(0ms) == Kind::kEmpty);
  b.push(frame(0, 0), 0ms);
  b.push(frame(1, 20), 20ms);
  CHECK(b.kind(20ms) == Kind::kEmpty);
  CHECK(b.kind(40ms) == Kind::kEmpty);
  const Playout first = b.pop(60ms);
  CHECK(first.kind == Kind::kFrame);
  CHECK(first.timestamp == MediaTime32(0));
  CHECK(first.waited == 60ms);
  CHECK(b.buffer.stats().played_ms == 20);
}

TEST_CASE("frames that arrive out of order are played in order") {
  Bench b(60ms);
  b.push(frame(2, 40), 10ms);
  b.push(frame(0, 0), 15ms);
  b.push(frame(1, 20), 20ms);
  for (int i = 0; i < 3; ++i) {
    const Playout out = b.pop(milliseconds(80 + 20 * i));
    CHECK(out.kind == Kind::kFrame);
    CHECK(out.timestamp == MediaTime32(static_cast<std::uint32_t>(20 * i)));
  }
  CHECK(b.buffer.stats().reordered == 2);
  CHECK(b.buffer.stats().received == 3);
}

TEST_CASE("a duplicate packet does not move the playout point") {
  Bench b;
  CHECK(b.push(frame(0, 0), 0ms) == PushResult::kAccepted);
  CHECK(b.push(frame(0, 0), 1ms) == PushResult::kDuplicate);
  b.push(frame(1, 20), 20ms);
  CHECK(b.kind(40ms) == Kind::kFrame);
  CHECK(b.push(frame(0, 0), 41ms) == PushResult::kDuplicate);
  CHECK(b.pop(60ms).timestamp == MediaTime32(20));
  CHECK(b.buffer.stats().duplicates == 2);
  CHECK(b.buffer.stats().late == 0);
}

TEST_CASE("a frame whose moment has passed is late, and its moment was concealed") {
  Bench b;
  b.push(frame(0, 0), 0ms);
  b.push(frame(2, 40), 40ms);
  b.push(frame(3, 60), 60ms);
  CHECK(b.kind(40ms) == Kind::kFrame);
  CHECK(b.kind(60ms) == Kind::kMissing);
  CHECK(b.push(frame(1, 20), 65ms) == PushResult::kLate);
  CHECK(b.pop(80ms).timestamp == MediaTime32(40));
  const JitterBufferStats s = b.buffer.stats();
  CHECK(s.late == 1);
  CHECK(s.concealed_ms == 20);
  check_sum(s);
}

TEST_CASE("a concealed slot shows the frame behind the gap") {
  Bench b;
  const std::array<std::byte, 3> payload{std::byte{1}, std::byte{2}, std::byte{3}};
  b.push(frame(0, 0), 0ms);
  b.push(frame(2, 40, payload), 40ms);
  CHECK(b.kind(40ms) == Kind::kFrame);
  const Playout out = b.pop(60ms);
  REQUIRE(out.kind == Kind::kMissing);
  CHECK(out.timestamp == MediaTime32(20));
  CHECK(out.duration == 20ms);
  REQUIRE(out.following.size() == 3);
  CHECK(out.following[2] == std::byte{3});
}

TEST_CASE("recovered frames count as recovered, the original that follows as duplicate") {
  Bench b;
  b.push(frame(0, 0), 0ms);
  JitterFrame recovered = frame(1, 20);
  recovered.origin = FrameOrigin::kRecovered;
  CHECK(b.push(recovered, 35ms) == PushResult::kAccepted);
  CHECK(b.push(frame(1, 20), 36ms) == PushResult::kDuplicate);
  JitterFrame unnumbered = recovered;
  unnumbered.seq.reset();
  CHECK(b.push(unnumbered, 37ms) == PushResult::kDuplicate);
  CHECK(b.kind(40ms) == Kind::kFrame);
  const Playout out = b.pop(60ms);
  CHECK(out.origin == FrameOrigin::kRecovered);
  const JitterBufferStats s = b.buffer.stats();
  CHECK(s.recovered == 1);
  CHECK(s.recovered_ms == 20);
  CHECK(s.received_ms == 20);
  check_sum(s);
}

TEST_CASE("a jump of media time without a jump of numbers is silence") {
  Bench b;
  b.push(frame(0, 0), 0ms);
  CHECK(b.kind(40ms) == Kind::kFrame);
  CHECK(b.kind(60ms) == Kind::kMissing);  // nothing is known yet
  CHECK(b.kind(80ms) == Kind::kMissing);
  b.push(frame(1, 100), 100ms);
  CHECK(b.kind(100ms) == Kind::kComfortNoise);
  CHECK(b.kind(120ms) == Kind::kComfortNoise);
  CHECK(b.pop(140ms).timestamp == MediaTime32(100));
  const JitterBufferStats s = b.buffer.stats();
  CHECK(s.concealed_ms == 0);
  CHECK(s.comfort_ms == 80);
  check_sum(s);
}

TEST_CASE("a jump of both is loss, except for what repair packets account for") {
  Bench lossy;
  lossy.push(frame(0, 0), 0ms);
  lossy.push(frame(3, 60), 60ms);
  CHECK(lossy.kind(40ms) == Kind::kFrame);
  CHECK(lossy.kind(60ms) == Kind::kMissing);
  CHECK(lossy.kind(80ms) == Kind::kMissing);
  CHECK(lossy.kind(100ms) == Kind::kFrame);
  CHECK(lossy.buffer.stats().concealed_ms == 40);

  Bench repaired;
  repaired.push(frame(0, 0), 0ms);
  repaired.buffer.note_packet(SeqNo16(1));
  repaired.push(frame(2, 60), 60ms);
  CHECK(repaired.kind(40ms) == Kind::kFrame);
  CHECK(repaired.kind(60ms) == Kind::kComfortNoise);
  CHECK(repaired.kind(80ms) == Kind::kComfortNoise);
  CHECK(repaired.kind(100ms) == Kind::kFrame);

  Bench mixed;  // one number lost in a pause of three frames
  mixed.push(frame(0, 0), 0ms);
  mixed.push(frame(2, 80), 80ms);
  CHECK(mixed.kind(40ms) == Kind::kFrame);
  CHECK(mixed.kind(60ms) == Kind::kMissing);
  CHECK(mixed.kind(80ms) == Kind::kComfortNoise);
  CHECK(mixed.kind(100ms) == Kind::kComfortNoise);
  CHECK(mixed.kind(120ms) == Kind::kFrame);
}

TEST_CASE("a lost onset after a pause is concealed next to the speech, not at the pause's start") {
  Bench b;
  b.push(frame(0, 0), 0ms);
  b.push(comfort_frame(1, 40), 20ms);
  CHECK(b.kind(40ms) == Kind::kFrame);
  CHECK(b.kind(60ms) == Kind::kComfortNoise);
  b.push(frame(3, 120), 120ms);
  CHECK(b.kind(80ms) == Kind::kComfortNoise);
  CHECK(b.kind(100ms) == Kind::kComfortNoise);
  CHECK(b.kind(120ms) == Kind::kComfortNoise);
  CHECK(b.kind(140ms) == Kind::kMissing);
  CHECK(b.kind(160ms) == Kind::kFrame);
}

TEST_CASE("a comfort packet stamped like the next spoken frame does not hide it") {
  Bench b;
  b.push(frame(0, 0), 0ms);
  b.push(comfort_frame(1, 40), 40ms);  // stands for the silent slot at 20
  b.push(frame(2, 40), 40ms);
  CHECK(b.kind(40ms) == Kind::kFrame);
  CHECK(b.kind(60ms) == Kind::kComfortNoise);
  const Playout out = b.pop(80ms);
  CHECK(out.kind == Kind::kFrame);
  CHECK(out.timestamp == MediaTime32(40));
}

TEST_CASE("the payload of the last comfort packet comes with the silence") {
  Bench b;
  const std::array<std::byte, 1> level{std::byte{50}};
  JitterFrame cn = comfort_frame(0, 20);
  cn.payload = level;
  b.push(cn, 0ms);
  const Playout out = b.pop(40ms);
  REQUIRE(out.kind == Kind::kComfortNoise);
  REQUIRE(out.payload.size() == 1);
  CHECK(out.payload[0] == std::byte{50});
}

TEST_CASE("when full the oldest frame goes, also across the wrap of both numbers") {
  JitterBufferConfig config = Bench::fixed(1000ms);
  config.capacity_frames = 4;
  JitterBuffer buffer(config);
  const std::uint32_t first = 0xffff'ffff - 30;
  for (int i = 0; i < 6; ++i) {
    const auto n = static_cast<std::uint16_t>(65'534 + i);
    JitterFrame f = frame(n, 0);
    f.timestamp = MediaTime32(first) + 20 * i;
    CHECK(buffer.push(f, kSimStart + milliseconds(20 * i)) == PushResult::kAccepted);
  }
  CHECK(buffer.depth() == 4);
  CHECK(buffer.stats().overflows == 2);
  CHECK(buffer.stats().discarded == 2);
  const Playout out = buffer.pop(kSimStart + 1040ms);
  REQUIRE(out.kind == Kind::kFrame);
  CHECK(out.timestamp == MediaTime32(first) + 40);
}

TEST_CASE("frames of impossible size or length are refused") {
  Bench b;
  std::vector<std::byte> big(1201);
  CHECK(b.push(frame(0, 0, big), 0ms) == PushResult::kRefused);
  JitterFrame f = frame(0, 0);
  f.duration = 0ms;
  CHECK(b.push(f, 0ms) == PushResult::kRefused);
  f.duration = 121ms;
  CHECK(b.push(f, 0ms) == PushResult::kRefused);
  CHECK(b.push(frame(0, 0, ByteView(big).first(1200)), 0ms) == PushResult::kAccepted);
  JitterFrame recovered = frame(2, 60'000);
  recovered.origin = FrameOrigin::kRecovered;
  CHECK(b.push(recovered, 0ms) == PushResult::kRefused);
  CHECK(b.buffer.stats().refused == 4);
}

TEST_CASE("resetting the counters does not move playout") {
  Bench b;
  for (int i = 0; i < 10; ++i) b.push(frame(i, i * 20), milliseconds(i * 20));
  CHECK(b.kind(40ms) == Kind::kFrame);
  b.buffer.reset_statistics();
  CHECK(b.buffer.stats().played_ms == 0);
  CHECK(b.pop(60ms).timestamp == MediaTime32(20));
  CHECK(b.push(frame(0, 0), 61ms) == PushResult::kDuplicate);
  CHECK(b.buffer.stats().played_ms == 20);
}

TEST_CASE("after a reset the buffer starts as new") {
  Bench b;
  for (int i = 0; i < 10; ++i) b.push(frame(i, i * 20), milliseconds(i * 20));
  CHECK(b.kind(40ms) == Kind::kFrame);
  b.buffer.reset();
  CHECK(b.buffer.depth() == 0);
  CHECK_FALSE(b.buffer.playing());
  CHECK(b.push(frame(0, 0), 300ms) == PushResult::kAccepted);
  CHECK(b.kind(320ms) == Kind::kEmpty);
  CHECK(b.kind(340ms) == Kind::kFrame);
}

TEST_CASE("a stream that falls silent without a word is concealed for a second, then idle") {
  Bench b;
  b.push(frame(0, 0), 0ms);
  CHECK(b.kind(40ms) == Kind::kFrame);
  int missing = 0;
  milliseconds at = 60ms;
  Playout out = b.pop(at);
  milliseconds run{0};
  while (out.kind == Kind::kMissing) {
    ++missing;
    run = out.concealed_run;
    at += 20ms;
    out = b.pop(at);
  }
  CHECK(out.kind == Kind::kEmpty);
  CHECK(missing == 50);
  CHECK(run == 1000ms);
  CHECK(b.buffer.stats().underruns == 1);
  // As long as nothing tells, it is taken for the end of the talk.
  CHECK(b.buffer.stats().concealed_ms == 200);
  CHECK(b.buffer.stats().comfort_ms == 800);
  check_sum(b.buffer.stats());
  b.push(frame(1, 5000), 5000ms);
  CHECK(b.kind(5000ms) == Kind::kEmpty);
  CHECK(b.kind(5040ms) == Kind::kFrame);
  // Its number shows that nothing was lost.
  CHECK(b.buffer.stats().concealed_ms == 0);
  CHECK(b.buffer.stats().comfort_ms == 1000);
}

TEST_CASE("a floor raises the target so that frames recovered late are in time") {
  JitterBufferConfig config;
  config.delay.start = 120ms;
  JitterBuffer buffer(config);
  buffer.set_delay_floor(120ms);
  CHECK(buffer.target_delay() == 120ms);
  for (int i = 0; i < 200; ++i) {
    const Instant now = kSimStart + milliseconds(20 * i);
    if (i % 5 != 2) buffer.push(frame(i, i * 20), now);
    if (i % 5 == 4) {
      JitterFrame f = frame(i - 2, (i - 2) * 20);
      f.origin = FrameOrigin::kRecovered;
      CHECK(buffer.push(f, now + 5ms) == PushResult::kAccepted);
    }
    static_cast<void>(buffer.pop(now + 10ms));
  }
  CHECK(buffer.stats().concealed_ms == 0);
  CHECK(buffer.target_delay() == 120ms);
  buffer.set_delay_floor(0ms);
  CHECK(buffer.target_delay() == 20ms);
}

TEST_CASE("in fixed mode the delay stays what it was set to") {
  SimConfig config;
  config.buffer.fixed_delay = 200ms;
  config.path = jitter_path(50ms, 100ms);
  const SimResult r = JitterSim(config).run();
  CHECK(r.stats.late == 0);
  CHECK(r.stats.concealed_ms <= 1000);
  CHECK(r.waited_at(0.5) > 100ms);
  CHECK(r.waited_at(0.999) < 240ms);
}

TEST_CASE("with time-stretching frames come with a decision instead of being dropped") {
  SimConfig config;
  config.buffer.client_stretches = true;
  config.buffer.fixed_delay = 100ms;
  int tick = 0;
  config.on_tick = [&](JitterBuffer& buffer, Duration) {
    if (++tick == 500) buffer.set_fixed_delay(40ms);
    if (tick == 1000) buffer.set_fixed_delay(200ms);
  };
  JitterBufferConfig c = config.buffer;
  JitterBuffer buffer(c);
  std::array<int, 3> decisions{};
  for (int i = 0; i < 300; ++i) {
    const Instant now = kSimStart + milliseconds(20 * i);
    buffer.push(frame(i, i * 20), now);
    if (i == 100) buffer.set_fixed_delay(40ms);
    if (i == 200) buffer.set_fixed_delay(200ms);
    const Playout out = buffer.pop(now + 1ms);
    if (out.kind == Kind::kFrame) ++decisions[static_cast<std::size_t>(out.decision)];
  }
  CHECK(decisions[0] > 90);
  CHECK(decisions[1] == 100);
  CHECK(decisions[2] == 100);
  CHECK(buffer.stats().dropped_ms == 0);
  const SimResult r = JitterSim(config).run();
  check_every_frame_once(r);
}

TEST_CASE("with time-stretching a delayed frame is waited for and played") {
  JitterBufferConfig config = Bench::fixed(40ms);
  config.client_stretches = true;
  JitterBuffer buffer(config);
  buffer.push(frame(0, 0), kSimStart);
  CHECK(buffer.pop(kSimStart + 40ms).kind == Kind::kFrame);
  CHECK(buffer.pop(kSimStart + 60ms).kind == Kind::kMissing);
  CHECK(buffer.pop(kSimStart + 80ms).kind == Kind::kMissing);
  CHECK(buffer.push(frame(1, 20), kSimStart + 90ms) == PushResult::kAccepted);
  CHECK(buffer.pop(kSimStart + 100ms).timestamp == MediaTime32(20));
  CHECK(buffer.stats().inserted_ms == 40);
  // If it was lost instead, the wait has filled its gap.
  CHECK(buffer.pop(kSimStart + 120ms).kind == Kind::kMissing);
  buffer.push(frame(3, 60), kSimStart + 130ms);
  CHECK(buffer.pop(kSimStart + 140ms).timestamp == MediaTime32(60));
  CHECK(buffer.stats().late == 0);
}

TEST_CASE("an outage of a second is all concealment once the numbers show it") {
  for (const bool stretches : {false, true}) {
    JitterBufferConfig config = Bench::fixed(40ms);
    config.client_stretches = stretches;
    JitterBuffer buffer(config);
    buffer.push(frame(0, 0), kSimStart);
    CHECK(buffer.pop(kSimStart + 40ms).kind == Kind::kFrame);
    for (int i = 3; i < 53; ++i) CHECK(buffer.pop(kSimStart + 20ms * i).kind == Kind::kMissing);
    CHECK(buffer.stats().concealed_ms == 200);
    buffer.push(frame(52, 1040), kSimStart + 1060ms);
    while (buffer.pop(kSimStart + 1060ms).kind != Kind::kFrame) {
    }
    const JitterBufferStats s = buffer.stats();
    CAPTURE(stretches, s.concealed_ms, s.comfort_ms);
    CHECK(s.concealed_ms >= 1000);
    CHECK(s.comfort_ms == 0);
    check_sum(s);
  }
}

TEST_CASE(
    "with time-stretching a pause that begins without notice is silence, also while waiting") {
  JitterBufferConfig config = Bench::fixed(40ms);
  config.client_stretches = true;
  for (const bool comfort_is_late : {false, true}) {
    CAPTURE(comfort_is_late);
    JitterBuffer buffer(config);
    buffer.push(frame(0, 0), kSimStart);
    CHECK(buffer.pop(kSimStart + 40ms).kind == Kind::kFrame);
    // Media time stands still for 200 ms beyond the target, then it moves on.
    const int until = comfort_is_late ? 20 : 11;
    for (int i = 3; i < until; ++i) {
      CHECK(buffer.pop(kSimStart + 20ms * i).kind == Kind::kMissing);
    }
    const auto said = buffer.push(comfort_frame(1, 40), kSimStart + 20ms * until - 5ms);
    CHECK(said == (comfort_is_late ? PushResult::kLate : PushResult::kAccepted));
    CHECK(buffer.pop(kSimStart + 20ms * until).kind == Kind::kComfortNoise);
    const JitterBufferStats s = buffer.stats();
    CHECK(s.concealed_ms == 0);
    CHECK(s.comfort_ms == static_cast<std::uint64_t>(20 * (until - 2)));
    check_sum(s);
  }
}

TEST_CASE("with time-stretching a frame that was late was concealed") {
  JitterBufferConfig config = Bench::fixed(40ms);
  config.client_stretches = true;
  JitterBuffer buffer(config);
  buffer.push(frame(0, 0), kSimStart);
  CHECK(buffer.pop(kSimStart + 40ms).kind == Kind::kFrame);
  CHECK(buffer.pop(kSimStart + 60ms).kind == Kind::kMissing);
  CHECK(buffer.pop(kSimStart + 80ms).kind == Kind::kMissing);
  buffer.push(frame(1, 20), kSimStart + 90ms);
  CHECK(buffer.pop(kSimStart + 100ms).kind == Kind::kFrame);
  CHECK(buffer.stats().concealed_ms == 40);
  CHECK(buffer.stats().comfort_ms == 0);
  check_sum(buffer.stats());
}

TEST_CASE("whatever arrives, the sum of origins holds, storage is bounded and order is kept") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    SeededRng rng(seed);
    JitterBufferConfig config;
    config.client_stretches = seed % 2 == 0;
    config.capacity_frames = 8 + seed % 32;
    config.max_payload_bytes = 64;
    JitterBuffer buffer(config);
    Instant now = kSimStart;
    std::uint32_t ts = static_cast<std::uint32_t>(rng.next_u64());
    std::uint16_t seq = static_cast<std::uint16_t>(rng.next_u64());
    std::array<std::byte, 64> payload{};
    for (int i = 0; i < 3000; ++i) {
      now += milliseconds(rng.next_u64() % 25);
      const std::uint64_t dice = rng.next_u64() % 100;
      if (dice < 2) ts = static_cast<std::uint32_t>(rng.next_u64());
      if (dice < 4) seq = static_cast<std::uint16_t>(rng.next_u64());
      if (dice < 60) {
        JitterFrame f;
        if (dice % 7 != 0) f.seq = SeqNo16(seq++);
        f.timestamp = MediaTime32(ts);
        f.duration = milliseconds(dice % 3 == 0 ? 40 : 20);
        f.codec = static_cast<CodecId>(dice % 6);
        f.origin = dice % 11 == 0 ? FrameOrigin::kRecovered : FrameOrigin::kReceived;
        f.payload = ByteView(payload).first(dice % 64);
        ts += static_cast<std::uint32_t>(dice % 20 == 0 ? 500 : f.duration.count());
        static_cast<void>(buffer.push(f, now));
      }
      const Playout out = buffer.pop(now);
      REQUIRE(out.duration <= 40ms);
      REQUIRE((out.kind == Kind::kEmpty) == (out.duration == 0ms));
      REQUIRE(buffer.depth() <= config.capacity_frames);
      const JitterBufferStats s = buffer.stats();
      REQUIRE(s.played_ms == s.received_ms + s.recovered_ms + s.concealed_ms + s.comfort_ms);
    }
  }
}
