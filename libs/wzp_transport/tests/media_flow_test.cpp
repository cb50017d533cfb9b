// Media on bad paths: what the path lets through arrives, without waiting for congestion control.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstring>

#include "sim_pair.hpp"

using namespace wzp;
using namespace wzp::transport;
using namespace wzp::transport::test;

namespace {

constexpr std::size_t kFrameBytes = 120;

// Frames of 120 bytes from the server to the client at a steady rate; each carries its send time.
struct MediaFlow {
  MediaFlow(SimPair& p, double frames_per_second) : pair(p) {
    pair.client.on_datagram = [this](const DatagramReceived& d, Instant now) {
      ByteReader in(d.bytes);
      const Instant sent_at(Duration(static_cast<std::int64_t>(in.u64())));
      const Duration delay = now - sent_at;
      longest_delay = std::max(longest_delay, delay);
      if (last_arrival != Instant()) longest_gap = std::max(longest_gap, now - last_arrival);
      last_arrival = now;
      ++received;
      arrivals.push_back(now);
    };
    const auto period = Duration(static_cast<std::int64_t>(1e9 / frames_per_second));
    pair.network.every(period, pair.network.now(), pair.server.id, [this](Instant now) {
      if (stopped) return;
      std::array<std::byte, kFrameBytes> frame{};
      ByteWriter out(frame);
      out.u64(static_cast<std::uint64_t>(now.time_since_epoch().count()));
      if (pair.server.endpoint.send_datagram(pair.server.connection(), frame, now) ==
          SendResult::kQueued) {
        ++sent;
      }
    });
    // The other direction: a talker's 50 frames a second.
    pair.network.every(20ms, pair.network.now(), pair.client.id, [this](Instant now) {
      if (!stopped) {
        pair.client.endpoint.send_datagram(pair.client.connection(), bytes_of(kFrameBytes), now);
      }
    });
  }
  void run(Duration span) {
    pair.network.run_for(span);
    stopped = true;
    pair.network.run_for(1s);
  }
  [[nodiscard]] double delivered() const {
    return static_cast<double>(received) / static_cast<double>(sent);
  }
  [[nodiscard]] ConnectionStats stats() const {
    return pair.server.endpoint.stats(pair.server.connection());
  }

  SimPair& pair;
  bool stopped = false;
  std::size_t sent = 0;
  std::size_t received = 0;
  Duration longest_delay{0};
  Duration longest_gap{0};
  Instant last_arrival{};
  std::vector<Instant> arrivals;
};

}  // namespace

