// How connections begin, live and end.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "sim_pair.hpp"

using namespace wzp;
using namespace wzp::transport;
using namespace wzp::transport::test;

namespace {

SimOptions on_path(Duration one_way) {
  SimOptions options;
  options.up = options.down = path(one_way);
  return options;
}

void exchange_datagrams(SimPair& pair, int n) {
  for (int i = 0; i < n; ++i) {
    pair.on_client([&](Instant now) {
      pair.client.endpoint.send_datagram(pair.client.connection(), bytes_of(100), now);
    });
    pair.on_server([&](Instant now) {
      pair.server.endpoint.send_datagram(pair.server.connection(), bytes_of(100), now);
    });
    pair.network.run_for(20ms);
  }
}

}  // namespace

// -- TLS
// -------------------------------------------------------------------------------------------

TEST_CASE("a client without the protocol of the server is refused") {
  SimOptions options = on_path(10ms);
  ClientTlsOptions tls;
  tls.alpns = {"h3"};
  options.client_context = TlsContext::make_client(tls);
  SimPair pair(options);
  CHECK_FALSE(pair.connect());
  CHECK(pair.server.connected.empty());
  CHECK(pair.server.closed.empty());
  CHECK(pair.server.endpoint.counters().handshakes_failed == 1);
  REQUIRE(pair.client.closed.size() == 1);
  CHECK(pair.client.closed[0].cause == CloseCause::kRefused);
  CHECK(pair.client.closed[0].code == 0x178);
}

TEST_CASE("a server with several protocols says which one was chosen") {
  SimOptions options = on_path(10ms);
  options.server_context = TlsContext::make_self_signed_server({"wzp", "h3"});
  ClientTlsOptions tls;
  tls.alpns = {"h3"};
  options.client_context = TlsContext::make_client(tls);
  SimPair pair(options);
  REQUIRE(pair.connect());
  CHECK(pair.server.connected[0].alpn == "h3");
  CHECK(pair.client.connected[0].alpn == "h3");
}

TEST_CASE("server names are folded to lower case, and a missing one is 'default'") {
  const auto [sent, seen] = GENERATE(table<std::string, std::string>({
      {"ROOM", "room"},
      {"room", "room"},
      {"5d61faddbb77f2a92f815bbaac9dbc91", "5d61faddbb77f2a92f815bbaac9dbc91"},
      {"", "default"},
      {"127.0.0.1", "default"},
      {"::1", "default"},
  }));
  SimOptions options = on_path(1ms);
  options.server_name = sent;
  SimPair pair(options);
  REQUIRE(pair.connect());
  CHECK(pair.server.connected[0].server_name == seen);
}

TEST_CASE("a server name of more than 253 bytes is refused at once") {
  SimPair pair;
  const auto result =
      pair.client.endpoint.connect(pair.server.address, std::string(254, 'a'), pair.network.now());
  REQUIRE_FALSE(result);
  CHECK(result.error() == Errc::kInvalidServerName);
}

TEST_CASE("a pinned certificate is accepted, another one is not") {
  const bool right = GENERATE(true, false);
  SimOptions options = on_path(10ms);
  const Certificate certificate = make_self_signed_certificate();
  options.server_context = TlsContext::make_server(certificate);
  ClientTlsOptions tls;
  tls.verification = ServerVerification::kPinned;
  tls.pinned_sha256 = certificate_sha256(right ? certificate.certificate_pem
                                               : make_self_signed_certificate().certificate_pem);
  options.client_context = TlsContext::make_client(tls);
  SimPair pair(options);
  CHECK(pair.connect() == right);
  if (!right) {
    REQUIRE(pair.client.closed.size() == 1);
    CHECK(pair.client.closed[0].cause == CloseCause::kRefused);
  }
}

TEST_CASE("a self-signed certificate does not pass the system's trust store") {
  SimOptions options = on_path(10ms);
  ClientTlsOptions tls;
  tls.verification = ServerVerification::kSystem;
  options.client_context = TlsContext::make_client(tls);
  SimPair pair(options);
  CHECK_FALSE(pair.connect());
  REQUIRE(pair.client.closed.size() == 1);
  CHECK(pair.client.closed[0].cause == CloseCause::kRefused);
}

TEST_CASE("unusable certificates and protocol lists are refused at construction") {
  const Certificate good = make_self_signed_certificate();
  const Certificate other = make_self_signed_certificate();
  CHECK_THROWS_AS(TlsContext::make_server({"junk", good.key_pem}), std::invalid_argument);
  CHECK_THROWS_AS(TlsContext::make_server({good.certificate_pem, other.key_pem}),
                  std::invalid_argument);
  CHECK_THROWS_AS(TlsContext::make_server(good, {}), std::invalid_argument);
  CHECK_THROWS_AS(TlsContext::make_server(good, {""}), std::invalid_argument);
  CHECK_THROWS_AS(certificate_sha256("junk"), std::invalid_argument);
}

