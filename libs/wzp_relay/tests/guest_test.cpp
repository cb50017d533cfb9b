// Participants that are not on QUIC: announced as what they are, served like everybody else.
#include "relay_world.hpp"
#include "wzp/proto/datagram.hpp"

using namespace wzp;
using namespace wzp::relay;
using namespace wzp::relay::test;

namespace {

struct RecordingGuest final : Guest {
  bool handle_datagram(ByteView datagram) override {
    datagrams.emplace_back(datagram.begin(), datagram.end());
    return !is_full;
  }
  void handle_signal(std::string_view text) override {
    signals.push_back(proto::parse_signal(as_byte_view(text)).value());
  }
  void handle_close(std::string_view why) override { closed = std::string(why); }

  std::vector<std::vector<std::byte>> datagrams;
  std::vector<proto::Signal> signals;
  std::optional<std::string> closed;
  bool is_full = false;
};

GuestRequest request_of(std::uint8_t who, const char* room = kRoom) {
  return {room, numbered_identity(who).fingerprint(), "Web", {}};
}

}  // namespace

TEST_CASE("a guest is announced as a gateway without a Hello, and media passes both ways") {
  RelayWorld world;
  Peer peer(world, 1);
  peer.join();
  RecordingGuest guest;
  std::optional<GuestAdmission> in;
  world.act([&](Instant now) { in = world.relay.add_guest(guest, request_of(50), now).value(); });
  REQUIRE(peer.last<proto::RoomUpdate>().participants.size() == 1);
  const proto::RoomParticipant seen = peer.last<proto::RoomUpdate>().participants[0];
  CHECK(seen.hello.empty());
  CHECK(seen.alias == "Web");
  CHECK(seen.features == std::vector<std::string>{"stream-id", "pcm-gateway"});

  peer.send_media(30);
  REQUIRE(guest.datagrams.size() == 1);
  const auto trunk = proto::parse_trunk_datagram(guest.datagrams[0]);
  REQUIRE(trunk);
  CHECK((*trunk->begin()).payload.size() == 30);

  const std::vector<std::byte> packet(20);
  world.act([&](Instant now) { world.relay.handle_guest_media(in->id, packet, now); });
  REQUIRE(peer.datagrams.size() == 1);
  CHECK(peer.datagrams[0].size() > packet.size());  // in a trunk that names the guest
  CHECK(world.relay.participant_kinds().gateways == 1);
  CHECK(world.relay.participant_kinds().clear == 1);

  world.act([&](Instant now) {
    world.relay.remove_guest(in->id, EndReason::kPeerClosed, "went away", now);
  });
  CHECK(peer.last<proto::RoomUpdate>().left == std::vector<StreamId>{seen.stream});
  CHECK(world.counters().accepts == world.counters().disconnects + 1);
  CHECK(world.ended(EndReason::kPeerClosed) == 1);
}

TEST_CASE("sealed media is never given to a guest") {
  RelayWorld world;
  Peer peer(world, 1);
  peer.join({"stream-id", "e2e/1"});
  RecordingGuest guest;
  world.act([&](Instant now) { REQUIRE(world.relay.add_guest(guest, request_of(50), now)); });
  std::vector<std::byte> sealed(40);
  sealed[10] = std::byte{0x10};  // an epoch
  peer.send_datagram(sealed);
  CHECK(guest.datagrams.empty());
  CHECK(world.counters().media_sealed_withheld == 1);
  peer.send_media();
  CHECK(guest.datagrams.size() == 1);
}

TEST_CASE("rooms that require end-to-end encryption refuse guests and clients without it") {
  for (const bool everywhere : {true, false}) {
    CAPTURE(everywhere);
    RelayConfig config;
    config.require_e2e = everywhere;
    if (!everywhere) config.e2e_rooms = {kRoom};
    RelayWorld world(config);
    RecordingGuest guest;
    world.act([&](Instant now) {
      const auto refused = world.relay.add_guest(guest, request_of(50), now);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == "e2e-required");
    });
    Peer clear(world, 1);
    clear.offer({"stream-id"});
    clear.settle();
    CHECK(clear.last<proto::ErrorNotice>().code == "e2e-required");
    CHECK(clear.closed);
    CHECK(world.counters().refused_e2e_required == 2);
    CHECK(world.ended(EndReason::kE2eRequired) == 2);
    Peer elsewhere(world, 2, 2, kOtherRoom);
    elsewhere.offer({"stream-id"});
    CHECK(elsewhere.count<proto::CallAnswer>() == (everywhere ? 0U : 1U));
  }
}

