// Signals during a call: to one member, to all, to an identity anywhere on the relay.
#include "relay_world.hpp"
#include "wzp/proto/datagram.hpp"

using namespace wzp;
using namespace wzp::relay;
using namespace wzp::relay::test;

namespace {

proto::Bytes body_of(std::size_t size) { return proto::Bytes(size, std::byte{0xA5}); }

void send_many(Peer& peer, const proto::Signal& signal, int count) {
  const std::string text = proto::write_signal(signal);
  for (int i = 0; i < count; ++i) {
    REQUIRE(peer.endpoint.send_message(peer.connection, as_byte_view(text), peer.world.net.now()));
  }
  peer.settle();
}

}  // namespace

TEST_CASE("a PeerSignal reaches its one member, with the sender's true stream and its body") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2);
  Peer c(world, 3);
  a.join();
  b.join();
  c.join();
  a.send(proto::PeerSignal{b.stream(), c.stream(), body_of(1024)});  // says it were c
  REQUIRE(b.count<proto::PeerSignal>() == 1);
  CHECK(b.last<proto::PeerSignal>().from == a.stream());
  CHECK(b.last<proto::PeerSignal>().to == b.stream());
  CHECK(b.last<proto::PeerSignal>().body == body_of(1024));
  CHECK(c.count<proto::PeerSignal>() == 0);
  CHECK(world.counters().peer_signals_forwarded == 1);
}

TEST_CASE(
    "a PeerSignal to nobody, to oneself, to another room or to a reference client is counted") {
  RelayWorld world;
  Peer a(world, 1);
  Peer legacy(world, 2);
  Peer elsewhere(world, 3, 3, kOtherRoom);
  a.join();
  legacy.join({});
  elsewhere.join();
  const StreamId legacy_stream = a.last<proto::RoomUpdate>().participants.at(0).stream;
  a.send(proto::PeerSignal{StreamId{999}, {}, body_of(1)});
  a.send(proto::PeerSignal{a.stream(), {}, body_of(1)});
  a.send(proto::PeerSignal{legacy_stream, {}, body_of(1)});
  CHECK(world.counters().undeliverable == 3);
  CHECK(world.counters().peer_signals_forwarded == 0);
  CHECK(legacy.signals.size() == 1);
  CHECK(elsewhere.count<proto::PeerSignal>() == 0);
}

TEST_CASE("a PeerSignal body above 1,024 bytes is malformed, and the sender stays") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2);
  a.join();
  b.join();
  a.send(proto::PeerSignal{b.stream(), {}, body_of(1025)});
  CHECK(world.counters().signals_malformed == 1);
  CHECK(b.count<proto::PeerSignal>() == 0);
  CHECK_FALSE(a.closed);
}

TEST_CASE("PeerSignals have a burst that grows with the room, and a rate") {
  RelayConfig config;
  config.peer_signals = {1, 10};
  RelayWorld world(config);
  Peer a(world, 1);
  Peer b(world, 2);
  a.join();
  b.join();
  const proto::PeerSignal signal{b.stream(), {}, body_of(3)};
  send_many(a, signal, 60);
  CHECK(b.count<proto::PeerSignal>() == 10 + 2 * 8);
  CHECK(world.counters().signals_limited == 34);
  world.net.run_for(5s);
  send_many(a, signal, 60);
  CHECK(b.count<proto::PeerSignal>() == 26 + 5);
}

TEST_CASE("a RoomQuery is answered in full, once a second") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2);
  a.join();
  b.join();
  const auto updates = a.count<proto::RoomUpdate>();
  a.send(proto::RoomQuery{});
  a.send(proto::RoomQuery{});
  CHECK(a.count<proto::RoomUpdate>() == updates + 1);
  CHECK(a.last<proto::RoomUpdate>().base == 0);
  CHECK(a.last<proto::RoomUpdate>().participants.size() == 2);
  CHECK(world.counters().signals_limited == 1);
  world.net.run_for(1s);
  a.send(proto::RoomQuery{});
  CHECK(a.count<proto::RoomUpdate>() == updates + 2);
}

