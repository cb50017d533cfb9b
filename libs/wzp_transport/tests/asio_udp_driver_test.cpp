// Endpoints on real loopback sockets.
#include "wzp/transport/asio_udp_driver.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "sim_pair.hpp"

using namespace wzp;
using namespace wzp::transport;
using namespace wzp::transport::test;

namespace {

// An endpoint on a socket, with everything it reported.
struct LiveHost {
  LiveHost(boost::asio::io_context& io, const EndpointConfig& config, const TlsContext& tls,
           const UdpDriverConfig& socket, std::uint64_t seed)
      : rng(seed),
        endpoint(config, tls, rng),
        driver(UdpDriver::open(io, endpoint, socket).value()) {
    driver.start([this](Instant now) { take_events(now); });
  }
  void take_events(Instant now) {
    while (auto event = endpoint.poll_event()) {
      if (auto* e = std::get_if<Connected>(&*event)) connected.push_back(*e);
      if (auto* e = std::get_if<DatagramReceived>(&*event)) {
        ++datagrams;
        if (echo) endpoint.send_datagram(e->connection, e->frame, now);
      }
      if (auto* e = std::get_if<MessageReceived>(&*event)) {
        messages.emplace_back(as_text(e->bytes));
      }
      if (auto* e = std::get_if<ConnectionClosed>(&*event)) closed.push_back(*e);
    }
  }
  SeededRng rng;
  Endpoint endpoint;
  UdpDriver driver;
  bool echo = false;
  std::vector<Connected> connected;
  std::vector<std::string> messages;
  std::vector<ConnectionClosed> closed;
  std::size_t datagrams = 0;
};

UdpDriverConfig on(const SocketAddress& address) {
  UdpDriverConfig c;
  c.listen = address;
  return c;
}

// Runs the loop until `done` or five seconds are over.
template <class Done>
bool run_until(boost::asio::io_context& io, Done done) {
  const auto end = std::chrono::steady_clock::now() + 5s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    io.run_one_for(50ms);
  }
  return true;
}

}  // namespace

