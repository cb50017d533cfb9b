// Keys that are no longer used are gone from this process's memory: it is searched for them, with
// two whole calls in it.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <vector>

#include "../libs/wzp_crypto/tests/memory_search.hpp"
#include "support/simulated_world.hpp"
#include "wzp/crypto/e2e_sender_key.hpp"

using namespace wzp;
using namespace std::chrono_literals;
using crypto::test::places_of_inverted;

namespace {

using Inverted = std::array<std::byte, 32>;

Inverted inverted(std::span<const std::byte, 32> bytes) {
  Inverted out{};
  for (std::size_t i = 0; i < 32; ++i) out[i] = ~bytes[i];
  return out;
}

/// Remembers, inverted, each secret that was drawn.
class RecordingRng final : public Rng {
 public:
  void fill(MutableBytes out) override {
    inner_.fill(out);
    if (out.size() == 32) drawn.push_back(inverted(std::span<const std::byte, 32>(out)));
  }
  std::vector<Inverted> drawn;

 private:
  SeededRng inner_{41};
};

struct RecordedClient {
  explicit RecordedClient(test::SimWorld& world)
      : identity(crypto::Identity::ephemeral(other_rng)),
        endpoint(transport::EndpointConfig::for_client(), transport::TlsContext::make_client(),
                 other_rng),
        call(endpoint, identity, rng, {}, &source, sink),
        driver(world.net, endpoint, transport::SocketAddress::ipv4({10, 0, 2, 1}, 40000),
               [this](Instant now) {
                 call.handle_turn(now);
                 return call.next_deadline();
               }) {
    world.net.at(world.net.now(), driver.host(),
                 [this](Instant now) { call.start(test::SimWorld::kRelayAddress, now); });
  }

  RecordingRng rng;
  SeededRng other_rng{42};
  crypto::Identity identity;
  client::ToneSource source{200s};
  client::NullSink sink;
  transport::Endpoint endpoint;
  client::Call call;
  test::SimDriver driver;
};

/// The secrets of the first steps of a generation, and the media keys made of them.
std::vector<Inverted> secrets_and_keys(const Inverted& first, const RecordedClient& sender) {
  // This function's own copies must not be found later.
  crypto::Secret<32> secret;
  std::transform(first.begin(), first.end(), secret.writable().begin(),
                 [](std::byte b) { return ~b; });
  std::vector<Inverted> out;
  for (std::uint8_t step = 0; step < 4; ++step) {
    out.push_back(inverted(secret.reveal()));
    for (const auto layout : {crypto::e2e::Layout::kPlain, crypto::e2e::Layout::kMedia}) {
      const auto key = crypto::e2e::media_key(secret, layout, sender.identity.public_key(),
                                              sender.call.security()->instance(), {0, step});
      out.push_back(inverted(key.key.reveal()));
    }
    secret = crypto::e2e::next_step(secret);
  }
  return out;
}

std::size_t places_of(const std::vector<Inverted>& patterns) {
  std::size_t sum = 0;
  for (const Inverted& pattern : patterns) sum += places_of_inverted(pattern);
  return sum;
}

}  // namespace

TEST_CASE("old secrets are gone from memory 15 s after a switch, the old half of a pair at once") {
  test::SimWorld world;
  RecordedClient speaker(world);
  test::SimClient& listener = world.add_client({}, {});
  test::SimClient& leaves = world.add_client({}, {});
  world.net.run_for(4s);
  REQUIRE(listener.call.statistics().receive.packets_received > 30);
  REQUIRE(leaves.call.statistics().receive.packets_received > 30);
  // Drawn in this order: call handshake, pairs, first generation.
  REQUIRE(speaker.rng.drawn.size() == 3);
  CHECK(places_of_inverted(speaker.rng.drawn[0]) == 0);
  CHECK(places_of_inverted(speaker.rng.drawn[1]) >= 1);
  const auto first = secrets_and_keys(speaker.rng.drawn[2], speaker);
  CHECK(places_of(first) >= 3);  // speaker and two listeners

  leaves.hang_up();
  REQUIRE(world.net.run_until([&] { return speaker.call.statistics().key_changes == 1; }, 3s));
  world.net.run_for(15s);
  REQUIRE(speaker.rng.drawn.size() == 4);
  CHECK(places_of(first) == 0);
  CHECK(places_of_inverted(speaker.rng.drawn[3]) >= 2);  // the present one, here and there

  world.net.at(world.net.now(), speaker.driver.host(),
               [&](Instant now) { speaker.call.renew_keys(now); });
  world.net.run_for(1ms);
  CHECK(places_of_inverted(speaker.rng.drawn[1]) == 0);
  world.net.run_for(20s);
  CHECK(places_of_inverted(speaker.rng.drawn[3]) == 0);
  CHECK(listener.call.statistics().auth_failed == 0);
}