TEST_CASE("guests count against the limits and the lists of rooms") {
  RelayConfig config;
  config.max_room_size = 1;
  config.acl[kOtherRoom] = {numbered_identity(7).fingerprint()};
  RelayWorld world(config);
  RecordingGuest first;
  RecordingGuest second;
  RecordingGuest third;
  world.act([&](Instant now) {
    CHECK(world.relay.add_guest(first, request_of(50), now));
    const auto full = world.relay.add_guest(second, request_of(51), now);
    REQUIRE_FALSE(full);
    CHECK(full.error().code == "room-full");
    const auto denied = world.relay.add_guest(second, request_of(50, kOtherRoom), now);
    REQUIRE_FALSE(denied);
    CHECK(denied.error().code == "room-denied");
    CHECK(world.relay.add_guest(third, request_of(7, kOtherRoom), now));
  });
  CHECK(world.relay.participant_count() == 2);
}

TEST_CASE("a guest that takes an identity over parks the other, and gives it back") {
  RelayWorld world;
  Peer peer(world, 1);
  peer.join({"stream-id", "status/2"});
  RecordingGuest guest;
  std::optional<GuestAdmission> in;
  world.act([&](Instant now) { in = world.relay.add_guest(guest, request_of(1), now).value(); });
  CHECK(peer.last<proto::Status>().kind == proto::StatusKind::kSameIdentityConnected);
  world.act([&](Instant now) {
    world.relay.remove_guest(in->id, EndReason::kPeerClosed, "went away", now);
  });
  CHECK(peer.last<proto::Status>().kind == proto::StatusKind::kHealthy);
}

TEST_CASE("draining tells guests, refuses new ones and closes what is left") {
  RelayWorld world;
  RecordingGuest guest;
  RecordingGuest late;
  std::optional<GuestAdmission> in;
  world.act([&](Instant now) { in = world.relay.add_guest(guest, request_of(50), now).value(); });
  world.act([&](Instant now) { world.relay.start_drain(now, {300ms, 100ms, 1s}); });
  CHECK(std::holds_alternative<proto::Restarting>(guest.signals.back()));
  world.act([&](Instant now) { CHECK_FALSE(world.relay.add_guest(late, request_of(51), now)); });
  CHECK_FALSE(world.relay.is_drained());
  world.net.run_for(500ms);
  CHECK(guest.closed == "relay is shutting down");
  world.act([&](Instant now) {
    world.relay.remove_guest(in->id, EndReason::kPeerClosed, "closed", now);
  });
  CHECK(world.relay.is_drained());
  CHECK(world.ended(EndReason::kShutdown) == 1);
}

TEST_CASE("other limits hold from their announcement on, for those who come") {
  RelayWorld world;
  Peer first(world, 1);
  first.join();
  RelayConfig config;
  config.max_participants = 1;
  world.relay.reconfigure(config);
  Peer second(world, 2);
  second.offer({"stream-id"});
  second.settle();
  CHECK(second.closed);
  CHECK_FALSE(first.closed);
}

TEST_CASE("the last quality report of a participant is kept, also beside sealed sound") {
  RelayWorld world;
  Peer peer(world, 1);
  peer.join({"stream-id", "e2e/1"});
  CHECK(world.relay.session_qualities().empty());
  std::vector<std::byte> packet(40);
  packet[0] = std::byte{0x02};
  packet[10] = std::byte{0x10};
  packet[36] = std::byte{50};
  packet[37] = std::byte{75};
  peer.send_datagram(packet);
  const auto sessions = world.relay.session_qualities();
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].session_id.size() == 32);
  CHECK(sessions[0].report.loss_pct == 50);
  CHECK(sessions[0].report.rtt() == 300ms);
}
