#include "wzp/proto/bandwidth_estimator.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <vector>

#include "wzp/proto/rng.hpp"

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;
using std::chrono::milliseconds;

namespace {

constexpr Instant kStart = Instant(1h);

struct Sample {
  double at_seconds;
  double estimate;
  double queue_ms;
};

struct Bottleneck {
  std::function<double(double)> kbps = [](double) { return 100.0; };  // of time in seconds
  double max_source_kbps = 120;  // what the sender fills with voice and redundancy
  Duration transit = 40ms;
  Duration jitter = 0ms;
  double random_loss = 0;
  double queue_limit_ms = 2000;
};

// A packet every 20 ms, sized to the estimate, through a queue in front of a link.
std::vector<Sample> simulate(BandwidthEstimator& estimator, const Bottleneck& link, double length) {
  SeededRng rng(11);
  std::vector<Sample> samples;
  double link_free = 0;
  int sent = 0;
  int lost = 0;
  for (int i = 0; i * 0.02 < length; ++i) {
    const double now = i * 0.02;
    const double rate = std::min(estimator.estimate_kbps(), link.max_source_kbps);
    const double bits = rate * 20;
    const double queue_ms = std::max(0.0, link_free - now) * 1000;
    ++sent;
    if (queue_ms > link.queue_limit_ms || rng.next_unit() < link.random_loss) {
      ++lost;
    } else {
      link_free = std::max(link_free, now) + bits / 1000 / link.kbps(now);
      const double extra = rng.next_unit() * std::chrono::duration<double>(link.jitter).count();
      const double arrival =
          link_free + std::chrono::duration<double>(link.transit).count() + extra;
      estimator.on_packet(Duration(static_cast<std::int64_t>(now * 1e9)),
                          kStart + Duration(static_cast<std::int64_t>(arrival * 1e9)),
                          static_cast<std::size_t>(bits / 8));
    }
    if (i % 50 == 49) {
      estimator.on_loss(100.0 * lost / sent,
                        kStart + Duration(static_cast<std::int64_t>(now * 1e9)));
      sent = lost = 0;
    }
    samples.push_back({now, estimator.estimate_kbps(), queue_ms});
  }
  return samples;
}

double mean_estimate(const std::vector<Sample>& samples, double from, double to) {
  double sum = 0;
  int n = 0;
  for (const Sample& s : samples) {
    if (s.at_seconds < from || s.at_seconds >= to) continue;
    sum += s.estimate;
    ++n;
  }
  return sum / n;
}

}  // namespace

TEST_CASE("the estimate follows a bottleneck from 100 to 20 kbit/s and back") {
  BandwidthEstimator estimator;
  Bottleneck link;
  link.kbps = [](double t) { return t < 20 || t > 50 ? 100.0 : 20.0; };
  const auto samples = simulate(estimator, link, 80);
  CHECK(mean_estimate(samples, 10, 20) > 60);
  CHECK(mean_estimate(samples, 10, 20) < 110);
  CHECK(mean_estimate(samples, 25, 50) > 10);
  CHECK(mean_estimate(samples, 25, 50) < 21);
  CHECK(mean_estimate(samples, 60, 80) > 60);
  double above = 0;
  for (const Sample& s : samples) above += s.queue_ms > 300 ? 0.02 : 0;
  CHECK(above <= 2.0);
  const double tail =
      std::max_element(samples.begin() + 1500, samples.begin() + 2500,
                       [](const Sample& a, const Sample& b) { return a.queue_ms < b.queue_ms; })
          ->queue_ms;
  CHECK(tail < 300);
}

TEST_CASE("random loss without growing delay leaves the estimate alone") {
  BandwidthEstimator estimator;
  Bottleneck link;
  link.kbps = [](double) { return 1000.0; };
  link.max_source_kbps = 40;
  link.random_loss = 0.2;
  link.jitter = 30ms;
  const auto samples = simulate(estimator, link, 60);
  for (const Sample& s : samples) REQUIRE(s.estimate >= 30);
  CHECK(estimator.tier() == Tier::kGood);
}

TEST_CASE("a long round trip alone changes nothing") {
  BandwidthEstimator estimator;
  for (int i = 0; i < 300; ++i) {
    estimator.on_rtt(600ms, kStart + milliseconds(1000 * i));
    estimator.on_loss(0, kStart + milliseconds(1000 * i));
  }
  CHECK(estimator.estimate_kbps() >= 50);
  CHECK(estimator.state() == CongestionState::kNormal);
}

TEST_CASE("round trips that keep growing lower the estimate") {
  BandwidthEstimator estimator;
  for (int i = 0; i < 60; ++i) {
    estimator.on_rtt(milliseconds(50 + 30 * i), kStart + milliseconds(200 * i));
  }
  CHECK(estimator.estimate_kbps() < 25);
}

TEST_CASE("the same path seen through twice as many calls gives the same estimate") {
  BandwidthEstimator once;
  BandwidthEstimator twice;
  for (int i = 0; i < 100; ++i) {
    const Instant now = kStart + milliseconds(100 * i);
    once.on_loss(0, now);
    twice.on_loss(0, now - 50ms);
    twice.on_loss(0, now);
  }
  CHECK(once.estimate_kbps() == Catch::Approx(twice.estimate_kbps()).epsilon(0.02));
  BandwidthEstimator still;
  for (int i = 0; i < 1000; ++i) still.on_loss(0, kStart);
  CHECK(still.estimate_kbps() == 50);
}

TEST_CASE("one bad report does not cut a clean path's estimate") {
  BandwidthEstimator estimator;
  for (int i = 0; i < 30; ++i) {
    estimator.on_report({static_cast<std::uint8_t>(i == 10 ? 153 : 0), 5, 0, 0},
                        kStart + milliseconds(1000 * i));
  }
  CHECK(estimator.estimate_kbps() >= 50);
}

TEST_CASE("the estimate runs no further ahead than deliveries justify") {
  BandwidthEstimator estimator;
  Bottleneck link;
  link.kbps = [](double) { return 1000.0; };
  link.max_source_kbps = 30;
  simulate(estimator, link, 60);
  CHECK(estimator.estimate_kbps() <= 60);
  CHECK(estimator.delivered_kbps() == Catch::Approx(30).epsilon(0.1));
}

TEST_CASE("the estimate stays between its bounds and a peer's cap is honoured") {
  BandwidthEstimator low({10, 5, 20});
  for (int i = 0; i < 100; ++i)
    low.on_rtt(milliseconds(20 + 50 * i), kStart + milliseconds(100 * i));
  CHECK(low.estimate_kbps() == 5);
  BandwidthEstimator high({10, 5, 20});
  for (int i = 0; i < 100; ++i) high.on_loss(0, kStart + milliseconds(1000 * i));
  CHECK(high.estimate_kbps() == 20);
  high.on_report({0, 5, 0, 12}, kStart + 200s);
  CHECK(high.estimate_kbps() == 12);
  CHECK(BandwidthEstimator({1000, 5, 100}).estimate_kbps() == 100);
}

TEST_CASE("the estimate names a profile at 25 and 8 kbit/s") {
  CHECK(BandwidthEstimator({25, 5, 512}).profile() == kProfileGood);
  CHECK(BandwidthEstimator({24.9, 5, 512}).profile() == kProfileDegraded);
  CHECK(BandwidthEstimator({8, 5, 512}).profile() == kProfileDegraded);
  CHECK(BandwidthEstimator({7.9, 5, 512}).profile() == kProfileCatastrophic);
}
