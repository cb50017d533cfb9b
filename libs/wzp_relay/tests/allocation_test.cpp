// The relay's media path allocates nothing: not per packet, not per receiver.
#include "relay_world.hpp"
#include "support/allocation_counter.hpp"

using namespace wzp;
using namespace wzp::relay;
using namespace wzp::relay::test;

TEST_CASE("a room that talks makes the relay allocate nothing") {
  RelayWorld world;
  std::vector<std::unique_ptr<Peer>> members;
  std::size_t heard = 0;
  for (std::uint8_t i = 1; i <= 8; ++i) {
    members.push_back(std::make_unique<Peer>(world, i));
    Peer& peer = members.back()->join({"stream-id", "e2e/1"});
    peer.on_datagram = [&heard](ByteView, Instant) { ++heard; };
    world.net.every(5ms, world.net.now() + i * 1ms, peer.host, [&peer](Instant now) {
      std::array<std::byte, 100> sealed{};
      sealed[10] = std::byte{0x10};
      peer.endpoint.send_datagram(peer.connection, sealed, now);
    });
  }
  world.net.run_for(3s);  // queues and tables find their size
  const std::size_t before = heard;
  world.allocations = 0;
  world.net.run_for(5s);
  CHECK(heard - before > 8 * 7 * 900);
  CHECK(world.allocations == 0);
}
