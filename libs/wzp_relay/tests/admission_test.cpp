// Who is let in, how everybody who came is seen to leave, and how the relay itself ends.
#include <numeric>

#include "relay_world.hpp"

using namespace wzp;
using namespace wzp::relay;
using namespace wzp::relay::test;

namespace {

void check_balanced(const RelayWorld& world, std::uint64_t open) {
  const RelayCounters& c = world.counters();
  CHECK(c.accepts == c.disconnects + open);
  CHECK(c.disconnects == std::accumulate(c.ended.begin(), c.ended.end(), std::uint64_t{0}));
  CHECK(c.joined == c.left + world.relay.participant_count());
}

}  // namespace

TEST_CASE("a room with a list lets in who is on it, a room without one everybody") {
  RelayConfig config;
  config.acl[kRoom] = {numbered_identity(1).fingerprint()};
  RelayWorld world(config);
  Peer listed(world, 1);
  Peer stranger(world, 2);
  Peer elsewhere(world, 3, 3, kOtherRoom);
  listed.join();
  elsewhere.join();
  stranger.offer({"stream-id"});
  stranger.settle();
  REQUIRE(stranger.closed);
  CHECK(stranger.closed->reason == "not authorized for this room");
  CHECK(stranger.last<proto::ErrorNotice>().code == "room-denied");
  CHECK(world.counters().refused_not_authorized == 1);
  CHECK(world.ended(EndReason::kNotAuthorized) == 1);
  check_balanced(world, 2);
}

TEST_CASE("a full room refuses, except who takes over from a member") {
  RelayConfig config;
  config.max_room_size = 2;
  RelayWorld world(config);
  Peer a(world, 1);
  Peer b(world, 2);
  Peer c(world, 3);
  Peer legacy(world, 4);
  Peer b_again(world, 5, 2);
  a.join();
  b.join();
  c.offer({"stream-id"});
  legacy.offer({});
  c.settle();
  legacy.settle();
  REQUIRE(c.closed);
  CHECK(c.closed->reason == "the room is full");
  CHECK(c.last<proto::ErrorNotice>().code == "room-full");
  CHECK(legacy.signals.empty());
  REQUIRE(legacy.closed);
  b_again.join();
  CHECK(b.last<proto::Health>().problem != "");
  CHECK(world.relay.rooms().at(0).participants.size() == 2);
  a.close();
  Peer d(world, 6);
  d.join();
  b_again.close();  // b is active again, in the place that became free
  CHECK(world.relay.rooms().at(0).participants.size() == 2);
  CHECK(world.ended(EndReason::kRoomFull) == 2);
  check_balanced(world, 2);
}

TEST_CASE("a full relay refuses with a code") {
  RelayConfig config;
  config.max_participants = 1;
  RelayWorld world(config);
  Peer a(world, 1);
  Peer b(world, 2);
  a.join();
  b.offer({"stream-id"});
  b.settle();
  REQUIRE(b.closed);
  CHECK(b.last<proto::ErrorNotice>().code == "sessions-full");
  CHECK(world.ended(EndReason::kRelayFull) == 1);
}

TEST_CASE("a refused peer cannot join in what is left of its connection") {
  RelayWorld world;
  Peer a(world, 1);
  const std::string hold = proto::write_signal(proto::Hold{});
  REQUIRE(a.endpoint.send_message(a.connection, as_byte_view(hold), world.net.now()));
  a.offer({"stream-id"});
  CHECK(world.relay.participant_count() == 0);
  CHECK(world.counters().joined == 0);
  CHECK(a.count<proto::CallAnswer>() == 0);
}

TEST_CASE("accepts and disconnects come in pairs, each with the reason it had first") {
  RelayWorld world;
  std::vector<std::unique_ptr<Peer>> peers;
  const auto connect = [&]() -> Peer& {
    const auto number = static_cast<std::uint8_t>(peers.size() + 1);
    peers.push_back(std::make_unique<Peer>(world, number));
    return *peers.back();
  };
  connect().join().send(proto::Hangup{});
  connect().join().close();
  connect().send_text("hello");
  connect();  // says nothing
  Peer& vanishes = connect().join({});
  vanishes.fall_silent();
  connect().join();
  check_balanced(world, 3);
  world.net.run_for(40s);
  CHECK(world.ended(EndReason::kHungUp) == 1);
  CHECK(world.ended(EndReason::kPeerClosed) == 1);
  CHECK(world.ended(EndReason::kBadOffer) == 1);
  CHECK(world.ended(EndReason::kAdmissionTimeout) == 1);
  CHECK(world.ended(EndReason::kIdleTimeout) == 1);
  check_balanced(world, 1);
  world.act([&](Instant now) { world.relay.shut_down(now); });
  CHECK(world.ended(EndReason::kShutdown) == 1);
  check_balanced(world, 0);
}

TEST_CASE("every way to end has a name of its own") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kEndReasonCount; ++i) names.insert(name(static_cast<EndReason>(i)));
  CHECK(names.size() == kEndReasonCount);
  CHECK(names.count("unknown") == 0);
}

TEST_CASE("identities are counted once a day, however often they connect") {
  RelayWorld world;
  world.relay.set_utc_day(20'000);
  Peer a(world, 1, 1);
  Peer a_again(world, 2, 1);
  Peer b(world, 3, 2);
  a.join();
  a_again.join();
  b.join();
  CHECK(world.relay.unique_identities_today() == 2);
  CHECK(world.counters().unique_identities == 2);
  world.relay.set_utc_day(20'001);
  CHECK(world.relay.unique_identities_today() == 0);
  Peer a_tomorrow(world, 4, 1);
  a_tomorrow.join();
  CHECK(world.relay.unique_identities_today() == 1);
  CHECK(world.counters().unique_identities == 3);
}

TEST_CASE(
    "a draining relay tells who understands it, refuses who comes, and ends at the deadline") {
  RelayWorld world;
  Peer capable(world, 1);
  Peer legacy(world, 2);
  capable.join();
  legacy.join({});
  world.act([&](Instant now) { world.relay.start_drain(now, {2s, 1500ms, 30s}); });
  CHECK(capable.last<proto::Restarting>() == proto::Restarting{1500, 30'000});
  CHECK(legacy.signals.size() == 1);
  Peer late(world, 3);
  late.settle();
  REQUIRE(late.closed);
  CHECK(world.ended(EndReason::kDraining) == 1);
  capable.send_media();  // the call goes on until then
  CHECK(legacy.datagrams.size() == 1);
  CHECK_FALSE(world.relay.is_drained());
  world.net.run_for(1s);
  CHECK_FALSE(capable.closed);
  world.net.run_for(1s);
  REQUIRE(capable.closed);
  REQUIRE(legacy.closed);
  CHECK(capable.closed->reason == "relay is shutting down");
  CHECK(world.relay.is_drained());
  check_balanced(world, 0);
}

TEST_CASE("a relay is drained as soon as nobody is left, and a second call changes nothing") {
  RelayWorld world;
  Peer a(world, 1);
  a.join();
  CHECK_FALSE(world.relay.is_drained());
  world.act([&](Instant now) { world.relay.start_drain(now); });
  world.act([&](Instant now) { world.relay.start_drain(now); });
  CHECK(a.count<proto::Restarting>() == 1);
  a.send(proto::Hangup{});
  world.net.run_for(1s);
  CHECK(world.relay.is_drained());
}
