// Offers bound to their connection: what a relay accepts, refuses, and answers.
#include "relay_world.hpp"
#include "wzp/crypto/e2e_binding.hpp"

using namespace wzp;
using namespace wzp::relay;
using namespace wzp::relay::test;
namespace e2e = crypto::e2e;

namespace {

const std::vector<std::string> kFeatures{"stream-id", "status/2"};
const std::string kOrigin = "https://calls.example";
constexpr std::uint8_t kMe = 50;

e2e::Exporter exporter_of(const Peer& peer) {
  e2e::Exporter out;
  const auto bytes =
      peer.endpoint.export_keying_material(peer.connection, e2e::kExporterLabel, {}, out.size());
  REQUIRE(bytes);
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

proto::Binding binding_of(const char* kind, const crypto::Signature& by,
                          std::optional<std::string> origin = {}) {
  return {kind, {by.bytes.begin(), by.bytes.end()}, std::move(origin)};
}

proto::CallOffer bound_offer(Peer& peer) {
  proto::CallOffer offer = peer.make_offer(kFeatures);
  offer.binding =
      binding_of("exporter", e2e::sign_exporter_binding(peer.identity, exporter_of(peer),
                                                        crypto::ExchangeKey{offer.ephemeral_pub}));
  return offer;
}

proto::CallOffer offer_from_page(Peer& peer, const std::string& origin) {
  peer.send(proto::ChallengeRequest{});
  proto::CallOffer offer = peer.make_offer(kFeatures);
  offer.binding =
      binding_of("origin",
                 e2e::sign_origin_binding(peer.identity, peer.last<proto::Challenge>().challenge,
                                          origin, crypto::ExchangeKey{offer.ephemeral_pub}),
                 origin);
  return offer;
}

bool is_in(const Peer& peer) { return peer.count<proto::CallAnswer>() == 1 && !peer.closed; }

RelayConfig with_origin() {
  RelayConfig config;
  config.origins = {kOrigin};
  return config;
}

}  // namespace

TEST_CASE("an offer bound to its connection is answered by one bound to it too") {
  RelayWorld world;
  Peer peer(world, 1);
  const proto::CallOffer offer = bound_offer(peer);
  peer.send(offer);
  REQUIRE(is_in(peer));
  CHECK(world.counters().bound == 1);
  const auto answer = peer.last<proto::CallAnswer>();
  REQUIRE(answer.binding);
  CHECK(answer.binding->kind == "exporter");
  CHECK(e2e::verify_relay_binding(crypto::IdentityKey{answer.identity_pub}, exporter_of(peer),
                                  crypto::ExchangeKey{offer.ephemeral_pub},
                                  crypto::ExchangeKey{answer.ephemeral_pub}, answer.binding->sig));
}

TEST_CASE("an offer made for another connection is refused, and its identity keeps its place") {
  RelayWorld world;
  Peer victim(world, 1, kMe);
  victim.send(bound_offer(victim));
  REQUIRE(is_in(victim));
  Peer thief(world, 2, kMe);
  Peer other(world, 3, kMe);
  thief.send(bound_offer(other));
  CHECK(thief.closed);
  CHECK(thief.last<proto::ErrorNotice>().code == "binding-invalid");
  CHECK(world.ended(EndReason::kBadBinding) == 1);
  CHECK(is_in(victim));
  CHECK(victim.count<proto::Status>() == 0);
}

TEST_CASE("an offer without binding neither displaces a bound one nor inherits before one") {
  RelayWorld world;
  Peer bound(world, 1, kMe);
  bound.send(bound_offer(bound));
  Peer replayed(world, 2, kMe);
  replayed.join(kFeatures);
  CHECK(bound.count<proto::Status>() == 0);
  CHECK(replayed.last<proto::Status>().kind == proto::StatusKind::kSameIdentityConnected);
  replayed.send(proto::Preferred{true});
  CHECK(bound.count<proto::Status>() == 0);
  bound.close();
  CHECK(replayed.last<proto::Status>().kind == proto::StatusKind::kHealthy);
  Peer back(world, 3, kMe);
  back.send(bound_offer(back));
  CHECK(replayed.last<proto::Status>().kind == proto::StatusKind::kSameIdentityConnected);
}

TEST_CASE("where bindings are required, an offer without is told so") {
  RelayConfig config;
  config.require_binding = true;
  RelayWorld world(config);
  Peer without(world, 1);
  without.offer(kFeatures);
  CHECK(without.last<proto::ErrorNotice>().code == "binding-required");
  CHECK(without.closed);
  Peer with(world, 2);
  with.send(bound_offer(with));
  CHECK(is_in(with));
}

TEST_CASE("a page of a known origin binds its offer by a challenge, once") {
  RelayWorld world(with_origin());
  Peer page(world, 1);
  const proto::CallOffer offer = offer_from_page(page, kOrigin);
  page.send(offer);
  CHECK(is_in(page));
  CHECK_FALSE(page.last<proto::CallAnswer>().binding);
  Peer again(world, 2);
  again.send(offer);
  CHECK(again.last<proto::ErrorNotice>().code == "binding-invalid");
}

TEST_CASE("a page of another origin, or one that waits too long, is refused") {
  RelayWorld world(with_origin());
  Peer stranger(world, 1);
  stranger.send(offer_from_page(stranger, "https://evil.example"));
  CHECK(stranger.last<proto::ErrorNotice>().code == "binding-invalid");

  RelayConfig short_lived = with_origin();
  short_lived.challenge_lifetime = 150ms;
  RelayWorld hasty(short_lived);
  Peer slow(hasty, 2);
  const proto::CallOffer offer = offer_from_page(slow, kOrigin);
  slow.settle();
  slow.settle();
  slow.send(offer);
  CHECK(slow.last<proto::ErrorNotice>().code == "binding-invalid");
}
