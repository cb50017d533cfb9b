#include "wzp/transport/channel.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cmath>
#include <stdexcept>

#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace wzp::transport;
using namespace std::chrono_literals;

namespace {

const Instant kStart{1000s};

std::vector<std::byte> packet(std::size_t n) { return std::vector<std::byte>(n, std::byte{1}); }

// Pushes n packets of 100 bytes, one each `gap`; returns tag and time of what comes out.
struct Out {
  std::uint64_t tag;
  Instant at;
  Duration delay;
};
std::vector<Out> pass(Channel& channel, std::uint64_t n, Duration gap, std::size_t size = 100) {
  std::vector<Out> out;
  const auto bytes = packet(size);
  const auto collect = [&](Instant until) {
    while (channel.next_deadline() <= until) {
      const Instant at = channel.next_deadline();
      const auto p = channel.pop_due(at);
      REQUIRE(p);
      CHECK(p->bytes.size() == size);
      out.push_back({p->tag, at, at - p->pushed_at});
    }
  };
  for (std::uint64_t i = 0; i < n; ++i) {
    const Instant now = kStart + static_cast<std::int64_t>(i) * gap;
    collect(now);
    channel.push(bytes, now, i);
  }
  collect(kNever - 1ns);
  return out;
}

}  // namespace

TEST_CASE("a perfect channel delivers everything at once and in order") {
  Channel channel{ChannelConfig{}};
  const auto out = pass(channel, 1000, 1ms);
  REQUIRE(out.size() == 1000);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    CHECK(out[i].tag == i);
    CHECK(out[i].delay == 0ns);
  }
  CHECK(channel.next_deadline() == kNever);
}