TEST_CASE("both ends export the same keying material from the handshake on") {
  SimPair pair(on_path(10ms));
  REQUIRE(pair.connect());
  const auto export_from = [](SimHost& host, std::string_view label, std::string_view context,
                              std::size_t n) {
    return host.endpoint.export_keying_material(host.connection(), label, as_byte_view(context), n)
        .value();
  };
  pair.network.run_for(1s);  // the TLS session is gone by now
  for (const std::size_t n : {16U, 32U, 100U}) {
    const auto server = export_from(pair.server, "EXPORTER-wzp-binding", "", n);
    CHECK(server.size() == n);
    CHECK(server == export_from(pair.client, "EXPORTER-wzp-binding", "", n));
    CHECK(server != export_from(pair.client, "EXPORTER-other", "", n));
    CHECK(server != export_from(pair.client, "EXPORTER-wzp-binding", "context", n));
  }
  CHECK(pair.server.endpoint.export_keying_material({99, 1}, "x", {}, 32).error() ==
        Errc::kUnknownConnection);
}

TEST_CASE("a connecting client has no keying material yet") {
  SimPair pair(on_path(10ms));
  const ConnectionHandle handle = pair.dial();
  CHECK(pair.client.endpoint.export_keying_material(handle, "x", {}, 32).error() ==
        Errc::kExporterUnavailable);
}

TEST_CASE("a new server certificate counts for new connections only") {
  SimPair pair(on_path(10ms));
  REQUIRE(pair.connect());
  pair.server.endpoint.set_tls(TlsContext::make_self_signed_server());
  SimHost second(pair.network, EndpointConfig::for_client(), client_tls(), 5,
                 SocketAddress::ipv4({10, 0, 0, 3}, 1));
  pair.network.at(pair.network.now(), second.id, [&](Instant now) {
    REQUIRE(second.endpoint.connect(pair.server.address, "room", now));
  });
  pair.network.run_for(1s);
  CHECK(second.connected.size() == 1);
  exchange_datagrams(pair, 3);
  CHECK(pair.server.datagrams == 3);
}

// -- Life
// ------------------------------------------------------------------------------------------

TEST_CASE("a client that nobody answers gives up after the handshake timeout") {
  SimPair pair(on_path(10ms));
  pair.network.channel(pair.client.id, pair.server.id).set_blackout(true);
  pair.dial();
  const Instant start = pair.network.now();
  pair.network.run_for(20s);
  REQUIRE(pair.client.closed.size() == 1);
  CHECK(pair.client.closed[0].cause == CloseCause::kHandshakeTimeout);
  CHECK(pair.client.closed_at[0] - start >= 10s);
  CHECK(pair.client.closed_at[0] - start <= 10100ms);
  CHECK(pair.client.endpoint.connection_count() == 0);
}

TEST_CASE("a vanished peer is noticed after the idle timeout, even while sending to it") {
  SimPair pair(on_path(20ms));
  REQUIRE(pair.connect());
  pair.network.every(20ms, pair.network.now(), pair.server.id, [&](Instant now) {
    pair.server.endpoint.send_datagram(pair.server.connection(), bytes_of(100), now);
  });
  pair.network.run_for(5s);
  pair.network.channel(pair.client.id, pair.server.id).set_blackout(true);
  pair.network.channel(pair.server.id, pair.client.id).set_blackout(true);
  const Instant cut = pair.network.now();
  pair.network.run_for(20s);
  REQUIRE(pair.server.closed.size() == 1);
  CHECK(pair.server.closed[0].cause == CloseCause::kIdleTimeout);
  // Counted from the last packet that arrived, or the first one sent after it.
  CHECK(pair.server.closed_at[0] - cut >= 14900ms);
  CHECK(pair.server.closed_at[0] - cut <= 15200ms);
  REQUIRE(pair.client.closed.size() == 1);
  CHECK(pair.client.closed[0].cause == CloseCause::kIdleTimeout);
  CHECK(pair.server.endpoint.connection_count() == 0);
}

