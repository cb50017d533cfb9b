#include "wzp/proto/playout_delay.hpp"

#include <catch2/catch_test_macros.hpp>

#include "wzp/proto/rng.hpp"

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;
using std::chrono::milliseconds;

namespace {

constexpr Instant kStart = Instant(std::chrono::hours(1));

// Feeds packets every 20 ms with the given transit, returns the target afterwards.
template <class Transit>
milliseconds run(PlayoutDelayEstimator& estimator, int from, int to, Transit transit) {
  for (int i = from; i < to; ++i) {
    estimator.update(milliseconds(20 * i), kStart + milliseconds(20 * i) + transit(i), false);
  }
  return estimator.target();
}

}  // namespace

TEST_CASE("a steady path needs one bucket, a jittery one as many as its jitter") {
  SeededRng rng(6);
  PlayoutDelayEstimator steady;
  CHECK(steady.target() == 40ms);
  CHECK(run(steady, 0, 500, [](int) { return 70ms; }) == 20ms);
  PlayoutDelayEstimator jitter30;
  CHECK(run(jitter30, 0, 3000, [&](int) { return milliseconds(70 + rng.next_u64() % 31); }) ==
        40ms);
  PlayoutDelayEstimator jitter100;
  CHECK(run(jitter100, 0, 3000, [&](int) { return milliseconds(70 + rng.next_u64() % 100); }) ==
        100ms);
}

TEST_CASE("relative delay counts from the fastest packet of two seconds") {
  PlayoutDelayEstimator estimator;
  CHECK(estimator.update(0ms, kStart + 50ms, false) == 0ms);
  CHECK(estimator.update(20ms, kStart + 60ms, false) == 0ms);  // faster: the new base
  CHECK(estimator.update(40ms, kStart + 95ms, false) == 15ms);
  CHECK(*estimator.base() == kStart.time_since_epoch() + 40ms);
  // Three seconds later the fast packet is forgotten.
  CHECK(estimator.update(3000ms, kStart + 3080ms, false) == 0ms);
}

TEST_CASE("the target rises within two seconds and falls over a minute") {
  PlayoutDelayEstimator estimator;
  run(estimator, 0, 3000, [](int) { return 50ms; });
  const auto spiky = [](int i) { return i % 20 == 0 ? 190ms : 50ms; };
  CHECK(run(estimator, 3000, 3125, spiky) >= 140ms);
  CHECK(run(estimator, 3125, 3250, [](int) { return 50ms; }) >= 140ms);
  CHECK(run(estimator, 3250, 3250 + 50 * 120, [](int) { return 50ms; }) == 20ms);
}

TEST_CASE("reordering asks for delay only when it is frequent enough to pay") {
  PlayoutDelayEstimator rare;
  PlayoutDelayEstimator frequent;
  for (int i = 0; i < 6000; ++i) {
    const Instant now = kStart + milliseconds(20 * i);
    const bool r = i % 400 == 399;
    const bool f = i % 10 == 9;
    rare.update(milliseconds(20 * i - (r ? 70 : 0)), now, r);
    frequent.update(milliseconds(20 * i - (f ? 70 : 0)), now, f);
  }
  CHECK(rare.target() <= 80ms);
  CHECK(frequent.target() == 80ms);
}

TEST_CASE("a timeline that starts anew keeps what was learnt about the path") {
  SeededRng rng(7);
  PlayoutDelayEstimator estimator;
  run(estimator, 0, 3000, [&](int) { return milliseconds(rng.next_u64() % 100); });
  const milliseconds before = estimator.target();
  estimator.restart_timeline();
  CHECK_FALSE(estimator.base().has_value());
  CHECK(estimator.target() == before);
  CHECK(estimator.update(0ms, kStart + 100s, false) == 0ms);
}
