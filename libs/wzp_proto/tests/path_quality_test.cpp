#include "wzp/proto/path_quality.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "wzp/proto/rng.hpp"

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;
using Catch::Approx;
using std::chrono::milliseconds;

namespace {

constexpr Instant kStart = Instant(1h);

// 50 packets a second; `lost(i)` drops packet i.
template <class Lost>
PathQuality run(PathMonitor& monitor, int packets, Lost lost, std::size_t bytes = 100) {
  Instant now = kStart;
  for (int i = 0; i < packets; ++i) {
    now = kStart + milliseconds(20 * i);
    if (lost(i)) continue;
    monitor.on_received(SeqNo16(static_cast<std::uint16_t>(65'000 + i)),
                        MediaTime32(static_cast<std::uint32_t>(20 * i)), bytes, now);
  }
  return monitor.quality(now + 20ms);
}

}  // namespace

TEST_CASE("path monitor: zeros initially") {
  PathMonitor monitor;
  CHECK(monitor.quality(kStart) == PathQuality{});
  CHECK(monitor.report(kStart, 64) == QualityReport{0, 0, 0, 64});
}

TEST_CASE("path monitor: RTT and jitter check values") {
  PathMonitor monitor;
  const double averages[] = {100, 110, 119};
  const milliseconds samples[] = {100ms, 200ms, 200ms};
  for (int i = 0; i < 3; ++i) {
    monitor.on_rtt(samples[i]);
    CHECK(monitor.smoothed_rtt_ms() == Approx(averages[i]));
  }
  PathMonitor jitter;
  const double expected[] = {0, 50, 46};
  const milliseconds steps[] = {100ms, 150ms, 140ms};
  for (int i = 0; i < 3; ++i) {
    jitter.on_rtt(steps[i]);
    CHECK(jitter.rtt_jitter_ms() == Approx(expected[i]));
  }
}

TEST_CASE("path monitor: 10 sent and 7 received gives loss between 0 and 100 exclusive") {
  PathMonitor monitor;
  for (int i = 0; i < 10; ++i) {
    if (i == 2 || i == 5 || i == 6) continue;
    monitor.on_received(SeqNo16(static_cast<std::uint16_t>(i)),
                        MediaTime32(static_cast<std::uint32_t>(i * 20)), 100,
                        kStart + milliseconds(20 * i));
  }
  const PathQuality q = monitor.quality(kStart + 1s);
  CHECK(q.loss_pct > 0);
  CHECK(q.loss_pct < 100);
  CHECK(q.loss_pct == Approx(30));
}

TEST_CASE("path monitor: all received gives less than 1 percent loss") {
  PathMonitor monitor;
  CHECK(run(monitor, 200, [](int) { return false; }).loss_pct == 0);
  CHECK(monitor.packets_received() == 200);
}

TEST_CASE("path monitor: bandwidth is above 0 after 100 packets over 990 ms") {
  PathMonitor monitor;
  for (int i = 0; i < 100; ++i) {
    monitor.on_received(SeqNo16(static_cast<std::uint16_t>(i)),
                        MediaTime32(static_cast<std::uint32_t>(i * 10)), 100,
                        kStart + milliseconds(10 * i));
  }
  const PathQuality q = monitor.quality(kStart + 1s);
  CHECK(q.bandwidth_kbps == 80);
}

TEST_CASE("path monitor: loss follows the true rate, through the wrap and reordering") {
  SeededRng rng(8);
  PathMonitor monitor;
  CHECK(run(monitor, 3000, [&](int) { return rng.next_unit() < 0.2; }).loss_pct ==
        Approx(20).margin(6));
  PathMonitor swapped;
  Instant now = kStart;
  for (int i = 0; i < 2000; i += 2) {
    now = kStart + milliseconds(20 * i);
    for (const int n : {i + 1, i}) {
      swapped.on_received(SeqNo16(static_cast<std::uint16_t>(n)),
                          MediaTime32(static_cast<std::uint32_t>(20 * n)), 100, now);
    }
  }
  CHECK(swapped.quality(now + 1s).loss_pct < 0.1F);
}

TEST_CASE("path monitor: jitter follows the variation of transit, and pauses are not jitter") {
  SeededRng rng(9);
  PathMonitor monitor;
  Instant now = kStart;
  for (int i = 0; i < 2000; ++i) {
    const milliseconds media(20 * i + (i >= 1000 ? 10'000 : 0));
    now = kStart + media + milliseconds(rng.next_u64() % 31);
    monitor.on_received(SeqNo16(static_cast<std::uint16_t>(i)),
                        MediaTime32(static_cast<std::uint32_t>(media.count())), 100, now);
  }
  const PathQuality q = monitor.quality(now);
  CHECK(q.jitter_ms >= 5);
  CHECK(q.jitter_ms <= 16);
}

TEST_CASE("path monitor: a sender that starts anew is not thousands of lost packets") {
  PathMonitor monitor;
  for (int i = 0; i < 600; ++i) {
    const int seq = i < 500 ? 30'000 + i : i - 500;
    monitor.on_received(SeqNo16(static_cast<std::uint16_t>(seq)), MediaTime32(0), 100,
                        kStart + milliseconds(20 * i));
  }
  CHECK(monitor.quality(kStart + 14s).loss_pct < 1);
}

TEST_CASE("path monitor: what was sent is counted in real bytes") {
  PathMonitor monitor;
  monitor.on_sent(70);
  monitor.on_sent(30);
  CHECK(monitor.packets_sent() == 2);
  CHECK(monitor.bytes_sent() == 100);
}
