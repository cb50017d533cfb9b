#include "wzp/proto/reception_monitor.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>

#include "wzp/proto/rng.hpp"

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;
using std::chrono::milliseconds;

namespace {

constexpr SenderKey kKey{7};

/// A sender of 40 ms packets of 100 bytes whose numbers wrap soon.
struct Heard {
  ReceptionMonitor monitor;
  std::uint16_t first = 65'500;
  void packet(int n, milliseconds transit) {
    monitor.on_packet(SeqNo16(static_cast<std::uint16_t>(first + n)),
                      MediaTime32(0xffffff00U) + 40 * n, 100,
                      Instant(1h) + milliseconds(40) * n + transit);
  }
};

}  // namespace

TEST_CASE("losses and their runs are counted, and packets that were only late are taken out") {
  Heard h;
  const std::set<int> lost = {5, 6, 7, 20, 40, 41, 50};
  const std::set<int> late = {6, 20, 50};
  for (int n = 0; n < 100; ++n) {
    if (lost.count(n) == 0) h.packet(n, 50ms);
    if (n == 55) {
      for (const int l : late) h.packet(l, 2s);
    }
  }
  h.packet(99, 60ms);  // again
  const SenderFeedback s = h.monitor.report(kKey, 64ms);
  CHECK(s.newest.value() == static_cast<std::uint16_t>(65'500 + 99));
  CHECK(s.received == 96);
  CHECK(s.bytes_by_4 == 96 * 25);
  // Left are 5, 7 and 40-41.
  CHECK(s.loss_runs == 3);
  CHECK(s.playout_8ms == 8);
}

TEST_CASE("random losses and reordering: the counters are those of a list of what came") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    SeededRng rng(seed);
    Heard h;
    std::vector<bool> came(2000);
    h.packet(0, 50ms);
    came[0] = true;
    for (int base = 1; base + 10 < 2000; base += 10) {
      std::vector<int> order;
      for (int i = 0; i < 10; ++i) {
        if (rng.next_unit() < 0.8) order.push_back(base + i);
      }
      for (std::size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[rng.next_u64() % i]);
      for (const int n : order) {
        h.packet(n, 50ms);
        came[static_cast<std::size_t>(n)] = true;
      }
    }
    int newest = 1999;
    while (!came[static_cast<std::size_t>(newest)]) --newest;
    int received = 0;
    int runs = 0;
    for (int n = 0; n <= newest; ++n) {
      const auto i = static_cast<std::size_t>(n);
      received += came[i] ? 1 : 0;
      if (n > 0 && !came[i] && came[i - 1]) ++runs;
    }
    const SenderFeedback s = h.monitor.report(kKey, 0ms);
    CHECK(s.received == received);
    CHECK(s.loss_runs == static_cast<std::uint8_t>(runs));
  }
}

TEST_CASE("a queue shows in the rise at once and in the delay of the next report") {
  Heard h;
  for (int n = 0; n < 50; ++n) h.packet(n, 50ms);
  const SenderFeedback before = h.monitor.report(kKey, 0ms);
  h.monitor.end_interval();
  CHECK(before.rise_4ms == 0);
  CHECK(h.monitor.newest_queue() == 0ms);
  for (int n = 50; n < 60; ++n) h.packet(n, 50ms + 10ms * (n - 49));
  CHECK(h.monitor.newest_queue() > 80ms);
  const SenderFeedback growing = h.monitor.report(kKey, 0ms);
  CHECK(static_cast<std::uint16_t>(growing.delay_ms - before.delay_ms) == 10);
  CHECK(growing.rise_4ms == 80 / 4);
  // One packet that was held up alone is no queue.
  Heard single;
  for (int n = 0; n < 50; ++n) single.packet(n, n == 49 ? 250ms : 50ms);
  CHECK(single.monitor.newest_queue() == 0ms);
  CHECK(single.monitor.report(kKey, 0ms).rise_4ms == 0);
}

TEST_CASE("jitter is the one of RFC 3550, and a pause is none") {
  Heard h;
  for (int n = 0; n < 400; ++n) h.packet(n, n % 2 == 0 ? 50ms : 70ms);
  const auto jitter = h.monitor.report(kKey, 0ms).jitter_ms;
  CHECK(jitter >= 19);
  CHECK(jitter <= 20);
  h.packet(900, 50ms);
  CHECK(h.monitor.report(kKey, 0ms).jitter_ms <= 20);
}

TEST_CASE("a sender that starts anew is counted anew, a stray number is not") {
  Heard h;
  for (int n = 0; n < 100; ++n) h.packet(n, 50ms);
  h.packet(20'000, 50ms);
  h.packet(100, 50ms);
  CHECK(h.monitor.report(kKey, 0ms).received == 101);
  h.packet(20'000, 50ms);
  h.packet(20'001, 50ms);
  const SenderFeedback s = h.monitor.report(kKey, 0ms);
  CHECK(s.received == 1);
  CHECK(s.loss_runs == 0);
}