TEST_CASE("independent loss takes its share") {
  const double rate = GENERATE(0.01, 0.1, 0.4, 1.0);
  ChannelConfig c;
  c.loss_rate = rate;
  Channel channel(c);
  const auto out = pass(channel, 50'000, 1ms);
  CHECK(std::fabs(1 - static_cast<double>(out.size()) / 50'000 - rate) < 0.01);
  CHECK(channel.counters().lost_random + out.size() == 50'000);
}

TEST_CASE("burst loss has the rate and the mean burst asked for") {
  const double rate = GENERATE(0.05, 0.2);
  const double burst = GENERATE(1.5, 4.0, 10.0);
  ChannelConfig c;
  c.bursts = GilbertElliott{rate, burst, 1.0};
  c.log_fates = true;
  c.seed = 3;
  Channel channel(c);
  constexpr std::uint64_t kPackets = 400'000;
  for (std::uint64_t i = 0; i < kPackets; ++i) {
    channel.push({}, kStart);
    static_cast<void>(channel.pop_due(kStart));
  }
  std::size_t lost = 0;
  std::size_t runs = 0;
  bool before = false;
  for (const FateRecord& f : channel.fates()) {
    const bool gone = f.fate == Fate::kLostBurst;
    lost += gone ? 1 : 0;
    runs += gone && !before ? 1 : 0;
    before = gone;
  }
  CHECK(std::fabs(static_cast<double>(lost) / kPackets - rate) < 0.1 * rate);
  CHECK(std::fabs(static_cast<double>(lost) / static_cast<double>(runs) - burst) < 0.1 * burst);
}

TEST_CASE("jitter stays within its model and may be kept from reordering") {
  const JitterModel model =
      GENERATE(JitterModel::kUniform, JitterModel::kNormal, JitterModel::kExponential);
  const bool reorder = GENERATE(true, false);
  ChannelConfig c;
  c.delay = 50ms;
  c.jitter = 30ms;
  c.jitter_model = model;
  c.reorder = reorder;
  Channel channel(c);
  const auto out = pass(channel, 20'000, 5ms);
  REQUIRE(out.size() == 20'000);
  const Duration most = model == JitterModel::kUniform  ? 30ms
                        : model == JitterModel::kNormal ? 120ms
                                                        : 240ms;
  double sum = 0;
  for (const Out& o : out) {
    CHECK(o.delay >= 50ms);
    if (reorder) CHECK(o.delay <= 50ms + most);
    sum += std::chrono::duration<double, std::milli>(o.delay - 50ms).count();
  }
  if (reorder) {
    const double mean = sum / 20'000;
    const double expected = model == JitterModel::kUniform  ? 15
                            : model == JitterModel::kNormal ? 30 * 0.798
                                                            : 30;
    CHECK(std::fabs(mean - expected) < 1);
    CHECK(channel.counters().reordered > 100);
  } else {
    CHECK(channel.counters().reordered == 0);
    for (std::size_t i = 1; i < out.size(); ++i) CHECK(out[i].tag > out[i - 1].tag);
  }
}

TEST_CASE("duplicates are extra packets") {
  ChannelConfig c;
  c.duplicate_rate = 0.1;
  Channel channel(c);
  const auto out = pass(channel, 10'000, 1ms);
  CHECK(out.size() == 10'000 + channel.counters().duplicated);
  CHECK(std::abs(static_cast<int>(channel.counters().duplicated) - 1000) < 150);
}

TEST_CASE("a bottleneck spaces packets and drops what its queue cannot hold") {
  ChannelConfig c;
  c.rate_bits_per_second = 1'024'000;  // 128 bytes with headers: 1 ms
  c.queue_bytes = 12'800;              // 100 ms
  Channel slow(c);
  const auto under = pass(slow, 1000, 2ms);
  REQUIRE(under.size() == 1000);
  for (const Out& o : under) CHECK(o.delay == 1ms);

  Channel full(c);
  const auto over = pass(full, 5000, 500us);  // twice the rate
  CHECK(std::abs(static_cast<int>(over.size()) - 2600) < 20);
  CHECK(full.counters().lost_queue == 5000 - over.size());
  Duration longest{0};
  for (const Out& o : over) longest = std::max(longest, o.delay);
  CHECK(longest <= 100ms);
  CHECK(longest >= 98ms);
}

TEST_CASE("outages lose everything for their length") {
  ChannelConfig c;
  c.outage_period = 1s;
  c.outage_length = 200ms;
  Channel channel(c);
  const auto out = pass(channel, 10'000, 1ms);
  CHECK(out.size() == 8000);
  CHECK(channel.counters().lost_outage == 2000);
  for (const Out& o : out) CHECK(o.at.time_since_epoch() % Duration(1s) < 800ms);
}

TEST_CASE("a blackout lasts until it is lifted") {
  Channel channel{ChannelConfig{}};
  channel.set_blackout(true);
  CHECK(channel.push(packet(1), kStart) == Fate::kLostOutage);
  channel.set_blackout(false);
  CHECK(channel.push(packet(1), kStart) == Fate::kDelivered);
}

TEST_CASE("packets under way are bounded") {
  ChannelConfig c;
  c.delay = 1s;
  c.max_packets = 10;
  Channel channel(c);
  for (int i = 0; i < 15; ++i) channel.push(packet(1), kStart);
  CHECK(channel.packets_under_way() == 10);
  CHECK(channel.counters().lost_queue == 5);
}

TEST_CASE("the same seed gives the same fates, whenever packets are taken out") {
  ChannelConfig c;
  c.loss_rate = 0.2;
  c.bursts = GilbertElliott{0.1, 3, 1};
  c.jitter = 40ms;
  c.duplicate_rate = 0.05;
  c.log_fates = true;
  Channel a(c);
  Channel b(c);
  for (int i = 0; i < 5000; ++i) {
    const Instant now = kStart + i * 1ms;
    a.push(packet(50), now);
    b.push(packet(50), now);
    while (a.pop_due(now)) {
    }
  }
  REQUIRE(a.fates().size() == b.fates().size());
  for (std::size_t i = 0; i < a.fates().size(); ++i) {
    CHECK(a.fates()[i].fate == b.fates()[i].fate);
    CHECK(a.fates()[i].due_at == b.fates()[i].due_at);
  }
  c.seed = 2;
  Channel other(c);
  int differences = 0;
  for (int i = 0; i < 5000; ++i) {
    other.push(packet(50), kStart + i * 1ms);
    differences += other.fates().back().fate != a.fates()[static_cast<std::size_t>(i)].fate;
  }
  CHECK(differences > 500);
}

TEST_CASE("impossible conditions are refused") {
  const auto refuses = [](auto change) {
    ChannelConfig c;
    change(c);
    CHECK_THROWS_AS(Channel(c), std::invalid_argument);
  };
  refuses([](ChannelConfig& c) { c.loss_rate = 1.1; });
  refuses([](ChannelConfig& c) { c.loss_rate = -0.1; });
  refuses([](ChannelConfig& c) { c.loss_rate = std::nan(""); });
  refuses([](ChannelConfig& c) { c.delay = -1ms; });
  refuses([](ChannelConfig& c) { c.bursts = GilbertElliott{0.5, 0.5, 1}; });
  refuses([](ChannelConfig& c) { c.bursts = GilbertElliott{0.9, 2, 0.5}; });
  refuses([](ChannelConfig& c) { c.outage_length = 1s; });
}
