#include "wzp/proto/rate_control.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <functional>
#include <vector>

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;
using std::chrono::milliseconds;

namespace {

struct Moment {
  double at = 0;
  double queue_ms = 0;
  double rate = 0;
  RateControl::State state = RateControl::State::kProbing;
};

/// A fluid model: what is sent beyond the link's rate stands in a queue. The sender fills what it
/// may up to `most_kbps`; reports come each 250 ms and take 100 ms.
struct Link {
  std::function<double(double)> kbps = [](double) { return 1000.0; };
  std::function<double(double)> foreign_queue_ms = [](double) { return 0.0; };
  double most_kbps = 40;
  double loss_percent = 0;
};

std::vector<Moment> simulate(RateControl& control, const Link& link, double seconds) {
  constexpr double kStep = 0.01;
  std::vector<Moment> out;
  std::vector<double> rates(10, 0.0);  // on their way back
  double queue_kbit = 0;
  double delivered = 0;
  double first_ms = 0;
  double smallest_ms = 1e9;
  int since = 0;
  for (int i = 0; i * kStep < seconds; ++i) {
    const double now = i * kStep;
    const double rate = std::min(control.rate_kbps(), link.most_kbps);
    queue_kbit += rate * kStep;
    const double through = std::min(queue_kbit, link.kbps(now) * kStep);
    queue_kbit -= through;
    delivered += through;
    const double queue_ms = queue_kbit / link.kbps(now) * 1000 + link.foreign_queue_ms(now);
    smallest_ms = std::min(smallest_ms, queue_ms);
    if (++since == 25) {
      DeliveryInterval interval;
      interval.length = 250ms;
      interval.delivered_kbps = delivered / 0.25;
      interval.loss_percent = link.loss_percent;
      interval.delay_step = Duration(static_cast<std::int64_t>((smallest_ms - first_ms) * 1e6));
      interval.rise = Duration(static_cast<std::int64_t>((queue_ms - smallest_ms) * 1e6));
      interval.round_trip = 100ms;
      control.on_interval(interval, Instant(1h) + milliseconds(i * 10));
      first_ms = smallest_ms;
      smallest_ms = 1e9;
      delivered = 0;
      since = 0;
    }
    out.push_back({now, queue_ms, control.rate_kbps(), control.state()});
  }
  return out;
}

double mean_rate(const std::vector<Moment>& run, double from, double to) {
  double sum = 0;
  int n = 0;
  for (const Moment& m : run) {
    if (m.at < from || m.at >= to) continue;
    sum += m.rate;
    ++n;
  }
  return sum / n;
}

double longest_above(const std::vector<Moment>& run, double ms) {
  double longest = 0;
  double now = 0;
  for (const Moment& m : run) {
    now = m.queue_ms > ms ? now + 0.01 : 0;
    longest = std::max(longest, now);
  }
  return longest;
}

}  // namespace

TEST_CASE("the rate follows a link from 100 to 20 kbit/s and back without a long queue") {
  RateControl control;
  Link link;
  link.kbps = [](double t) { return t < 20 || t >= 50 ? 100.0 : 20.0; };
  const auto run = simulate(control, link, 80);
  CHECK(mean_rate(run, 10, 20) > 45);
  CHECK(mean_rate(run, 24, 50) > 14);
  CHECK(mean_rate(run, 24, 50) < 21);
  CHECK(mean_rate(run, 60, 80) > 40);
  CHECK(longest_above(run, 300) <= 1.0);
}

TEST_CASE("a narrow link is filled to at least four fifths, with a short queue") {
  for (const double kbps : {12.0, 16.0, 20.0, 30.0}) {
    CAPTURE(kbps);
    RateControl control;
    Link link;
    link.kbps = [kbps](double) { return kbps; };
    const auto run = simulate(control, link, 120);
    CHECK(mean_rate(run, 10, 120) > 0.8 * kbps);
    CHECK(mean_rate(run, 10, 120) < 1.02 * kbps);
    const std::vector<Moment> settled(run.begin() + 1000, run.end());
    CHECK(longest_above(settled, 200) == 0);
  }
}

TEST_CASE("loss without a queue leaves the rate alone") {
  for (const double loss : {10.0, 30.0, 60.0}) {
    RateControl control;
    Link link;
    link.loss_percent = loss;
    for (const Moment& m : simulate(control, link, 60)) REQUIRE(m.rate >= 50);
  }
}

TEST_CASE("a queue that others make is lived with, however low the rate would have to go") {
  RateControl control;
  Link link;
  // A sawtooth of 5 s up to 250 ms.
  link.foreign_queue_ms = [](double t) { return std::fmod(t, 5.0) * 50; };
  const auto run = simulate(control, link, 120);
  CHECK(mean_rate(run, 20, 120) > 30);
  CHECK(run.back().state == RateControl::State::kCompeting);
}

TEST_CASE("a path that becomes longer for good costs a few seconds of lower rate") {
  RateControl control;
  Link link;
  link.foreign_queue_ms = [](double t) { return t < 20 ? 0.0 : 300.0; };
  const auto run = simulate(control, link, 60);
  CHECK(mean_rate(run, 26, 60) > 36);
}

TEST_CASE("packets thrown away here lower the rate, but never below the bounds") {
  RateControl control({50, 5, 200, 24});
  control.on_local_drop(Instant(1h));
  CHECK(control.rate_kbps() < 45);
  for (int i = 1; i < 100; ++i) control.on_local_drop(Instant(1h) + i * 1s);
  CHECK(control.rate_kbps() == 5);
}

TEST_CASE("nonsense in an interval does not move the rate out of its bounds") {
  RateControl control;
  DeliveryInterval bad;
  bad.length = -1s;
  control.on_interval(bad, Instant(1h));
  CHECK(control.rate_kbps() == 50);
  for (int i = 0; i < 1000; ++i) {
    DeliveryInterval wild;
    wild.length = milliseconds(1 + i % 300);
    wild.delivered_kbps = i % 2 == 0 ? 1e9 : 0;
    wild.loss_percent = 100.0 * (i % 3);
    wild.delay_step = milliseconds(i % 7 == 0 ? 30'000 : -4000);
    wild.rise = milliseconds(i % 1000);
    control.on_interval(wild, Instant(1h) + milliseconds(100) * i);
    REQUIRE(control.rate_kbps() >= 5);
    REQUIRE(control.rate_kbps() <= 200);
  }
}
