#include "../src/timer_wheel.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace wzp::transport;
using namespace std::chrono_literals;

namespace {

// Lets the wheel run as a driver would and tells when each slot fired.
std::map<std::uint32_t, Instant> run(TimerWheel& wheel, Instant now, Instant end) {
  std::map<std::uint32_t, Instant> fired;
  std::vector<std::uint32_t> due;
  while (wheel.next() <= end) {
    now = std::max(now, wheel.next());
    due.clear();
    wheel.advance(now, due);
    for (const std::uint32_t slot : due) fired[slot] = now;
  }
  return fired;
}

}  // namespace

TEST_CASE("deadlines at every distance fire on time, at most a millisecond late") {
  const Instant start{123'456'789us};
  TimerWheel wheel;
  const std::vector<Duration> distances{0ms,     1us,   999us,        1ms,     255ms,
                                        256ms,   257ms, 511ms,        65535ms, 65536ms,
                                        65537ms, 1h,    16'777'215ms, 5h,      30h};
  for (std::uint32_t i = 0; i < distances.size(); ++i) {
    wheel.set(i, start + distances[i], start);
  }
  const auto fired = run(wheel, start, start + 31h);
  REQUIRE(fired.size() == distances.size());
  for (std::uint32_t i = 0; i < distances.size(); ++i) {
    const Duration late = fired.at(i) - (start + distances[i]);
    CHECK(late >= 0ns);
    CHECK(late <= 1ms);
  }
  CHECK(wheel.next() == kNever);
}

TEST_CASE("a deadline can be moved and cancelled") {
  const Instant start{100s};
  TimerWheel wheel;
  wheel.set(0, start + 10ms, start);
  wheel.set(1, start + 10ms, start);
  wheel.set(2, start + 10ms, start);
  wheel.set(1, start + 5s, start);
  wheel.cancel(2);
  wheel.cancel(77);
  const auto fired = run(wheel, start, start + 10s);
  CHECK(fired.size() == 2);
  CHECK(fired.at(0) == start + 10ms);
  CHECK(fired.at(1) == start + 5s);
}

TEST_CASE("random deadlines and jumps of time agree with a simple list") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    SeededRng rng(seed);
    TimerWheel wheel;
    std::map<std::uint32_t, Instant> expected;
    Instant now{7'000'000s};
    std::vector<std::uint32_t> due;
    for (int step = 0; step < 2000; ++step) {
      const auto slot = static_cast<std::uint32_t>(rng.next_u64() % 50);
      const auto distance = Duration(
          static_cast<std::int64_t>(rng.next_u64() % (1ULL << (20 + rng.next_u64() % 25))));
      if (rng.next_u64() % 5 == 0) {
        wheel.cancel(slot);
        expected.erase(slot);
      } else {
        wheel.set(slot, now + distance, now);
        expected[slot] = now + distance;
      }
      now += Duration(static_cast<std::int64_t>(rng.next_u64() % 200'000'000));
      due.clear();
      wheel.advance(now, due);
      for (const std::uint32_t fired : due) {
        REQUIRE(expected.count(fired) == 1);
        REQUIRE(expected[fired] <= now);
        expected.erase(fired);
      }
      for (const auto& [late, deadline] : expected) REQUIRE(deadline > now - 1ms);
    }
  }
}

TEST_CASE("an idle wheel wakes rarely for deadlines far away") {
  const Instant start{100s};
  TimerWheel wheel;
  for (std::uint32_t i = 0; i < 4000; ++i) wheel.set(i, start + 15s + i * 1ms, start);
  int wakeups = 0;
  std::vector<std::uint32_t> due;
  while (wheel.next() <= start + 14s) {
    wheel.advance(wheel.next(), due);
    ++wakeups;
  }
  CHECK(due.empty());
  CHECK(wakeups <= 14 * 4 + 1);
}
