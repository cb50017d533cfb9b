// A running encrypted call allocates nothing per packet: capture, encoding, sealing, opening,
// decoding, playout. Counts every malloc within the turns of both calls.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>

#include "support/allocation_counter.hpp"
#include "support/simulated_world.hpp"

using namespace wzp;
using namespace std::chrono_literals;

namespace {

client::CallOptions options(bool media2) {
  client::CallOptions out;
  out.media2 = media2;
  return out;
}

/// A call whose turns are counted while `measured`.
struct CountedClient {
  CountedClient(test::SimWorld& world, std::uint8_t number, bool media2)
      : rng(number),
        identity(crypto::Identity::ephemeral(rng)),
        endpoint(transport::EndpointConfig::for_client(), transport::TlsContext::make_client(),
                 rng),
        call(endpoint, identity, rng, options(media2), &source, sink),
        driver(world.net, endpoint, transport::SocketAddress::ipv4({10, 0, 2, number}, 40000),
               [this](Instant now) {
                 const std::size_t before = test::allocations();
                 call.handle_turn(now);
                 const Instant next = call.next_deadline();
                 allocations += test::allocations() - before;
                 return next;
               }) {
    transport::ChannelConfig path;
    path.delay = 20ms;
    path.seed = number;
    world.net.connect_hosts(driver.host(), world.relay_driver.host(), path, path);
    world.net.at(world.net.now(), driver.host(),
                 [this](Instant now) { call.start(test::SimWorld::kRelayAddress, now); });
  }

  SeededRng rng;
  crypto::Identity identity;
  client::ToneSource source{60s};
  client::NullSink sink;
  transport::Endpoint endpoint;
  client::Call call;
  std::size_t allocations = 0;  // within its turns
  test::SimDriver driver;
};

}  // namespace

TEST_CASE("an encrypted call allocates nothing while people talk") {
  const bool media2 = GENERATE(false, true);
  CAPTURE(media2);
  const std::uint64_t least = media2 ? 60 : 400;  // in 8 s
  test::SimWorld world;
  CountedClient a(world, 1, media2);
  CountedClient b(world, 2, media2);
  world.net.run_for(5s);
  // Making a call does allocate: the counter works.
  CHECK((a.allocations > 0) == test::allocations_are_counted());
  const auto before = b.call.statistics();
  REQUIRE(before.receive.packets_received > 20);
  a.allocations = b.allocations = 0;
  world.net.run_for(8s);
  const auto after = b.call.statistics();
  CHECK(after.receive.packets_received - before.receive.packets_received >= least);
  CHECK(after.packets_sent - before.packets_sent >= least);
  CHECK(after.no_key == before.no_key);
  CHECK(a.allocations == 0);
  CHECK(b.allocations == 0);
}
