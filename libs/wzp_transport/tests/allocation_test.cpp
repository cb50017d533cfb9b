// In a steady call nothing is allocated: neither by this library nor by ngtcp2 and the TLS library
// below it.
#include <catch2/catch_test_macros.hpp>

#include "sim_pair.hpp"
#include "support/allocation_counter.hpp"

using namespace wzp;
using namespace wzp::transport;
using namespace wzp::transport::test;

namespace {

struct Side {
  Side(const EndpointConfig& config, const TlsContext& tls, std::uint64_t seed)
      : rng(seed), endpoint(config, tls, rng) {}
  SeededRng rng;
  Endpoint endpoint;
  TxBatch batch;
  ConnectionHandle connection;
  std::size_t datagrams = 0;

  void take_events() {
    while (auto event = endpoint.poll_event()) {
      if (auto* c = std::get_if<Connected>(&*event)) connection = c->connection;
      if (std::get_if<DatagramReceived>(&*event) != nullptr) ++datagrams;
    }
  }
};

const SocketAddress kServer = SocketAddress::ipv4({10, 0, 0, 1}, 4433);
const SocketAddress kClient = SocketAddress::ipv4({10, 0, 0, 2}, 50000);

void carry(Side& from, const SocketAddress& source, Side& to, const SocketAddress& target,
           Instant now) {
  bool more = true;
  while (more) {
    more = from.endpoint.flush(from.batch, now);
    for (const auto& e : from.batch.entries()) {
      for (std::size_t i = 0; i < e.segments(); ++i) {
        to.endpoint.receive(source, target, from.batch.segment(e, i), now);
      }
    }
    from.batch.clear();
  }
  to.take_events();
}

}  // namespace

TEST_CASE("a steady exchange of datagrams allocates nothing") {
  Side server(EndpointConfig::for_server(), server_tls(), 1);
  Side client(EndpointConfig::for_client(), client_tls(), 2);
  Instant now{1000s};
  client.connection = client.endpoint.connect(kServer, "room", now).value();
  const std::vector<std::byte> frame = bytes_of(120);
  const auto turn = [&](int frames) {
    now += 10ms;
    for (int i = 0; i < frames; ++i) {
      client.endpoint.send_datagram(client.connection, frame, now);
      server.endpoint.send_datagram(server.connection, frame, now);
    }
    carry(client, kClient, server, kServer, now);
    carry(server, kServer, client, kClient, now);
    client.endpoint.handle_deadline(now);
    server.endpoint.handle_deadline(now);
  };
  for (int i = 0; i < 500; ++i) turn(1 + i % 20);
  REQUIRE(server.datagrams > 1000);
  const std::size_t before = server.datagrams + client.datagrams;

  const std::size_t allocations = wzp::test::allocations_of([&] {
    for (int i = 0; i < 1000; ++i) turn(10);
  });

  CHECK(server.datagrams + client.datagrams - before == 20'000);
  CHECK(allocations == 0);
}