TEST_CASE("Hold, Mute, Transfer and kin reach the capable others unchanged") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2);
  Peer legacy(world, 3);
  Peer elsewhere(world, 4, 4, kOtherRoom);
  a.join();
  b.join();
  legacy.join({});
  elsewhere.join();
  const proto::QualityUpdate quality{{10, 20, 30, 40}, proto::kProfileGood};
  const proto::Transfer transfer{a.fingerprint(), std::nullopt};
  legacy.send(proto::Hold{});
  legacy.send(proto::Mute{});
  legacy.send(quality);
  a.send(transfer);
  CHECK(b.count<proto::Hold>() == 1);
  CHECK(b.count<proto::Mute>() == 1);
  CHECK(b.last<proto::QualityUpdate>() == quality);
  CHECK(b.last<proto::Transfer>() == transfer);
  CHECK(a.count<proto::Transfer>() == 0);
  CHECK(world.counters().signals_forwarded == 7);
  CHECK(legacy.signals.size() == 1);
  CHECK(elsewhere.count<proto::Hold>() == 0);
  elsewhere.send(proto::Hold{});
  CHECK(world.counters().signals_ignored == 1);
  elsewhere.send_text("\"NewerThanThis\"");
  CHECK(world.counters().signals_unknown == 1);
}

TEST_CASE("signals to the room have a rate of their own") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2);
  a.join();
  b.join();
  send_many(a, proto::Mute{}, 60);
  CHECK(b.count<proto::Mute>() >= 40);
  CHECK(b.count<proto::Mute>() <= 42);
  CHECK(world.counters().signals_limited >= 18);
}

TEST_CASE("SendTo finds an identity in any room and names the sender") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2, 2, kOtherRoom);
  Peer plain(world, 3);
  a.join({"stream-id", "send-to"});
  b.join({"send-to"});
  plain.join();
  a.send(proto::SendTo{b.fingerprint(), body_of(5)});
  CHECK(b.last<proto::SendTo>() == proto::SendTo{a.fingerprint(), body_of(5)});
  a.send(proto::SendTo{plain.fingerprint(), body_of(5)});
  a.send(proto::SendTo{"00112233445566778899aabbccddeeff", body_of(5)});
  a.send(proto::SendTo{"no fingerprint", body_of(5)});
  CHECK(world.counters().undeliverable == 3);
  CHECK(plain.count<proto::SendTo>() == 0);
  plain.send(proto::SendTo{b.fingerprint(), body_of(5)});  // did not list the feature
  CHECK(b.count<proto::SendTo>() == 1);
}

TEST_CASE("a SendTo datagram goes to the identity it names, as bytes the relay does not read") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2, 2, kOtherRoom);
  a.join({"stream-id", "send-to"});
  b.join({"stream-id", "send-to"});
  std::array<std::byte, 1100> room;
  const proto::Bytes body = body_of(900);
  const auto size = proto::write_send_to({b.identity.fingerprint().bytes, body}, room);
  REQUIRE(size);
  a.send_datagram(ByteView(room).first(*size));
  REQUIRE(b.datagrams.size() == 1);
  const auto got = proto::parse_send_to(b.datagrams[0]);
  REQUIRE(got);
  CHECK(got->fingerprint == a.identity.fingerprint().bytes);
  CHECK(std::equal(got->body.begin(), got->body.end(), body.begin(), body.end()));
  CHECK(world.counters().send_to_forwarded == 1);
  CHECK(world.counters().media_forwarded == 0);
  a.send_datagram(ByteView(room).first(5));  // cut
  CHECK(world.counters().media_malformed == 1);
}

TEST_CASE("EndpointGone tells those who exchanged SendTo with the one who left, and nobody else") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2);
  Peer c(world, 3);
  for (Peer* p : {&a, &b, &c}) p->join({"stream-id", "send-to"});
  a.send(proto::SendTo{b.fingerprint(), body_of(1)});
  a.send(proto::Hangup{});
  CHECK(b.last<proto::EndpointGone>().fingerprint == a.fingerprint());
  CHECK(c.count<proto::EndpointGone>() == 0);
  CHECK(world.counters().endpoint_gone_sent == 1);
  b.send(proto::Hangup{});
  CHECK(world.counters().endpoint_gone_sent == 1);  // a is gone already
}
