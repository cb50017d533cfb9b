// What strangers and misbehaving peers can send: every way has a limit and a counter.
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "sim_pair.hpp"

using namespace wzp;
using namespace wzp::transport;
using namespace wzp::transport::test;

namespace {

SocketAddress source(unsigned i) {
  return SocketAddress::ipv4(
      {10, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)},
      static_cast<std::uint16_t>(1024 + i % 60000));
}

// The first packet of a client that never goes on.
std::vector<std::byte> initial_packet(std::uint64_t seed) {
  SeededRng rng(seed);
  Endpoint client(EndpointConfig::for_client(), client_tls(), rng);
  const Instant now{1000s};
  REQUIRE(client.connect(SocketAddress::ipv4({10, 0, 0, 1}, 4433), "room", now));
  TxBatch batch;
  REQUIRE_FALSE(client.flush(batch, now));
  REQUIRE(batch.packets() >= 1);
  const ByteView packet = batch.segment(batch.entries()[0], 0);
  return {packet.begin(), packet.end()};
}

// Everything the endpoint says until `end`, bytes per destination.
std::map<SocketAddress, std::size_t> drain(Endpoint& endpoint, Instant now, Instant end) {
  std::map<SocketAddress, std::size_t> sent;
  TxBatch batch;
  for (;;) {
    bool more = true;
    while (more) {
      more = endpoint.flush(batch, now);
      for (const auto& e : batch.entries()) sent[e.destination] += e.length;
      batch.clear();
    }
    while (endpoint.poll_event()) {
    }
    now = std::max(now, endpoint.next_deadline());
    if (now > end) return sent;
    endpoint.handle_deadline(now);
  }
}

}  // namespace

