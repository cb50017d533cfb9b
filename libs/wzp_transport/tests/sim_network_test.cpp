// The simulator: the same seeds give the same run, packet for packet.
#include "wzp/transport/sim_network.hpp"

#include <catch2/catch_test_macros.hpp>

#include "sim_pair.hpp"

using namespace wzp;
using namespace wzp::transport;
using namespace wzp::transport::test;

namespace {

struct Trace {
  std::uint64_t hash;
  std::uint64_t packets;
  std::size_t up;
  std::size_t down;
  bool operator==(const Trace&) const = default;
};

Trace run(std::uint64_t seed) {
  SimOptions options;
  options.seed = seed;
  options.up = path(30ms, 0.1, seed);
  options.down = path(40ms, 0.2, seed + 1);
  options.up.jitter = options.down.jitter = 15ms;
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.network.every(20ms, pair.network.now(), pair.client.id, [&](Instant now) {
    pair.client.endpoint.send_datagram(pair.client.connection(), bytes_of(120), now);
  });
  pair.network.every(7ms, pair.network.now(), pair.server.id, [&](Instant now) {
    pair.server.endpoint.send_datagram(pair.server.connection(), bytes_of(90), now);
  });
  pair.network.every(500ms, pair.network.now(), pair.client.id, [&](Instant now) {
    REQUIRE(pair.client.endpoint.send_message(pair.client.connection(), bytes_of(3000), now));
  });
  pair.network.run_for(30s);
  return {pair.network.trace_hash(), pair.network.packets_sent(), pair.server.datagrams,
          pair.client.datagrams};
}

}  // namespace

TEST_CASE("the same seed gives the same packets at the same times") {
  const Trace first = run(1);
  CHECK(first.packets > 4000);
  CHECK(first == run(1));
  CHECK_FALSE(first == run(2));
}

TEST_CASE("virtual time passes without waiting") {
  SimNetwork network;
  const Instant start = network.now();
  network.run_for(24h);
  CHECK(network.now() == start + 24h);
}

TEST_CASE("actions run at their time, repeated ones until the end") {
  SimPair pair;
  std::vector<Duration> at;
  const Instant start = pair.network.now();
  pair.network.at(start + 50ms, pair.client.id, [&](Instant now) { at.push_back(now - start); });
  pair.network.every(100ms, start + 100ms, pair.client.id,
                     [&](Instant now) { at.push_back(now - start); });
  pair.network.run_for(350ms);
  CHECK(at == std::vector<Duration>{50ms, 100ms, 200ms, 300ms});
}