TEST_CASE("random loss takes its share of media and congestion control nothing") {
  const double loss = GENERATE(0.0, 0.05, 0.2, 0.4);
  const double rate = GENERATE(50.0, 500.0, 2450.0);
  SimOptions options;
  options.up = options.down = path(50ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  for (const auto& [from, to] :
       {std::pair(pair.client.id, pair.server.id), std::pair(pair.server.id, pair.client.id)}) {
    ChannelConfig bad = path(50ms, loss);
    bad.jitter = 2ms;
    pair.network.channel(from, to).set_config(bad);
  }
  MediaFlow flow(pair, rate);
  flow.run(10s);
  INFO("loss " << loss << ", " << rate << " frames/s, delivered " << flow.delivered()
               << ", longest delay " << in_ms(flow.longest_delay) << " ms, window "
               << flow.stats().congestion_window);
  CHECK(flow.sent > rate * 9.9);
  CHECK(flow.delivered() > 1 - loss - 0.05);
  CHECK(flow.longest_delay <= 53ms);
  CHECK(flow.stats().datagrams_dropped_aged == 0);
  CHECK(flow.stats().datagrams_dropped_full == 0);
  CHECK(flow.stats().congestion_window >= 524'288);
  CHECK(pair.server.closed.empty());
}

TEST_CASE("after a short blackout media flow at once") {
  const double rate = GENERATE(50.0, 500.0);
  const auto [length, period] = GENERATE(table<Duration, Duration>({{200ms, 2s}, {1000ms, 5s}}));
  SimOptions options;
  options.up = options.down = path(50ms);
  options.up.outage_length = options.down.outage_length = length;
  options.up.outage_period = options.down.outage_period = period;
  SimPair pair(options);
  REQUIRE(pair.connect());
  MediaFlow flow(pair, rate);
  flow.run(20s);
  INFO(rate << " frames/s, longest gap " << in_ms(flow.longest_gap) << " ms");
  CHECK(flow.longest_gap <= length + 60ms);
  CHECK(flow.longest_delay <= 260ms);
  CHECK(pair.client.closed.empty());
}

TEST_CASE("after ten seconds of blackout a receiver gets fresh media within 300 ms") {
  SimOptions options;
  options.up = options.down = path(50ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  MediaFlow flow(pair, 2450);
  pair.network.run_for(2s);
  pair.network.channel(pair.server.id, pair.client.id).set_blackout(true);
  pair.network.channel(pair.client.id, pair.server.id).set_blackout(true);
  pair.network.run_for(10s);
  const Instant back = pair.network.now();
  pair.network.channel(pair.server.id, pair.client.id).set_blackout(false);
  pair.network.channel(pair.client.id, pair.server.id).set_blackout(false);
  flow.longest_delay = Duration(0);
  pair.network.run_for(1s);
  REQUIRE(!flow.arrivals.empty());
  const auto first = std::lower_bound(flow.arrivals.begin(), flow.arrivals.end(), back);
  REQUIRE(first != flow.arrivals.end());
  INFO("first after " << in_ms(*first - back) << " ms, longest delay "
                      << in_ms(flow.longest_delay));
  CHECK(*first - back <= 150ms);
  CHECK(flow.longest_delay <= 300ms);
  // The full rate is back, too.
  const auto from = std::lower_bound(flow.arrivals.begin(), flow.arrivals.end(), back + 500ms);
  CHECK(std::distance(from, flow.arrivals.end()) > 1150);
}

TEST_CASE("a burst of messages delays no datagram") {
  SimOptions options;
  options.up = options.down = path(50ms, 0.05, 5);
  SimPair pair(options);
  REQUIRE(pair.connect());
  MediaFlow flow(pair, 500);
  pair.network.run_for(1s);
  pair.on_server([&](Instant now) {
    for (int i = 0; i < 10; ++i) {
      REQUIRE(pair.server.endpoint.send_message(pair.server.connection(), bytes_of(100'000), now));
    }
  });
  flow.run(15s);
  CHECK(flow.longest_delay <= 51ms);
  CHECK(pair.client.messages.size() == 10);
}

TEST_CASE("on a thin link old datagrams are dropped, and what arrives is fresh") {
  // 2.8 Mbit/s of media into 1 Mbit/s with a queue of 100 ms. The path's queue is full all the
  // time; the outbox never adds to it.
  SimOptions options;
  options.up = path(20ms);
  options.down = path(20ms);
  options.down.rate_bits_per_second = 1'000'000;
  options.down.queue_bytes = 12'500;
  SimPair pair(options);
  REQUIRE(pair.connect());
  MediaFlow flow(pair, 2450);
  flow.run(10s);
  CHECK(flow.longest_delay <= 20ms + 100ms + 210ms);
  CHECK(flow.longest_gap <= 100ms);
}

TEST_CASE("acknowledgements travel with media instead of doubling the packets") {
  SimOptions options;
  options.up = options.down = path(20ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.network.run_for(1s);
  const ConnectionStats before = pair.server.endpoint.stats(pair.server.connection());
  MediaFlow flow(pair, 50);
  pair.network.run_for(10s);
  const ConnectionStats after = pair.server.endpoint.stats(pair.server.connection());
  const auto packets = static_cast<double>(after.packets_out - before.packets_out);
  INFO(packets << " packets for " << flow.sent << " frames");
  CHECK(packets < 1.15 * static_cast<double>(flow.sent));
}

TEST_CASE("a listener acknowledges rarely, but within the delay it promised") {
  SimOptions options;
  options.up = options.down = path(20ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.network.every(20ms, pair.network.now(), pair.server.id, [&](Instant now) {
    pair.server.endpoint.send_datagram(pair.server.connection(), bytes_of(kFrameBytes), now);
  });
  pair.network.run_for(1s);
  const auto before = pair.client.endpoint.stats(pair.client.connection()).packets_out;
  pair.network.run_for(10s);
  const auto sent = pair.client.endpoint.stats(pair.client.connection()).packets_out - before;
  CHECK(sent < 400);
  const ConnectionStats stats = pair.server.endpoint.stats(pair.server.connection());
  CHECK(stats.datagrams_lost == 0);
  CHECK(stats.datagrams_acked > 540);
  CHECK(stats.smoothed_rtt < 82ms);
}

TEST_CASE("datagrams of one turn share packets") {
  SimPair pair;
  REQUIRE(pair.connect());
  pair.network.run_for(1s);
  const ConnectionStats before = pair.server.endpoint.stats(pair.server.connection());
  pair.on_server([&](Instant now) {
    for (int i = 0; i < 90; ++i) {
      pair.server.endpoint.send_datagram(pair.server.connection(), bytes_of(kFrameBytes), now);
    }
  });
  pair.network.run_until(pair.network.now());
  const ConnectionStats after = pair.server.endpoint.stats(pair.server.connection());
  CHECK(after.packets_out - before.packets_out <= 11);
  pair.network.run_for(1s);
  CHECK(pair.client.datagrams == 90);
}

TEST_CASE("datagrams of one stream never share a packet, those of several streams do") {
  SimPair pair;
  REQUIRE(pair.connect());
  pair.network.run_for(1s);
  const auto packets_for = [&](std::vector<std::uint16_t> streams) {
    const std::uint64_t before = pair.server.endpoint.stats(pair.server.connection()).packets_out;
    pair.on_server([&](Instant now) {
      for (const std::uint16_t stream : streams) {
        pair.server.endpoint.send_datagram(pair.server.connection(), bytes_of(kFrameBytes), now,
                                           StreamId{stream});
      }
    });
    pair.network.run_until(pair.network.now());
    return pair.server.endpoint.stats(pair.server.connection()).packets_out - before;
  };
  CHECK(packets_for({0, 0, 0}) == 1);
  CHECK(packets_for({1, 2, 3}) == 1);
  CHECK(packets_for({1, 1}) == 2);
  CHECK(packets_for({1, 2, 1, 2, 3}) == 2);
}

TEST_CASE("handshakes succeed on very lossy paths") {
  int done = 0;
  std::vector<double> seconds;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SimOptions options;
    options.up = path(50ms, 0.4, seed * 7);
    options.down = path(50ms, 0.4, seed * 7 + 1);
    options.seed = seed;
    SimPair pair(options);
    const Instant start = pair.network.now();
    if (!pair.connect()) continue;
    ++done;
    seconds.push_back(std::chrono::duration<double>(pair.network.now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  INFO(done << " of 60, median " << seconds.at(seconds.size() / 2) << " s");
  CHECK(done >= 57);
  CHECK(seconds.at(seconds.size() / 2) < 1.5);
}