TEST_CASE("a call over real sockets: connect, datagrams, messages, close") {
  struct Case {
    SocketAddress server;
    SocketAddress client;
    SocketAddress dial;
  };
  const auto any4 = SocketAddress::ipv4({}, 0);
  const auto any6 = SocketAddress::ipv6({}, 0);
  const Case c = GENERATE_COPY(
      values<Case>({{SocketAddress::loopback_ipv4(0), any4, SocketAddress::loopback_ipv4(0)},
                    {SocketAddress::loopback_ipv6(0), any6, SocketAddress::loopback_ipv6(0)},
                    {any6, any4, SocketAddress::loopback_ipv4(0)},
                    {any4, any6, SocketAddress::loopback_ipv4(0)},
                    {any6, any6, SocketAddress::loopback_ipv6(0)}}));
  const bool plain = GENERATE(false, true);
  UdpDriverConfig server_socket = on(c.server);
  server_socket.gso = server_socket.gro = !plain;
  INFO("server on " << c.server.to_string() << ", client on " << c.client.to_string()
                    << (plain ? ", no offload" : ", offload"));
  boost::asio::io_context io;
  LiveHost server(io, EndpointConfig::for_server(), server_tls(), server_socket, 1);
  LiveHost client(io, EndpointConfig::for_client(), client_tls(), on(c.client), 2);
  server.echo = true;

  const auto address = c.dial.with_port(server.driver.local_address().port());
  const auto handle = client.endpoint.connect(address, "room", UdpDriver::now());
  REQUIRE(handle.has_value());
  client.driver.wake();
  REQUIRE(run_until(io, [&] { return !client.connected.empty() && !server.connected.empty(); }));

  const Instant now = UdpDriver::now();
  for (int i = 0; i < 200; ++i) {
    CHECK(client.endpoint.send_datagram(*handle, bytes_of(1000), now) == SendResult::kQueued);
  }
  REQUIRE(client.endpoint.send_message(*handle, bytes_of(300'000), now));
  client.driver.wake();
  CHECK(run_until(io, [&] { return client.datagrams >= 200 && server.messages.size() == 1; }));
  CHECK(server.datagrams == 200);
  CHECK(server.messages.at(0).size() == 300'000);

  client.endpoint.close(*handle, 0, kNormalCloseReason, UdpDriver::now());
  client.driver.wake();
  CHECK(run_until(io, [&] { return !server.closed.empty() && !client.closed.empty(); }));
  CHECK(server.closed.at(0).reason == "normal close");
}

TEST_CASE("a call goes on after the client's socket moved to another port") {
  boost::asio::io_context io;
  LiveHost server(io, EndpointConfig::for_server(), server_tls(),
                  on(SocketAddress::loopback_ipv4(0)), 1);
  LiveHost client(io, EndpointConfig::for_client(), client_tls(), on(SocketAddress::ipv4({}, 0)),
                  2);
  server.echo = true;
  const auto handle = client.endpoint.connect(server.driver.local_address(), "r", UdpDriver::now());
  client.driver.wake();
  REQUIRE(run_until(io, [&] { return !server.connected.empty() && !client.connected.empty(); }));
  const std::uint16_t before = client.driver.local_address().port();
  REQUIRE(client.driver.rebind(SocketAddress::ipv4({}, 0)));
  CHECK(client.driver.local_address().port() != before);
  // A move that fails leaves everything as it was.
  const SocketAddress moved = client.driver.local_address();
  CHECK(client.driver.rebind(SocketAddress::ipv4({192, 0, 2, 1}, 0)).has_value() == false);
  CHECK(client.driver.local_address() == moved);
  CHECK(run_until(io, [&] {
    client.endpoint.send_datagram(*handle, bytes_of(100), UdpDriver::now());
    client.driver.flush_now();
    return client.datagrams >= 20;
  }));
  CHECK(server.connected.size() == 1);
  CHECK(server.endpoint.stats(server.connected[0].connection).remote.port() ==
        client.driver.local_address().port());
}

TEST_CASE("a flush tick holds datagrams back and packs them") {
  boost::asio::io_context io;
  UdpDriverConfig socket = on(SocketAddress::loopback_ipv4(0));
  LiveHost server(io, EndpointConfig::for_server(), server_tls(), socket, 1);
  LiveHost client(io, EndpointConfig::for_client(), client_tls(), on(SocketAddress::ipv4({}, 0)),
                  2);
  const auto handle = client.endpoint.connect(server.driver.local_address(), "r", UdpDriver::now());
  client.driver.wake();
  REQUIRE(run_until(io, [&] { return !server.connected.empty() && !client.connected.empty(); }));
  client.driver.set_flush_tick(20ms);
  const auto before = client.driver.counters().packets_out;
  for (int i = 0; i < 8; ++i) {
    client.endpoint.send_datagram(*handle, bytes_of(100), UdpDriver::now());
    client.driver.wake();
    io.run_for(1ms);
  }
  CHECK(run_until(io, [&] { return server.datagrams == 8; }));
  CHECK(client.driver.counters().packets_out - before <= 3);
}

TEST_CASE("equal packets for one peer leave in one piece where the system can cut them") {
  boost::asio::io_context io;
  LiveHost server(io, EndpointConfig::for_server(), server_tls(),
                  on(SocketAddress::loopback_ipv4(0)), 1);
  LiveHost client(io, EndpointConfig::for_client(), client_tls(), on(SocketAddress::ipv4({}, 0)),
                  2);
  const auto handle = client.endpoint.connect(server.driver.local_address(), "r", UdpDriver::now());
  client.driver.wake();
  REQUIRE(run_until(io, [&] { return !server.connected.empty() && !client.connected.empty(); }));
  const UdpDriverCounters before = client.driver.counters();
  for (int i = 0; i < 40; ++i) {
    client.endpoint.send_datagram(*handle, bytes_of(1162), UdpDriver::now());
  }
  client.driver.flush_now();
  const UdpDriverCounters& after = client.driver.counters();
  CHECK(after.packets_out - before.packets_out >= 40);
  CHECK(after.send_calls - before.send_calls == 1);
  CHECK(after.send_errors == 0);
  CHECK(run_until(io, [&] { return server.datagrams == 40; }));
}

namespace {

constexpr std::uint8_t kShards = 3;

/// Endpoints on one port, a shard each.
struct Shards {
  explicit Shards(boost::asio::io_context& io) : socket(on(SocketAddress::loopback_ipv4(0))) {
    socket.reuse_port = true;
    socket.steer_shards = kShards;
    for (std::uint8_t i = 0; i < kShards; ++i) {
      EndpointConfig config = EndpointConfig::for_server();
      config.connection_id.shard = i;
      config.retry.token_key.emplace().fill(std::byte{7});
      all.push_back(std::make_unique<LiveHost>(io, config, server_tls(), socket, 10 + i));
      socket.listen = all.front()->driver.local_address();
    }
  }
  UdpDriverConfig socket;
  std::vector<std::unique_ptr<LiveHost>> all;
};

}  // namespace

TEST_CASE("shards on one port get the packets of their own connections, also after rebinding") {
  boost::asio::io_context io;
  Shards shards(io);
  for (auto& shard : shards.all) shard->echo = true;
  std::vector<std::unique_ptr<LiveHost>> clients;
  std::vector<ConnectionHandle> handles;
  for (std::uint64_t i = 0; i < 24; ++i) {
    clients.push_back(std::make_unique<LiveHost>(io, EndpointConfig::for_client(), client_tls(),
                                                 on(SocketAddress::ipv4({}, 0)), 100 + i));
    handles.push_back(
        clients.back()->endpoint.connect(shards.socket.listen, "r", UdpDriver::now()).value());
    clients.back()->driver.wake();
  }
  REQUIRE(run_until(io, [&] {
    return std::all_of(clients.begin(), clients.end(),
                       [](auto& c) { return !c->connected.empty(); });
  }));
  for (auto& c : clients) REQUIRE(c->driver.rebind(SocketAddress::ipv4({}, 0)));
  CHECK(run_until(io, [&] {
    bool all = true;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (clients[i]->datagrams >= 5) continue;
      all = false;
      clients[i]->endpoint.send_datagram(handles[i], bytes_of(100), UdpDriver::now());
      clients[i]->driver.flush_now();
    }
    return all;
  }));
  for (const auto& shard : shards.all) {
    CHECK(shard->connected.size() > 0);
    CHECK(shard->endpoint.counters().packets_unknown == 0);
  }
}

TEST_CASE("a port that is taken is an error value") {
  boost::asio::io_context io;
  LiveHost first(io, EndpointConfig::for_server(), server_tls(),
                 on(SocketAddress::loopback_ipv4(0)), 1);
  SeededRng rng(2);
  Endpoint endpoint(EndpointConfig::for_server(), server_tls(), rng);
  const auto second = UdpDriver::open(io, endpoint, on(first.driver.local_address()));
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error() == Errc::kAddressInUse);
  const auto foreign = UdpDriver::open(io, endpoint, on(SocketAddress::ipv4({192, 0, 2, 1}, 0)));
  REQUIRE_FALSE(foreign.has_value());
  CHECK(foreign.error() == Errc::kAddressNotAvailable);
}

TEST_CASE("each server name is served by one shard, wherever its clients come in") {
  boost::asio::io_context io;
  Shards shards(io);
  for (auto& shard : shards.all) {
    shard->endpoint.set_shard_of([](std::string_view name) {
      return static_cast<std::uint8_t>((name.back() - '0') % kShards);
    });
  }
  std::vector<std::unique_ptr<LiveHost>> clients;
  for (std::uint64_t i = 0; i < 30; ++i) {
    clients.push_back(std::make_unique<LiveHost>(io, EndpointConfig::for_client(), client_tls(),
                                                 on(SocketAddress::ipv4({}, 0)), 200 + i));
    const std::string room = "Room" + std::to_string(i % 10);
    REQUIRE(clients.back()->endpoint.connect(shards.socket.listen, room, UdpDriver::now()));
    clients.back()->driver.wake();
  }
  const auto served = [&] {
    std::size_t n = 0;
    for (const auto& shard : shards.all) n += shard->connected.size();
    return n;
  };
  REQUIRE(run_until(io, [&] { return served() == clients.size(); }));
  std::uint64_t sent_on = 0;
  for (std::uint8_t i = 0; i < kShards; ++i) {
    for (const Connected& c : shards.all[i]->connected) {
      CHECK((c.server_name.back() - '0') % kShards == i);
    }
    sent_on += shards.all[i]->endpoint.counters().sent_on;
    CHECK(shards.all[i]->endpoint.connection_count() == shards.all[i]->connected.size());
    CHECK(shards.all[i]->endpoint.counters().refused_misplaced == 0);
  }
  CHECK(sent_on >= 5);
  CHECK(sent_on <= clients.size());
}