TEST_CASE("keep-alives hold a silent connection, without them it ends") {
  const bool keep_alive = GENERATE(true, false);
  SimOptions options = on_path(20ms);
  if (!keep_alive) options.client.keep_alive = 0ms;
  SimPair pair(options);
  REQUIRE(pair.connect());
  const auto before = pair.network.packets_sent();
  pair.network.run_for(5min);
  CHECK(pair.server.closed.empty() == keep_alive);
  CHECK(pair.client.closed.empty() == keep_alive);
  // A ping each 5 s and its acknowledgement.
  CHECK(pair.network.packets_sent() - before < 150);
}

TEST_CASE("keys change without losing a datagram") {
  SimPair pair(on_path(20ms));
  REQUIRE(pair.connect());
  exchange_datagrams(pair, 20);
  pair.on_client([&](Instant now) {
    REQUIRE(pair.client.endpoint.update_keys(pair.client.connection(), now));
    CHECK_FALSE(pair.client.endpoint.update_keys(pair.client.connection(), now));
  });
  exchange_datagrams(pair, 50);
  pair.network.run_for(1s);
  pair.on_server([&](Instant now) {
    REQUIRE(pair.server.endpoint.update_keys(pair.server.connection(), now));
  });
  exchange_datagrams(pair, 50);
  pair.network.run_for(1s);
  CHECK(pair.server.datagrams == 120);
  CHECK(pair.client.datagrams == 120);
  CHECK(pair.client.closed.empty());
}

TEST_CASE("a connection survives a change of the client's address behind its back") {
  SimOptions options = on_path(20ms);
  const bool with_id = GENERATE(false, true);
  if (with_id) options.client.connection_id.length = 6;
  SimPair pair(options);
  REQUIRE(pair.connect());
  exchange_datagrams(pair, 20);
  const auto fresh = SocketAddress::ipv4({10, 9, 9, 9}, 999);
  pair.network.rebind(pair.client.id, fresh);
  const auto up = pair.server.datagrams;
  const auto down = pair.client.datagrams;
  exchange_datagrams(pair, 100);
  pair.network.run_for(1s);
  CHECK(pair.server.datagrams - up >= 99);
  CHECK(pair.client.datagrams - down >= 95);
  CHECK(pair.server.endpoint.stats(pair.server.connection()).remote == fresh);
  CHECK(pair.server.closed.empty());
  CHECK(pair.server.connected.size() == 1);
}

