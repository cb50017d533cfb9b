// In a steady call nothing is allocated: neither by this library nor by ngtcp2 and the TLS library
// below it. Counts every malloc of the process while switched on.
#include <catch2/catch_test_macros.hpp>

#include "sim_pair.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WZP_COUNT_ALLOCATIONS 0  // the sanitizers own malloc
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WZP_COUNT_ALLOCATIONS 0
#else
#define WZP_COUNT_ALLOCATIONS 1
#endif
#else
#define WZP_COUNT_ALLOCATIONS 1
#endif

#if WZP_COUNT_ALLOCATIONS
namespace {
thread_local bool counting = false;
thread_local std::size_t allocations = 0;
void note() {
  if (counting) ++allocations;
}
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* malloc(std::size_t n) {
  note();
  return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t size) {
  note();
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t n) {
  note();
  return __libc_realloc(p, n);
}
}

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

  allocations = 0;
  counting = true;
  for (int i = 0; i < 1000; ++i) turn(10);
  counting = false;

  CHECK(server.datagrams + client.datagrams - before == 20'000);
  CHECK(allocations == 0);
}
#endif
