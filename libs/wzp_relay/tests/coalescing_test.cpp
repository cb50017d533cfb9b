// Busy rooms: packets to one receiver share datagrams; quiet rooms: they do not wait.
#include "relay_world.hpp"

using namespace wzp;
using namespace wzp::relay;
using namespace wzp::relay::test;

namespace {

struct Flow {
  std::uint64_t packets_out = 0;  // of the relay
  std::size_t heard = 0;          // by one listener
};

/// So many talkers at `per_second` packets each, out of step, and a listener, for a second.
Flow talk(const RelayConfig& config, std::uint8_t talkers, int per_second) {
  RelayWorld world(config);
  Peer listener(world, 1);
  listener.join();
  std::vector<std::unique_ptr<Peer>> members;
  bool talking = true;
  const Duration period = Duration(1s) / per_second;
  for (std::uint8_t i = 0; i < talkers; ++i) {
    members.push_back(std::make_unique<Peer>(world, static_cast<std::uint8_t>(i + 2)));
    Peer& from = *members.back();
    from.join();
    world.net.every(period, world.net.now() + period * i / talkers, from.host,
                    [&from, &talking](Instant now) {
                      const std::vector<std::byte> packet(80);
                      if (!talking) return;
                      from.endpoint.send_datagram(from.connection, packet, now);
                    });
  }
  world.net.run_for(200ms);  // until the rate is known
  const auto before = world.endpoint.counters().packets_out;
  listener.datagrams.clear();
  world.net.run_for(1s);
  const Flow flow{world.endpoint.counters().packets_out - before, listener.datagrams.size()};
  talking = false;
  return flow;
}

}  // namespace

TEST_CASE("in a busy room packets for one receiver share datagrams, and all arrive") {
  const Flow held = talk(RelayConfig{}, 8, 200);
  RelayConfig never;
  never.coalesce = 0us;
  const Flow at_once = talk(never, 8, 200);
  CHECK(at_once.heard >= 1'590);
  CHECK(held.heard >= 1'590);
  CHECK(at_once.packets_out >= 12'700);  // 8 x 200 to the listener, 7 x 200 to each talker
  CHECK(held.packets_out * 2 < at_once.packets_out);
}

TEST_CASE("in a room that is not busy nothing waits") {
  const Flow flow = talk(RelayConfig{}, 8, 50);
  CHECK(flow.heard >= 398);
  CHECK(flow.packets_out >= 3'180);
}
