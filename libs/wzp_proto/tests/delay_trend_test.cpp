#include "wzp/proto/delay_trend.hpp"

#include <catch2/catch_test_macros.hpp>

#include "wzp/proto/rng.hpp"

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;
using std::chrono::milliseconds;

namespace {

constexpr Instant kStart = Instant(1h);

template <class Delay>
int count_overuse(DelayTrend& trend, int from, int to, Delay delay) {
  int over = 0;
  for (int i = from; i < to; ++i) {
    over += trend.add(delay(i), kStart + milliseconds(20 * i)) == CongestionState::kOveruse;
  }
  return over;
}

}  // namespace

TEST_CASE("a growing queue is overuse, a draining one underuse, a steady one normal") {
  DelayTrend trend;
  CHECK(count_overuse(trend, 0, 200, [](int) { return 5h + 40ms; }) == 0);
  CHECK(count_overuse(trend, 200, 260,
                      [](int i) { return 5h + milliseconds(40 + 4 * (i - 200)); }) > 30);
  CHECK(trend.queue_ms() > 150);
  count_overuse(trend, 260, 300, [](int i) { return 5h + milliseconds(280 - 6 * (i - 260)); });
  CHECK(trend.state() == CongestionState::kUnderuse);
  count_overuse(trend, 300, 500, [](int) { return 5h + 40ms; });
  CHECK(trend.state() == CongestionState::kNormal);
  CHECK(trend.queue_ms() < 5);
}

TEST_CASE("jitter is not taken for a queue") {
  SeededRng rng(12);
  DelayTrend trend;
  const int over =
      count_overuse(trend, 0, 5000, [&](int) { return milliseconds(40 + rng.next_u64() % 31); });
  CHECK(over < 50);
}
