// Several connections of one identity: which one is active, and what the others are told.
#include "relay_world.hpp"

using namespace wzp;
using namespace wzp::relay;
using namespace wzp::relay::test;

namespace {

const std::vector<std::string> kV1{"stream-id"};
const std::vector<std::string> kV2{"stream-id", "status/2"};
constexpr std::uint8_t kMe = 50;

const proto::Status kTaken{proto::StatusKind::kSameIdentityConnected, {}};
const proto::Status kHealthy{proto::StatusKind::kHealthy, {}};

}  // namespace

TEST_CASE("test_client_v1_protocol: a client without status/2 gets its packets") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2);
  a.join(kV1);
  b.join(kV1);
  b.send_media();
  CHECK(a.datagrams.size() == 1);
}

TEST_CASE("test_client_v2_protocol: a client with status/2 gets its packets") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2);
  a.join(kV2);
  b.join(kV2);
  b.send_media();
  CHECK(a.datagrams.size() == 1);
}

TEST_CASE("test_duplicate_endpoint_v1_receives_v1health: the text of the status") {
  RelayWorld world;
  Peer first(world, 1, kMe);
  Peer second(world, 2, kMe);
  first.join(kV1);
  second.join(kV1);
  CHECK(first.last<proto::Health>().problem == proto::status_text(kTaken));
  CHECK_FALSE(first.last<proto::Health>().problem.empty());
  CHECK(first.count<proto::Status>() == 0);
  CHECK(second.count<proto::Health>() == 0);
}

TEST_CASE("test_duplicate_endpoint_v2_receives_health: the typed status") {
  RelayWorld world;
  Peer first(world, 1, kMe);
  Peer second(world, 2, kMe);
  first.join(kV2);
  second.join(kV2);
  CHECK(first.last<proto::Status>() == kTaken);
  CHECK(first.count<proto::Health>() == 0);
  CHECK(second.count<proto::Status>() == 0);
}

TEST_CASE("a parked connection stays, but neither hears nor is heard") {
  RelayWorld world;
  Peer other(world, 1);
  Peer first(world, 2, kMe);
  Peer second(world, 3, kMe);
  other.join(kV2);
  first.join(kV2);
  second.join(kV2);
  CHECK(world.relay.rooms().at(0).participants.size() == 2);
  CHECK(world.relay.participant_count() == 3);
  other.send_media();
  CHECK(first.datagrams.empty());
  CHECK(second.datagrams.size() == 1);
  first.send_media();
  CHECK(world.counters().media_parked == 1);
  CHECK(other.datagrams.empty());
  first.send(proto::Mute{});
  first.send(proto::PeerSignal{other.stream(), {}, {}});
  first.send(proto::RoomQuery{});
  CHECK(other.count<proto::Mute>() == 0);
  CHECK(other.count<proto::PeerSignal>() == 0);
  first.send(proto::Ping{1});
  CHECK(first.count<proto::Pong>() == 1);
  CHECK_FALSE(first.closed);
}

TEST_CASE("when the active connection leaves, the newest parked one is promoted and told") {
  RelayWorld world;
  Peer other(world, 1);
  Peer first(world, 2, kMe);
  Peer second(world, 3, kMe);
  Peer third(world, 4, kMe);
  other.join({"stream-id", "send-to"});
  for (Peer* p : {&first, &second, &third}) p->join({"stream-id", "status/2", "send-to"});
  third.send(proto::SendTo{other.fingerprint(), {}});
  third.send(proto::Hangup{});
  CHECK(second.last<proto::Status>() == kHealthy);
  CHECK(first.last<proto::Status>() == kTaken);
  CHECK(other.count<proto::EndpointGone>() == 0);  // the identity is still here
  other.send_media();
  CHECK(second.datagrams.size() == 1);
  CHECK(world.counters().promoted == 1);
  first.close();  // a parked one: nobody notices
  CHECK(world.counters().promoted == 1);
  second.send(proto::Hangup{});
  CHECK(other.last<proto::EndpointGone>().fingerprint == second.fingerprint());
  CHECK(other.last<proto::RoomUpdate>().left.size() == 1);
}

TEST_CASE("a v1 client that is promoted gets an empty Health") {
  RelayWorld world;
  Peer first(world, 1, kMe);
  Peer second(world, 2, kMe);
  first.join(kV1);
  second.join(kV1);
  second.close();
  CHECK(first.last<proto::Health>().problem.empty());
  CHECK(first.last<proto::RoomUpdate>().base == 0);
}

TEST_CASE("the preferred connection stays active, and a parked one becomes active by Preferred") {
  RelayWorld world;
  Peer first(world, 1, kMe);
  Peer second(world, 2, kMe);
  Peer third(world, 3, kMe);
  first.join(kV2);
  first.send(proto::Preferred{true});
  second.join(kV2);
  CHECK(second.last<proto::Status>() == kTaken);
  CHECK(first.count<proto::Status>() == 0);
  CHECK(second.count<proto::RoomUpdate>() == 0);
  second.send(proto::Preferred{true});
  CHECK(second.last<proto::Status>() == kHealthy);
  CHECK(first.last<proto::Status>() == kTaken);
  second.send(proto::Preferred{false});  // hands over to the one that waits
  CHECK(first.last<proto::Status>() == kHealthy);
  CHECK(second.last<proto::Status>() == kTaken);
  third.join(kV2);  // nobody is preferred now: the newest wins
  CHECK(first.last<proto::Status>() == kTaken);
}

TEST_CASE("take-overs have a rate: then the newcomer is the one that is parked") {
  RelayConfig config;
  config.identity_takeovers = {0.1, 1};
  RelayWorld world(config);
  Peer first(world, 1, kMe);
  Peer second(world, 2, kMe);
  Peer third(world, 3, kMe);
  first.join(kV2);
  second.join(kV2);
  third.join(kV2);
  CHECK(first.last<proto::Status>() == kTaken);
  CHECK(second.count<proto::Status>() == 0);
  CHECK(third.last<proto::Status>() == kTaken);
  first.send(proto::Preferred{true});
  CHECK(first.last<proto::Status>() == kTaken);
  CHECK(world.counters().takeovers_limited == 2);
  world.net.run_for(10s);
  first.send(proto::Preferred{true});
  CHECK(first.last<proto::Status>() == kHealthy);
}

TEST_CASE("of too many connections of one identity the longest parked one is closed") {
  RelayConfig config;
  config.max_parked = 2;
  RelayWorld world(config);
  std::vector<std::unique_ptr<Peer>> mine;
  for (std::uint8_t n = 1; n <= 4; ++n) {
    mine.push_back(std::make_unique<Peer>(world, n, kMe));
    mine.back()->join(kV2);
  }
  mine[0]->settle();
  REQUIRE(mine[0]->closed);
  CHECK(mine[0]->closed->reason == "too many connections of one identity");
  CHECK(world.ended(EndReason::kIdentityLimit) == 1);
  CHECK(world.relay.participant_count() == 3);
}

TEST_CASE("an identity moves to another room with its newest connection, and back") {
  RelayWorld world;
  Peer first(world, 1, kMe);
  Peer second(world, 2, kMe, kOtherRoom);
  first.join(kV2);
  second.join(kV2);
  REQUIRE(world.relay.rooms().size() == 1);
  CHECK(world.relay.rooms()[0].name == kOtherRoom);
  second.close();
  REQUIRE(world.relay.rooms().size() == 1);
  CHECK(world.relay.rooms()[0].name == kRoom);
}
