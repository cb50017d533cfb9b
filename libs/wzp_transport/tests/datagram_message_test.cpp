// Limits and orders of datagrams and messages.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "sim_pair.hpp"

using namespace wzp;
using namespace wzp::transport;
using namespace wzp::transport::test;

TEST_CASE("a datagram of 1162 bytes passes, one of 1163 is refused") {
  SimOptions options;
  options.client.connection_id.length = GENERATE(std::uint8_t{0}, std::uint8_t{8});
  options.up = options.down = path(10ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  CHECK(pair.server.endpoint.max_datagram_size(pair.server.connection()) == 1162);
  CHECK(pair.client.endpoint.max_datagram_size(pair.client.connection()) == 1162);
  for (SimHost* host : {&pair.client, &pair.server}) {
    pair.network.at(pair.network.now(), host->id, [&, host](Instant now) {
      CHECK(host->endpoint.send_datagram(host->connection(), bytes_of(1162), now) ==
            SendResult::kQueued);
      CHECK(host->endpoint.send_datagram(host->connection(), bytes_of(1163), now) ==
            SendResult::kTooLarge);
      CHECK(host->endpoint.send_datagram(host->connection(), bytes_of(0), now) ==
            SendResult::kQueued);
    });
  }
  pair.network.run_for(1s);
  CHECK(pair.server.datagrams == 2);
  CHECK(pair.client.datagrams == 2);
}

TEST_CASE("larger packets carry larger datagrams") {
  SimOptions options;
  options.server.max_udp_payload = options.client.max_udp_payload = 1452;
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.on_client([&](Instant now) {
    CHECK(pair.client.endpoint.max_datagram_size(pair.client.connection()) == 1414);
    CHECK(pair.client.endpoint.send_datagram(pair.client.connection(), bytes_of(1414), now) ==
          SendResult::kQueued);
  });
  pair.network.run_for(1s);
  CHECK(pair.server.datagrams == 1);
}

TEST_CASE("a peer that takes no datagrams is not sent any") {
  SimOptions options;
  options.client.max_datagram_frame_size = 0;
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.on_server([&](Instant now) {
    CHECK(pair.server.endpoint.send_datagram(pair.server.connection(), bytes_of(1), now) ==
          SendResult::kUnsupported);
  });
  pair.network.run_for(1s);
  CHECK(pair.client.datagrams == 0);
}

TEST_CASE("one frame goes to many receivers and may be kept") {
  SimPair pair;
  REQUIRE(pair.connect());
  std::vector<std::unique_ptr<SimHost>> others;
  for (std::uint8_t i = 0; i < 5; ++i) {
    others.push_back(std::make_unique<SimHost>(pair.network, EndpointConfig::for_client(),
                                               client_tls(), 50 + i,
                                               SocketAddress::ipv4({10, 0, 1, i}, 5000)));
    others.back()->keep_datagrams = true;
    pair.network.at(pair.network.now(), others.back()->id, [&, i](Instant now) {
      REQUIRE(others[i]->endpoint.connect(pair.server.address, "room", now));
    });
  }
  pair.network.run_for(1s);
  FrameRef kept;
  pair.server.on_datagram = [&](const DatagramReceived& d, Instant now) {
    kept = d.frame;
    for (const Connected& c : pair.server.connected) {
      if (c.connection == d.connection) continue;
      CHECK(pair.server.endpoint.send_datagram(c.connection, d.frame, now) == SendResult::kQueued);
    }
  };
  pair.on_client([&](Instant now) {
    pair.client.endpoint.send_datagram(pair.client.connection(), as_byte_view("to all"), now);
  });
  pair.network.run_for(1s);
  for (const auto& other : others) CHECK(other->kept == std::vector<std::string>{"to all"});
  CHECK(as_text(kept.bytes()) == "to all");
  CHECK(pair.client.datagrams == 0);
}

TEST_CASE("messages keep their order when packets overtake each other and get lost") {
  SimOptions options;
  options.up = options.down = path(20ms, 0.2, 3);
  options.up.jitter = 30ms;  // later packets often come first
  options.seed = GENERATE(1U, 2U, 3U, 4U, 5U);
  SimPair pair(options);
  REQUIRE(pair.connect());
  std::vector<std::string> sent;
  int n = 0;
  pair.network.every(15ms, pair.network.now(), pair.client.id, [&](Instant now) {
    if (n == 300) return;
    sent.push_back(std::to_string(n) + std::string(static_cast<std::size_t>(n % 7) * 700, 'x'));
    ++n;
    REQUIRE(pair.client.endpoint.send_message(pair.client.connection(), as_byte_view(sent.back()),
                                              now));
  });
  REQUIRE(pair.network.run_until([&] { return pair.server.messages.size() == 300; }, 60s));
  CHECK(pair.server.messages == sent);
  pair.network.run_for(1s);
  const ConnectionStats stats = pair.client.endpoint.stats(pair.client.connection());
  CHECK(stats.messages_out == 300);
  CHECK(stats.message_bytes_queued == 0);
}

TEST_CASE("two messages arrive in order even if the packet of the second comes first") {
  SimOptions options;
  options.up = options.down = path(20ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.network.run_for(1s);
  const auto send = [&](std::string_view text) {
    pair.on_client([&, text](Instant now) {
      REQUIRE(pair.client.endpoint.send_message(pair.client.connection(), as_byte_view(text), now));
    });
    pair.network.run_for(1ms);
  };
  ChannelConfig slow = path(500ms);
  pair.network.channel(pair.client.id, pair.server.id).set_config(slow);
  send("first");
  pair.network.channel(pair.client.id, pair.server.id).set_config(path(20ms));
  send("second");
  pair.network.run_for(3s);
  CHECK(pair.server.messages == std::vector<std::string>{"first", "second"});
}

TEST_CASE("messages sent while connecting leave with the connection") {
  SimOptions options;
  options.up = options.down = path(20ms);
  SimPair pair(options);
  const ConnectionHandle handle = pair.dial();
  pair.on_client([&](Instant now) {
    REQUIRE(pair.client.endpoint.send_message(handle, as_byte_view("early"), now));
    CHECK(pair.client.endpoint.send_datagram(handle, bytes_of(1), now) ==
          SendResult::kNotConnected);
  });
  pair.network.run_for(1s);
  CHECK(pair.server.messages == std::vector<std::string>{"early"});
}

TEST_CASE("empty and large messages mix, both ways, without running out of credit") {
  SimOptions options;
  options.up = options.down = path(5ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  std::size_t replies = 0;
  pair.server.on_message = [&](const MessageReceived& m, Instant now) {
    REQUIRE(pair.server.endpoint.send_message(m.connection, m.bytes, now));
  };
  pair.client.on_message = [&](const MessageReceived&, Instant) { ++replies; };
  std::size_t sent = 0;
  pair.network.every(10ms, pair.network.now(), pair.client.id, [&](Instant now) {
    if (sent == 1000) return;
    const std::size_t size = sent % 50 == 0 ? 100'000 : sent % 3;
    REQUIRE(pair.client.endpoint.send_message(pair.client.connection(), bytes_of(size), now));
    ++sent;
  });
  CHECK(pair.network.run_until([&] { return replies == 1000; }, 60s));
  CHECK(pair.client.closed.empty());
}

TEST_CASE("datagrams that may wait leave together, when the first one's time is over") {
  SimPair pair;
  REQUIRE(pair.connect());
  pair.network.run_for(200ms);
  const auto packets_before = pair.server.endpoint.counters().packets_out;
  const Instant start = pair.network.now();
  for (int i = 0; i < 4; ++i) {
    pair.network.at(start + i * 500us, pair.server.id, [&pair, i](Instant now) {
      Endpoint& server = pair.server.endpoint;
      const FrameRef frame = server.make_frame(bytes_of(100));
      const StreamId stream{static_cast<std::uint16_t>(i + 1)};
      CHECK(server.send_datagram(pair.server.connection(), frame, now, stream, 2ms) ==
            SendResult::kQueued);
    });
  }
  pair.network.run_for(1900us);
  CHECK(pair.client.datagrams == 0);
  pair.network.run_for(200us);
  CHECK(pair.client.datagrams == 4);
  CHECK(pair.server.endpoint.counters().packets_out == packets_before + 1);
  CHECK(in_ms(pair.client.datagram_at.back() - start) < 2.01);
}

TEST_CASE("a datagram that may not wait takes those that do along") {
  SimPair pair;
  REQUIRE(pair.connect());
  pair.network.run_for(200ms);
  pair.on_server([&](Instant now) {
    Endpoint& server = pair.server.endpoint;
    const FrameRef frame = server.make_frame(bytes_of(100));
    server.send_datagram(pair.server.connection(), frame, now, StreamId{1}, 2ms);
    server.send_datagram(pair.server.connection(), frame, now, StreamId{2});
  });
  pair.network.run_for(10us);
  CHECK(pair.client.datagrams == 2);
}
