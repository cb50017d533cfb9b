// One participant of a running relay: keep-alive, ingress limit, answers. The tests named test_...
// are those of a well-known relay's representation of one client.
#include "relay_world.hpp"

using namespace wzp;
using namespace wzp::relay;
using namespace wzp::relay::test;

TEST_CASE("test_client_actor_basic: packets out, gone notice, ping and pong, packets in") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2);
  a.join({"stream-id", "send-to"});
  b.join({"stream-id", "send-to"});
  b.send_media();
  CHECK(a.datagrams.size() == 1);
  a.send(proto::Ping{0x70696e67706f6e67});
  CHECK(a.last<proto::Pong>().timestamp_ms == 0x70696e67706f6e67);
  a.send_media();
  CHECK(b.datagrams.size() == 1);
  a.send(proto::SendTo{b.fingerprint(), {std::byte{1}}});
  CHECK(b.last<proto::SendTo>().fingerprint == a.fingerprint());
  b.close();
  CHECK(a.last<proto::EndpointGone>().fingerprint == b.fingerprint());
}

TEST_CASE("test_client_conn_read_err: a connection that just ends ends the participant alone") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2);
  a.join();
  b.join();
  b.close();
  CHECK(world.relay.participant_count() == 1);
  CHECK(world.ended(EndReason::kPeerClosed) == 1);
  CHECK(a.last<proto::RoomUpdate>().left.size() == 1);
  CHECK_FALSE(a.closed);
}

TEST_CASE("test_rate_limit: one frame arrives, the next does not, after a second one does again") {
  RelayConfig config;
  config.ingress_bytes = {50, 50};
  RelayWorld world(config);
  Peer a(world, 1);
  Peer b(world, 2);
  a.join();
  b.join();
  a.send_media(50);
  CHECK(b.datagrams.size() == 1);
  a.send_media(50);
  CHECK(b.datagrams.size() == 1);
  CHECK(world.counters().media_limited == 1);
  world.net.run_for(1s);
  a.send_media(50);
  CHECK(b.datagrams.size() == 2);
  CHECK_FALSE(a.closed);
}

TEST_CASE("packets above the rate are dropped and counted, and only those of that participant") {
  RelayConfig config;
  config.ingress_packets = {10, 20};
  RelayWorld world(config);
  Peer flood(world, 1);
  Peer calm(world, 2);
  flood.join();
  calm.join();
  const std::array<std::byte, 20> packet{};
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(flood.endpoint.send_datagram(flood.connection, packet, world.net.now()));
  }
  flood.settle();
  CHECK(calm.datagrams.size() == 20);
  CHECK(world.counters().media_limited == 80);
  calm.send_media();
  CHECK(flood.datagrams.size() == 1);
}

TEST_CASE("a quiet participant is pinged every 16 to 20 s and stays as long as it answers") {
  RelayWorld world;
  Peer a(world, 1);
  a.join();
  world.net.run_for(15s);
  CHECK(a.count<proto::Ping>() == 0);
  world.net.run_for(5s);
  CHECK(a.count<proto::Ping>() == 1);
  world.net.run_for(100s);
  CHECK(a.count<proto::Ping>() >= 6);
  CHECK(a.count<proto::Ping>() <= 8);
  CHECK_FALSE(a.closed);
  CHECK(world.counters().pings_sent == a.count<proto::Ping>());
}

TEST_CASE("who talks is never pinged") {
  RelayWorld world;
  Peer a(world, 1);
  a.join();
  for (int i = 0; i < 30; ++i) {
    a.send_media();
    world.net.run_for(2s);
  }
  CHECK(world.counters().pings_sent == 0);
}

TEST_CASE("who does not answer a ping within five seconds is closed for that reason") {
  RelayWorld world;
  Peer a(world, 1);
  Peer b(world, 2);
  a.join();
  b.join();
  a.answers_pings = false;
  world.net.run_for(27s);
  REQUIRE(a.closed);
  CHECK(a.closed->reason == "no pong in time");
  CHECK(world.counters().pong_timeouts == 1);
  CHECK(world.ended(EndReason::kPongTimeout) == 1);
  CHECK(b.last<proto::RoomUpdate>().left.size() == 1);
  CHECK_FALSE(b.closed);
}

TEST_CASE("a reference client is never pinged") {
  RelayWorld world;
  Peer legacy(world, 1);
  legacy.answers_pings = false;
  legacy.join({});
  world.net.run_for(60s);
  CHECK(legacy.signals.size() == 1);
  CHECK_FALSE(legacy.closed);
}

TEST_CASE("a peer's own pings are answered up to their rate") {
  RelayConfig config;
  config.pings = {1, 3};
  RelayWorld world(config);
  Peer a(world, 1);
  a.join();
  const std::string ping = proto::write_signal(proto::Ping{9});
  for (int i = 0; i < 10; ++i) {
    REQUIRE(a.endpoint.send_message(a.connection, as_byte_view(ping), world.net.now()));
  }
  a.settle();
  CHECK(a.count<proto::Pong>() == 3);
  CHECK(world.counters().pings_answered == 3);
  CHECK(world.counters().signals_limited == 7);
  world.net.run_for(1s);
  a.send(proto::Ping{10});
  CHECK(a.last<proto::Pong>().timestamp_ms == 10);
}

TEST_CASE("signals above the rate are dropped unread") {
  RelayConfig config;
  config.signals = {1, 5};
  RelayWorld world(config);
  Peer a(world, 1);
  a.join();
  for (int i = 0; i < 10; ++i) {
    REQUIRE(a.endpoint.send_message(a.connection, as_byte_view("{"), world.net.now()));
  }
  a.settle();
  CHECK(world.counters().signals_malformed == 4);  // the offer was the first of five
  CHECK(world.counters().signals_limited == 6);
  CHECK_FALSE(a.closed);
}
