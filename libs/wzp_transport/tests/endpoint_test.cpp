// The endpoint on simulated paths: connecting, datagrams, messages, closing.
#include "wzp/transport/endpoint.hpp"

#include <catch2/catch_test_macros.hpp>

#include "sim_pair.hpp"

using namespace wzp;
using namespace wzp::transport;
using namespace wzp::transport::test;

TEST_CASE("a client connects, and both ends learn name, protocol and address") {
  SimOptions options;
  options.server_name = "ROOM-7";
  options.up = options.down = path(50ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  CHECK(pair.server.connected[0].server_name == "room-7");
  CHECK(pair.server.connected[0].alpn == "wzp");
  CHECK(pair.server.connected[0].is_server);
  CHECK(pair.server.connected[0].remote == pair.client.address);
  CHECK(pair.client.connected[0].alpn == "wzp");
  CHECK_FALSE(pair.client.connected[0].is_server);
}

TEST_CASE("datagrams go both ways") {
  SimPair pair;
  REQUIRE(pair.connect());
  pair.server.keep_datagrams = pair.client.keep_datagrams = true;
  pair.on_client([&](Instant now) {
    CHECK(pair.client.endpoint.send_datagram(pair.client.connection(), as_byte_view("up"), now) ==
          SendResult::kQueued);
  });
  pair.on_server([&](Instant now) {
    CHECK(pair.server.endpoint.send_datagram(pair.server.connection(), as_byte_view("down"), now) ==
          SendResult::kQueued);
  });
  pair.network.run_for(1s);
  CHECK(pair.server.kept == std::vector<std::string>{"up"});
  CHECK(pair.client.kept == std::vector<std::string>{"down"});
}

TEST_CASE("messages go both ways, whole and in order") {
  SimOptions options;
  options.up = options.down = path(20ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  std::vector<std::string> sent;
  pair.on_client([&](Instant now) {
    for (int i = 0; i < 500; ++i) {
      sent.push_back("{\"Ping\":" + std::to_string(i) + "}");
      REQUIRE(pair.client.endpoint.send_message(pair.client.connection(), as_byte_view(sent.back()),
                                                now));
    }
  });
  pair.on_server([&](Instant now) {
    REQUIRE(
        pair.server.endpoint.send_message(pair.server.connection(), as_byte_view("\"Hold\""), now));
  });
  pair.network.run_for(5s);
  CHECK(pair.server.messages == sent);
  CHECK(pair.client.messages == std::vector<std::string>{"\"Hold\""});
}

TEST_CASE("a close tells the peer code and reason") {
  SimOptions options;
  options.up = options.down = path(20ms);
  SimPair pair(options);
  REQUIRE(pair.connect());
  pair.on_client([&](Instant now) {
    pair.client.endpoint.close(pair.client.connection(), 0, kNormalCloseReason, now);
  });
  pair.network.run_for(1s);
  REQUIRE(pair.client.closed.size() == 1);
  CHECK(pair.client.closed[0].cause == CloseCause::kLocal);
  REQUIRE(pair.server.closed.size() == 1);
  CHECK(pair.server.closed[0].cause == CloseCause::kPeerApplication);
  CHECK(pair.server.closed[0].code == 0);
  CHECK(pair.server.closed[0].reason == "normal close");
  CHECK(pair.server.endpoint.connection_count() == 0);
}
