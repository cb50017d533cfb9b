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