TEST_CASE("a client's address may change while data are lost, again and again") {
  // With path MTU discovery switched off this aborts the process inside ngtcp2 1.11.
  SimOptions options = on_path(20ms);
  options.up.loss_rate = options.down.loss_rate = 0.1;
  SimPair pair(options);
  REQUIRE(pair.connect());
  for (std::uint8_t i = 0; i < 20; ++i) {
    exchange_datagrams(pair, 30);
    pair.network.rebind(pair.client.id, SocketAddress::ipv4({10, 9, 9, i}, 999));
    pair.network.connect_hosts(pair.client.id, pair.server.id, options.up, options.down);
  }
  exchange_datagrams(pair, 50);
  CHECK(pair.server.closed.empty());
  CHECK(pair.server.datagrams > 400);
  CHECK(pair.client.datagrams > 400);
  // Media still do not wait for congestion control.
  CHECK(pair.server.endpoint.stats(pair.server.connection()).congestion_window >= 524'288);
}

TEST_CASE("a client moves to another local address on purpose") {
  SimOptions options = on_path(20ms);
  options.client.connection_id.length = 6;
  SimPair pair(options);
  REQUIRE(pair.connect());
  exchange_datagrams(pair, 20);
  const auto fresh = SocketAddress::ipv4({10, 9, 9, 9}, 999);
  pair.network.rebind(pair.client.id, fresh);
  pair.on_client([&](Instant now) {
    CHECK(pair.client.endpoint.migrate(pair.client.connection(), fresh, now));
  });
  exchange_datagrams(pair, 100);
  pair.network.run_for(1s);
  CHECK(pair.server.datagrams == 120);
  CHECK(pair.client.datagrams >= 115);
  CHECK(pair.server.endpoint.stats(pair.server.connection()).remote == fresh);
}

TEST_CASE("an endpoint can serve and dial at once") {
  SimNetwork network;
  const auto both = [&](std::uint64_t seed, std::uint8_t ip) {
    auto host = std::make_unique<SimHost>(network, EndpointConfig::for_server(), server_tls(), seed,
                                          SocketAddress::ipv4({10, 0, 0, ip}, 4433));
    host->endpoint.set_tls(client_tls());
    return host;
  };
  auto a = both(1, 1);
  auto b = both(2, 2);
  network.at(network.now(), a->id,
             [&](Instant now) { REQUIRE(a->endpoint.connect(b->address, "from-a", now)); });
  network.at(network.now(), b->id,
             [&](Instant now) { REQUIRE(b->endpoint.connect(a->address, "from-b", now)); });
  network.run_for(1s);
  REQUIRE(a->connected.size() == 2);
  REQUIRE(b->connected.size() == 2);
  CHECK(a->endpoint.connection_count() == 2);
}

// -- End
// -------------------------------------------------------------------------------------------

TEST_CASE("what was queued before a close arrives before it") {
  SimPair pair(on_path(20ms));
  REQUIRE(pair.connect());
  pair.on_client([&](Instant now) {
    Endpoint& e = pair.client.endpoint;
    e.send_datagram(pair.client.connection(), bytes_of(100), now);
    REQUIRE(e.send_message(pair.client.connection(), as_byte_view("\"Hangup\""), now));
    e.close(pair.client.connection(), 7, "bye", now);
    CHECK_FALSE(e.is_open(pair.client.connection()));
    CHECK(e.send_datagram(pair.client.connection(), bytes_of(1), now) == SendResult::kNotConnected);
    CHECK_FALSE(e.send_message(pair.client.connection(), bytes_of(1), now));
  });
  pair.network.run_for(1s);
  CHECK(pair.server.datagrams == 1);
  CHECK(pair.server.messages == std::vector<std::string>{"\"Hangup\""});
  REQUIRE(pair.server.closed.size() == 1);
  CHECK(pair.server.closed[0].code == 7);
  CHECK(pair.server.closed[0].reason == "bye");
}

TEST_CASE("a close after delivery waits for lost messages, but not longer than asked") {
  const bool path_returns = GENERATE(true, false);
  SimPair pair(on_path(20ms));
  REQUIRE(pair.connect());
  pair.network.run_for(1s);
  pair.network.channel(pair.client.id, pair.server.id).set_blackout(true);
  const Instant start = pair.network.now();
  pair.on_client([&](Instant now) {
    Endpoint& e = pair.client.endpoint;
    REQUIRE(e.send_message(pair.client.connection(), as_byte_view("\"Hangup\""), now));
    e.close_after_delivery(pair.client.connection(), 0, kNormalCloseReason, 2s, now);
  });
  pair.network.run_for(500ms);
  CHECK(pair.client.closed.empty());
  if (path_returns) pair.network.channel(pair.client.id, pair.server.id).set_blackout(false);
  pair.network.run_for(5s);
  REQUIRE(pair.client.closed.size() == 1);
  CHECK(pair.client.closed[0].cause == CloseCause::kLocal);
  if (path_returns) {
    CHECK(pair.client.closed_at[0] - start < 1900ms);
    CHECK(pair.server.messages.size() == 1);
    CHECK(pair.server.closed.at(0).reason == "normal close");
  } else {
    CHECK(pair.client.closed_at[0] - start >= 2s);
    CHECK(pair.client.closed_at[0] - start < 2100ms);
  }
}

TEST_CASE("a lost close is repeated when the peer goes on sending") {
  SimPair pair(on_path(20ms));
  REQUIRE(pair.connect());
  pair.network.every(20ms, pair.network.now(), pair.client.id, [&](Instant now) {
    pair.client.endpoint.send_datagram(pair.client.connection(), bytes_of(100), now);
  });
  pair.network.run_for(1s);
  pair.network.channel(pair.server.id, pair.client.id).set_blackout(true);
  pair.on_server(
      [&](Instant now) { pair.server.endpoint.close(pair.server.connection(), 0, "gone", now); });
  pair.network.run_for(30ms);
  pair.network.channel(pair.server.id, pair.client.id).set_blackout(false);
  pair.network.run_for(500ms);
  REQUIRE(pair.client.closed.size() == 1);
  CHECK(pair.client.closed[0].reason == "gone");
}

TEST_CASE("a peer whose memory is gone resets the connection") {
  // The server forgets after its idle timeout; the client, which was cut off, only learns it from
  // the answer to its next packet.
  SimOptions options = on_path(20ms);
  options.server.idle_timeout = 60s;
  options.client.idle_timeout = 60s;
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.network.channel(pair.server.id, pair.client.id).set_blackout(true);
  pair.on_server([&](Instant now) {
    pair.server.endpoint.close(pair.server.connection(), 0, "lost on the way", now);
  });
  pair.network.run_for(4s);  // the close is over and its packet with it
  CHECK(pair.client.closed.empty());
  pair.network.channel(pair.server.id, pair.client.id).set_blackout(false);
  exchange_datagrams(pair, 2);
  pair.network.run_for(1s);
  REQUIRE(pair.client.closed.size() == 1);
  CHECK(pair.client.closed[0].cause == CloseCause::kReset);
  CHECK(pair.server.endpoint.counters().stateless_resets_sent >= 1);
}

TEST_CASE("closing everything tells every peer") {
  SimPair pair(on_path(20ms));
  REQUIRE(pair.connect());
  SimHost second(pair.network, EndpointConfig::for_client(), client_tls(), 5,
                 SocketAddress::ipv4({10, 0, 0, 3}, 1));
  pair.network.at(pair.network.now(), second.id, [&](Instant now) {
    REQUIRE(second.endpoint.connect(pair.server.address, "room", now));
  });
  pair.network.run_for(1s);
  pair.on_server([&](Instant now) { pair.server.endpoint.close_all(0, "restarting", now); });
  pair.network.run_for(1s);
  CHECK(pair.server.closed.size() == 2);
  CHECK(pair.client.closed.at(0).reason == "restarting");
  CHECK(second.closed.at(0).reason == "restarting");
  const EndpointCounters& c = pair.server.endpoint.counters();
  CHECK(c.accepted == c.closed);
  CHECK(pair.server.endpoint.connection_count() == 0);
}

TEST_CASE("handles of ended connections stay invalid when their slot is used again") {
  SimOptions options = on_path(5ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  const ConnectionHandle old = pair.server.connection();
  pair.on_client(
      [&](Instant now) { pair.client.endpoint.close(pair.client.connection(), 0, "", now); });
  pair.network.run_for(5s);
  pair.on_client([&](Instant now) {
    REQUIRE(pair.client.endpoint.connect(pair.server.address, "again", now));
  });
  pair.network.run_for(1s);
  REQUIRE(pair.server.connected.size() == 2);
  const ConnectionHandle fresh = pair.server.connected[1].connection;
  CHECK(fresh.slot == old.slot);
  CHECK(fresh != old);
  CHECK_FALSE(pair.server.endpoint.is_open(old));
  CHECK(pair.server.endpoint.is_open(fresh));
  CHECK(pair.server.endpoint.send_datagram(old, bytes_of(1), pair.network.now()) ==
        SendResult::kNotConnected);
  CHECK(pair.server.endpoint.stats(old).packets_in == 0);
}

TEST_CASE("a client can dial again right after a close") {
  SimPair pair(on_path(20ms));
  REQUIRE(pair.connect());
  pair.on_client([&](Instant now) {
    Endpoint& e = pair.client.endpoint;
    CHECK(e.connect(pair.server.address, "room", now).error() == Errc::kAlreadyConnected);
    e.close(pair.client.connection(), 0, kNormalCloseReason, now);
    CHECK(e.connect(pair.server.address, "again", now));
  });
  pair.network.run_for(5s);
  REQUIRE(pair.server.connected.size() == 2);
  CHECK(pair.server.connected[1].server_name == "again");
  CHECK(pair.client.closed.size() == 1);
  CHECK(pair.client.endpoint.connection_count() == 1);
}

TEST_CASE("giving up a connection attempt is reported once and leaves nothing behind") {
  const bool answered = GENERATE(true, false);
  SimPair pair(on_path(20ms));
  pair.network.channel(pair.client.id, pair.server.id).set_blackout(!answered);
  const ConnectionHandle handle = pair.dial();
  pair.on_client([&](Instant now) { pair.client.endpoint.close(handle, 0, "never mind", now); });
  pair.network.run_for(20s);
  REQUIRE(pair.client.closed.size() == 1);
  CHECK(pair.client.closed[0].cause == CloseCause::kLocal);
  CHECK(pair.client.connected.empty());
  CHECK(pair.server.connected.empty());
  CHECK(pair.server.closed.empty());
  CHECK(pair.server.endpoint.half_open_count() == 0);
}

TEST_CASE("contradicting settings are refused at construction") {
  SeededRng rng(1);
  const auto refuses = [&](auto change) {
    EndpointConfig c = EndpointConfig::for_server();
    change(c);
    CHECK_THROWS_AS(Endpoint(c, server_tls(), rng), std::invalid_argument);
  };
  refuses([](EndpointConfig& c) { c.max_udp_payload = 1199; });
  refuses([](EndpointConfig& c) { c.max_udp_payload = 1473; });
  refuses([](EndpointConfig& c) { c.connection_id.length = 3; });
  refuses([](EndpointConfig& c) { c.connection_id.length = 0; });  // a server needs ids
  refuses([](EndpointConfig& c) { c.coarse_timer = std::chrono::milliseconds(100); });
  refuses([](EndpointConfig& c) { c.handshake_timeout = std::chrono::milliseconds(0); });
}