TEST_CASE("random datagrams of every size are counted and change nothing for a running call") {
  SimOptions options;
  options.up = options.down = path(10ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  SeededRng random(99);
  std::vector<std::byte> junk(2100);
  const EndpointCounters before = pair.server.endpoint.counters();
  for (unsigned i = 0; i < 20'000; ++i) {
    const std::size_t size = random.next_u64() % junk.size();
    random.fill(std::span(junk).first(size));
    if (size > 0 && i % 3 == 0) junk[0] = static_cast<std::byte>(0xc0 | (i & 0x3f));
    if (size > 5 && i % 6 == 0) {  // version 1
      junk[1] = junk[2] = junk[3] = std::byte{0};
      junk[4] = std::byte{1};
    }
    pair.server.endpoint.receive(source(i), pair.server.address, std::span(junk).first(size),
                                 pair.network.now());
    // Half of it pretends to come from the peer.
    pair.server.endpoint.receive(pair.client.address, pair.server.address,
                                 std::span(junk).first(size), pair.network.now());
  }
  const EndpointCounters& after = pair.server.endpoint.counters();
  CHECK(after.packets_in - before.packets_in == 40'000);
  CHECK(after.packets_malformed > 0);
  CHECK(after.packets_unknown > 0);
  CHECK(pair.server.endpoint.connection_count() == 1);
  pair.on_client([&](Instant now) {
    pair.client.endpoint.send_datagram(pair.client.connection(), as_byte_view("still here"), now);
  });
  pair.network.run_for(1s);
  CHECK(pair.server.datagrams == 1);
  CHECK(pair.server.closed.empty());
}

TEST_CASE("every truncation and many corruptions of a first packet are harmless") {
  const std::vector<std::byte> packet = initial_packet(5);
  SeededRng rng(1);
  Endpoint server(EndpointConfig::for_server(), server_tls(), rng);
  const Instant now{1000s};
  for (std::size_t n = 0; n < packet.size(); ++n) {
    server.receive(source(7), {}, ByteView(packet).first(n), now);
  }
  CHECK(server.half_open_count() == 0);
  SeededRng random(2);
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::byte> bad = packet;
    bad[random.next_u64() % bad.size()] ^= static_cast<std::byte>(1U << (random.next_u64() % 8));
    server.receive(source(static_cast<unsigned>(i)), {}, bad, now);
  }
  drain(server, now, now + 12s);
  CHECK(server.half_open_count() == 0);
  CHECK(server.connection_count() == 0);
}

TEST_CASE("an unknown version is answered with ours, in fewer bytes than were sent") {
  std::vector<std::byte> packet = initial_packet(6);
  packet[1] = packet[2] = packet[3] = packet[4] = std::byte{0x7a};
  SeededRng rng(1);
  Endpoint server(EndpointConfig::for_server(), server_tls(), rng);
  const Instant now{1000s};
  server.receive(source(1), {}, packet, now);
  TxBatch batch;
  CHECK_FALSE(server.flush(batch, now));
  REQUIRE(batch.packets() == 1);
  const ByteView reply = batch.segment(batch.entries()[0], 0);
  CHECK(reply.size() < 60);
  CHECK(ByteReader(reply.subspan(1)).u32() == 0);
  CHECK(server.counters().version_negotiations_sent == 1);
  batch.clear();
  server.receive(source(2), {}, ByteView(packet).first(600), now);
  CHECK_FALSE(server.flush(batch, now));
  CHECK(batch.empty());
  CHECK(server.counters().packets_malformed == 1);
}

TEST_CASE("an unproven address gets at most three times the bytes it sent") {
  const std::vector<std::byte> packet = initial_packet(8);
  SeededRng rng(1);
  Endpoint server(EndpointConfig::for_server(), server_tls(), rng);
  const Instant now{1000s};
  server.receive(source(1), {}, packet, now);
  CHECK(server.half_open_count() == 1);
  const auto sent = drain(server, now, now + 30s);
  CHECK(sent.at(source(1)) <= 3 * packet.size());
  CHECK(sent.at(source(1)) >= 1000);
  CHECK(server.half_open_count() == 0);
  CHECK(server.counters().handshakes_failed == 1);
}

TEST_CASE("a flood of first packets from spoofed sources meets Retry, then silence") {
  EndpointConfig config = EndpointConfig::for_server();
  config.retry.half_open_limit = 50;
  config.retry.max_retries_per_second = 1000;  // 100 at once
  SeededRng rng(1);
  Endpoint server(config, server_tls(), rng);
  const Instant now{1000s};
  std::size_t bytes_in = 0;
  for (unsigned i = 0; i < 400; ++i) {
    const std::vector<std::byte> packet = initial_packet(1000 + i);
    server.receive(source(i), {}, packet, now);
    bytes_in += packet.size();
  }
  CHECK(server.half_open_count() == 50);
  CHECK(server.counters().retries_sent == 100);
  CHECK(server.counters().initials_dropped == 250);
  std::size_t out = 0;
  for (const auto& [to, bytes] : drain(server, now, now + 15s)) {
    CHECK(bytes <= 3600);
    out += bytes;
  }
  CHECK(out < bytes_in);
  CHECK(server.half_open_count() == 0);
}

TEST_CASE("under Retry a real client still gets in, and a stolen token does not") {
  SimOptions options;
  options.server.retry.half_open_limit = 0;
  options.up = options.down = path(30ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  CHECK(pair.server.endpoint.counters().retries_sent == 1);
  CHECK(pair.server.endpoint.counters().tokens_invalid == 0);

  // The client's second Initial carries the token; from another address it is worth nothing.
  SeededRng rng(3);
  Endpoint server(options.server, server_tls(), rng);
  SeededRng client_rng(4);
  Endpoint client(EndpointConfig::for_client(), client_tls(), client_rng);
  const Instant now{1000s};
  TxBatch batch;
  const auto server_address = SocketAddress::ipv4({10, 0, 0, 1}, 4433);
  REQUIRE(client.connect(server_address, "room", now));
  CHECK_FALSE(client.flush(batch, now));
  server.receive(source(1), {}, batch.segment(batch.entries()[0], 0), now);
  batch.clear();
  CHECK_FALSE(server.flush(batch, now));
  REQUIRE(batch.packets() == 1);
  client.receive(server_address, {}, batch.segment(batch.entries()[0], 0), now);
  batch.clear();
  CHECK_FALSE(client.flush(batch, now));
  REQUIRE(batch.packets() >= 1);
  const ByteView with_token = batch.segment(batch.entries()[0], 0);
  server.receive(source(2), {}, with_token, now);
  CHECK(server.counters().tokens_invalid == 1);
  CHECK(server.half_open_count() == 0);
  server.receive(source(1), {}, with_token, now + 11s);  // too old
  CHECK(server.counters().tokens_invalid == 2);
  server.receive(source(1), {}, with_token, now + 11s);
  CHECK(server.half_open_count() == 0);
}

TEST_CASE("a full server refuses further clients") {
  SimOptions options;
  options.server.max_connections = 1;
  SimPair pair(options);
  REQUIRE(pair.connect());
  SimHost second(pair.network, EndpointConfig::for_client(), client_tls(), 77,
                 SocketAddress::ipv4({10, 0, 0, 3}, 1000));
  pair.network.at(pair.network.now(), second.id, [&](Instant now) {
    REQUIRE(second.endpoint.connect(pair.server.address, "room", now));
  });
  pair.network.run_for(1s);
  REQUIRE(second.closed.size() == 1);
  CHECK(second.closed[0].cause == CloseCause::kRefused);
  CHECK(second.closed[0].code == 2);
  CHECK(pair.server.endpoint.counters().refused >= 1);
  CHECK(pair.server.connected.size() == 1);
}

TEST_CASE("a packet for a connection that does not exist is answered by a shorter reset") {
  SimOptions options;
  options.up = options.down = path(10ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  // The server restarts: same secret is gone, so the reset means nothing; but a server that lost
  // only the connection can end the client's half at once.
  SeededRng rng(1);
  Endpoint fresh(EndpointConfig::for_server(), server_tls(), rng);
  std::vector<std::byte> stray = bytes_of(60, 0x41);
  fresh.receive(source(1), {}, stray, Instant(1000s));
  TxBatch batch;
  CHECK_FALSE(fresh.flush(batch, Instant(1000s)));
  REQUIRE(batch.packets() == 1);
  CHECK(batch.size_bytes() < stray.size());
  CHECK(fresh.counters().stateless_resets_sent == 1);
  batch.clear();
  fresh.receive(source(1), {}, ByteView(stray).first(20), Instant(1000s));
  CHECK_FALSE(fresh.flush(batch, Instant(1000s)));
  CHECK(batch.empty());
}

TEST_CASE("stateless answers have a rate") {
  EndpointConfig config = EndpointConfig::for_server();
  config.max_stateless_replies_per_second = 100;
  SeededRng rng(1);
  Endpoint server(config, server_tls(), rng);
  for (unsigned i = 0; i < 1000; ++i) server.receive(source(i), {}, bytes_of(100), Instant(1000s));
  CHECK(server.counters().stateless_resets_sent == 10);
  CHECK(server.counters().replies_suppressed == 990);
}

TEST_CASE("a message announced longer than the limit ends the connection, and only that one") {
  SimOptions options;
  options.client.max_message_bytes = 2'000'000;
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.on_client([&](Instant now) {
    REQUIRE(pair.client.endpoint.send_message(pair.client.connection(), bytes_of(1'048'577), now));
  });
  pair.network.run_for(2s);
  CHECK(pair.server.messages.empty());
  REQUIRE(pair.server.closed.size() == 1);
  CHECK(pair.server.closed[0].cause == CloseCause::kPeerLimit);
  CHECK(pair.server.closed[0].reason == "message of 1048577 bytes announced, limit 1048576");
  CHECK(pair.server.endpoint.counters().peer_limits_broken == 1);
  REQUIRE(pair.client.closed.size() == 1);
  CHECK(pair.client.closed[0].cause == CloseCause::kPeerApplication);
}

TEST_CASE("a message of exactly the limit is accepted, one byte more is not taken for sending") {
  SimOptions options;
  options.up = options.down = path(10ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.on_client([&](Instant now) {
    REQUIRE(pair.client.endpoint.send_message(pair.client.connection(), bytes_of(1'048'576), now));
    const auto refused =
        pair.client.endpoint.send_message(pair.client.connection(), bytes_of(1'048'577), now);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == Errc::kMessageTooLong);
  });
  REQUIRE(pair.network.run_until([&] { return !pair.server.messages.empty(); }, 30s));
  CHECK(pair.server.messages[0].size() == 1'048'576);
}

TEST_CASE("a message that stops half-way ends the connection after the message timeout") {
  SimOptions options;
  options.server.message_timeout = 2000ms;
  options.up = options.down = path(10ms);
  options.up.rate_bits_per_second = 1'000'000;
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.on_client([&](Instant now) {
    REQUIRE(pair.client.endpoint.send_message(pair.client.connection(), bytes_of(500'000), now));
  });
  pair.network.run_for(1s);
  CHECK(pair.server.endpoint.stats(pair.server.connection()).message_bytes_buffered > 0);
  const Instant cut = pair.network.now();
  pair.network.channel(pair.client.id, pair.server.id).set_blackout(true);
  pair.network.run_for(10s);
  REQUIRE(pair.server.closed.size() == 1);
  CHECK(pair.server.closed[0].cause == CloseCause::kPeerLimit);
  CHECK(pair.server.closed_at[0] - cut < 2500ms);
}

TEST_CASE("unfinished messages of one peer are bounded in bytes") {
  // The first message stays incomplete while later ones arrive whole behind it.
  SimOptions options;
  options.server.max_buffered_message_bytes = 200'000;
  options.client.max_message_bytes_in_flight = 4'000'000;
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.on_client([&](Instant now) {
    for (int i = 0; i < 8; ++i) {
      const bool queued =
          pair.client.endpoint.send_message(pair.client.connection(), bytes_of(600'000), now)
              .has_value();
      CHECK(queued == (i < 6));
    }
  });
  pair.network.run_for(5s);
  REQUIRE(pair.server.closed.size() == 1);
  CHECK(pair.server.closed[0].cause == CloseCause::kPeerLimit);
  CHECK(pair.server.closed[0].reason == "more than 200000 bytes of unfinished messages");
}

TEST_CASE("events that nobody takes are bounded") {
  SimOptions options;
  options.server.max_unread_datagram_bytes = 10'000;
  SimPair pair(options);
  REQUIRE(pair.connect());
  TxBatch batch;
  const Instant now = pair.network.now();
  for (int i = 0; i < 100; ++i) {
    pair.client.endpoint.send_datagram(pair.client.connection(), bytes_of(1000), now);
  }
  CHECK_FALSE(pair.client.endpoint.flush(batch, now));
  for (const auto& e : batch.entries()) {
    for (std::size_t i = 0; i < e.segments(); ++i) {
      pair.server.endpoint.receive(pair.client.address, pair.server.address, batch.segment(e, i),
                                   now);
    }
  }
  CHECK(pair.server.endpoint.counters().datagrams_unread_dropped == 90);
}

TEST_CASE("what a sender may queue is bounded") {
  SimOptions options;
  options.up = options.down = path(10ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.on_client([&](Instant now) {
    Endpoint& client = pair.client.endpoint;
    for (int i = 0; i < 512; ++i) {
      CHECK(client.send_datagram(pair.client.connection(), bytes_of(10), now) ==
            SendResult::kQueued);
    }
    CHECK(client.send_datagram(pair.client.connection(), bytes_of(10), now) ==
          SendResult::kQueuedOldestDropped);
    int messages = 0;
    while (client.send_message(pair.client.connection(), bytes_of(1'000'000), now)) ++messages;
    CHECK(messages == 4);
  });
  pair.network.run_for(20s);
  CHECK(pair.server.datagrams == 512);
  CHECK(pair.server.messages.size() == 4);
}
