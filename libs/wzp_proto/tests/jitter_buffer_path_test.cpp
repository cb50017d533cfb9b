// The jitter buffer on simulated paths: minutes of speech, pauses, jitter, loss, outages, drift.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

#include "jitter_checks.hpp"
#include "wzp/proto/jitter_buffer.hpp"

using namespace wzp;
using namespace wzp::proto;
using namespace wzp::test;

namespace {

Duration spread(const std::vector<Duration>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *high - *low;
}

}  // namespace

TEST_CASE(
    "without loss every frame is played once, none concealed, at a steady delay, for 5 minutes") {
  for (const int repair_every : {0, 5}) {
    for (const milliseconds length : {20ms, 40ms, 60ms}) {
      CAPTURE(repair_every, length.count());
      SimConfig config;
      config.length = 300s;
      config.frame = length;
      config.repair_every = repair_every;
      const SimResult r = JitterSim(config).run();
      check_every_frame_once(r);
      check_sum(r.stats);
      CHECK(r.out_of_order == 0);
      CHECK(r.stats.received == r.frames_sent);
      CHECK(r.stats.received_ms == r.frames_sent * static_cast<std::uint64_t>(length.count()));
      CHECK(r.stats.late == 0);
      CHECK(r.stats.discarded == 0);
      CHECK(spread(r.mouth_to_ear) <= 20ms);
      // Only what is asked for after the sender stopped is concealed, and soon counts as silence.
      CHECK(r.stats.concealed_ms <= 200);
      CHECK(r.stats.comfort_ms <= 800);
    }
  }
}

TEST_CASE("speech and silence in turn lose no spoken frame and keep their distance") {
  for (const Duration pause : {Duration(2s), Duration(10s)}) {
    SimConfig config;
    config.length = 300s;
    config.repair_every = 5;
    config.voiced = [pause](Duration at) { return at % (2s + pause) < 2s; };
    const SimResult r = JitterSim(config).run();
    check_every_frame_once(r);
    check_sum(r.stats);
    CHECK(r.stats.late == 0);
    CHECK(spread(r.mouth_to_ear) <= 20ms);
    CHECK(r.stats.comfort_ms > 100'000);
    // Silence is not loss, although the first packet that says so comes after 200 ms.
    CHECK(r.stats.concealed_ms <= 200);
  }
}

TEST_CASE("numbers and time stamps may wrap at any moment") {
  SimConfig config;
  config.length = 30s;
  config.repair_every = 5;
  config.first_seq = 65'000;
  config.first_timestamp = 0xffff'ffff - 10'000;
  const SimResult r = JitterSim(config).run();
  check_every_frame_once(r);
  CHECK(r.stats.restarts == 0);
  CHECK(r.stats.late == 0);
  CHECK(spread(r.mouth_to_ear) <= 20ms);
}

TEST_CASE("jitter costs delay, not frames, once the buffer knows it") {
  for (const milliseconds jitter : {30ms, 60ms, 100ms}) {
    CAPTURE(jitter.count());
    SimConfig config;
    config.length = 120s;
    config.path = jitter_path(50ms, jitter);
    const SimResult r = JitterSim(config).run();
    check_sum(r.stats);
    CHECK(r.out_of_order == 0);
    CHECK(static_cast<double>(r.stats.late) < 0.01 * static_cast<double>(r.frames_sent));
    CHECK(r.times_played.size() + r.stats.late + r.stats.discarded == r.frames_sent);
    CHECK(r.mouth_to_ear.back() <= 50ms + jitter + 60ms);
  }
}

TEST_CASE("lost frames are concealed one for one") {
  SimConfig config;
  config.length = 120s;
  config.path = jitter_path(50ms, 0ms, 0.1);
  config.repair_every = 5;
  const SimResult r = JitterSim(config).run();
  check_sum(r.stats);
  const std::uint64_t lost = r.frames_sent - r.stats.received;
  CHECK(r.times_played.size() == r.stats.received);
  CHECK(r.stats.concealed_ms >= lost * 20 - 40);
  CHECK(r.stats.concealed_ms <= lost * 20 + 1100);
}

TEST_CASE("an outage is concealed and the delay afterwards is what it was before") {
  SimConfig config;
  config.length = 60s;
  config.path = [](Duration at, Rng&) -> std::optional<Duration> {
    if (at > 20s && at < 20s + 400ms) return std::nullopt;
    return 50ms;
  };
  const SimResult r = JitterSim(config).run();
  check_sum(r.stats);
  CHECK(r.times_played.size() == r.stats.received);
  CHECK(r.stats.late == 0);
  CHECK(spread(r.mouth_to_ear) <= 20ms);
}

TEST_CASE("a stall that delivers everything at once does not leave the delay behind it") {
  SimConfig config;
  config.length = 60s;
  config.path = [](Duration at, Rng&) -> std::optional<Duration> {
    if (at > 20s && at < 20s + 400ms) return 20s + 450ms - at;
    return 50ms;
  };
  const SimResult r = JitterSim(config).run();
  check_sum(r.stats);
  CHECK(r.stats.restarts == 0);
  CHECK(r.mouth_to_ear.back() - r.mouth_to_ear.front() <= 60ms);
  CHECK(r.times_played.size() + 25 >= r.frames_sent);
}

TEST_CASE("a path that becomes slower for good is followed within a fifth of a second") {
  SimConfig config;
  config.length = 30s;
  config.path = [](Duration at, Rng&) -> std::optional<Duration> {
    return at < 10s ? 50ms : 250ms;
  };
  const SimResult r = JitterSim(config).run();
  check_sum(r.stats);
  CHECK(r.times_played.size() + 12 >= r.frames_sent);
}

TEST_CASE("clocks that differ by 100 ppm cost a frame in minutes, not delay") {
  for (const double ppm : {100.0, -100.0}) {
    CAPTURE(ppm);
    SimConfig config;
    config.length = 3600s;
    config.sender_ppm = ppm;
    const SimResult r = JitterSim(config).run();
    check_sum(r.stats);
    // 100 ppm of an hour are 360 ms: 18 frames.
    CHECK(r.stats.dropped_ms + r.stats.inserted_ms <= 400);
    CHECK(r.stats.late <= 20);
    CHECK(spread(r.waited) <= 110ms);
  }
}

TEST_CASE("a sender that starts anew is heard again at once") {
  for (const Duration when : {Duration(600ms), Duration(10s), Duration(60s)}) {
    CAPTURE(when.count());
    SimConfig config;
    config.length = when + 10s;
    config.restarts = {when};
    config.path = jitter_path(50ms, 10ms);
    const SimResult r = JitterSim(config).run();
    check_sum(r.stats);
    CHECK(r.stats.restarts == 1);
    CHECK(r.times_played.size() + 12 >= r.frames_sent);
  }
}
