// A running encrypted call allocates nothing per packet: capture, encoding, sealing, opening,
// decoding, playout. Counts every malloc within the turns of both calls.
#include <catch2/catch_test_macros.hpp>
#include <chrono>

#include "support/simulated_world.hpp"

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
using namespace std::chrono_literals;

namespace {

/// A call whose turns are counted while `measured`.
struct CountedClient {
  CountedClient(test::SimWorld& world, std::uint8_t number)
      : rng(number),
        identity(crypto::Identity::ephemeral(rng)),
        endpoint(transport::EndpointConfig::for_client(), transport::TlsContext::make_client(),
                 rng),
        call(endpoint, identity, rng, {}, &source, sink),
        driver(world.net, endpoint, transport::SocketAddress::ipv4({10, 0, 2, number}, 40000),
               [this](Instant now) {
                 counting = measured;
                 call.handle_turn(now);
                 const Instant next = call.next_deadline();
                 counting = false;
                 return next;
               }) {
    transport::ChannelConfig path;
    path.delay = 20ms;
    path.seed = number;
    world.net.connect_hosts(driver.host(), world.relay_driver.host(), path, path);
    world.net.at(world.net.now(), driver.host(),
                 [this](Instant now) { call.start(test::SimWorld::kRelayAddress, now); });
  }

  SeededRng rng;
  crypto::Identity identity;
  client::ToneSource source{60s};
  client::NullSink sink;
  transport::Endpoint endpoint;
  client::Call call;
  bool measured = false;
  test::SimDriver driver;
};

}  // namespace

TEST_CASE("an encrypted call allocates nothing while people talk") {
  test::SimWorld world;
  CountedClient a(world, 1);
  CountedClient b(world, 2);
  a.measured = true;
  world.net.run_for(5s);
  CHECK(allocations > 0);  // making a call does allocate: the counter works
  const auto before = b.call.statistics();
  REQUIRE(before.receive.packets_received > 100);
  allocations = 0;
  a.measured = b.measured = true;
  world.net.run_for(8s);
  a.measured = b.measured = false;
  const auto after = b.call.statistics();
  CHECK(after.receive.packets_received - before.receive.packets_received >= 400);
  CHECK(after.packets_sent - before.packets_sent >= 400);
  CHECK(after.no_key == before.no_key);
  CHECK(allocations == 0);
}
#endif
