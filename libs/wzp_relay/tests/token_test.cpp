// A relay that wants tokens: who gets in, who does not and is told why, and how long it waits.
#include "relay_world.hpp"

using namespace wzp;
using namespace wzp::relay;
using namespace wzp::relay::test;

namespace {

RelayConfig with_tokens() {
  RelayConfig config;
  config.require_token = true;
  config.admission_timeout = 3s;
  config.token_check_timeout = 2s;
  return config;
}

TokenVerdict accepted(const crypto::Fingerprint& owner) {
  return {TokenVerdict::Kind::kAccepted, owner, "Ann", {}};
}
TokenVerdict rejected() { return {TokenVerdict::Kind::kRejected, {}, {}, "invalid token"}; }

/// Takes the only check and gives the verdict.
void decide(RelayWorld& world, const TokenVerdict& verdict) {
  const auto check = world.relay.poll_token_check();
  REQUIRE(check);
  CHECK_FALSE(world.relay.poll_token_check());
  world.act([&](Instant now) { world.relay.handle_token_verdict(*check, verdict, now); });
}

}  // namespace

TEST_CASE("a good token of the right identity lets its owner in, whatever comes first") {
  for (const bool offer_waits : {true, false}) {
    CAPTURE(offer_waits);
    RelayWorld world(with_tokens());
    Peer peer(world, 1);
    peer.send(proto::AuthToken{"abc"});
    if (offer_waits) peer.offer({"stream-id"});
    CHECK(peer.count<proto::CallAnswer>() == 0);
    decide(world, accepted(peer.identity.fingerprint()));
    if (!offer_waits) peer.offer({"stream-id"});
    CHECK(peer.count<proto::CallAnswer>() == 1);
    CHECK(world.counters().auth_ok == 1);
    CHECK(world.relay.participant_count() == 1);
    CHECK(world.relay.rooms().at(0).participants.at(0).alias == "Ann");
  }
}

TEST_CASE("a token of another identity is refused, and capable peers are told why") {
  RelayWorld world(with_tokens());
  Peer peer(world, 1);
  peer.send(proto::AuthToken{"abc"});
  peer.offer({"stream-id"});
  decide(world, accepted(numbered_identity(9).fingerprint()));
  peer.settle();
  CHECK(peer.count<proto::CallAnswer>() == 0);
  CHECK(peer.last<proto::ErrorNotice>().code == "auth-failed");
  REQUIRE(peer.closed);
  CHECK(peer.closed->reason == "the token belongs to another identity");
  CHECK(world.ended(EndReason::kAuthFailed) == 1);
  CHECK(world.relay.participant_count() == 0);
}

TEST_CASE("a rejected token, and no verdict, end a connection with different reasons") {
  RelayWorld world(with_tokens());
  Peer bad(world, 1);
  bad.send(proto::AuthToken{"abc"});
  bad.offer({"stream-id"});
  decide(world, rejected());
  bad.settle();
  REQUIRE(bad.closed);
  CHECK(bad.closed->reason == "invalid token");
  CHECK(bad.last<proto::ErrorNotice>().reason == "invalid token");

  Peer unlucky(world, 2);
  unlucky.send(proto::AuthToken{"abc"});
  decide(world, {TokenVerdict::Kind::kUnavailable, {}, {}, "no answer"});
  unlucky.settle();
  REQUIRE(unlucky.closed);
  CHECK(unlucky.closed->reason == "no answer");
  CHECK(unlucky.signals.empty());  // it had not said that it reads any
  CHECK(world.ended(EndReason::kAuthFailed) == 1);
  CHECK(world.ended(EndReason::kAuthUnavailable) == 1);
  CHECK(world.counters().auth_failed == 2);
}

TEST_CASE("an offer without a token is refused at once") {
  RelayWorld world(with_tokens());
  Peer peer(world, 1);
  peer.offer({"stream-id"});
  peer.settle();
  CHECK(peer.last<proto::ErrorNotice>().code == "auth-required");
  CHECK(peer.closed);
  CHECK_FALSE(world.relay.poll_token_check());
}

TEST_CASE("a second token, and anything else before the verdict, is refused") {
  RelayWorld world(with_tokens());
  Peer twice(world, 1);
  twice.send(proto::AuthToken{"abc"});
  twice.send(proto::AuthToken{"def"});
  twice.settle();
  CHECK(twice.closed);
  const auto check = world.relay.poll_token_check();
  REQUIRE(check);
  world.act([&](Instant now) {
    world.relay.handle_token_verdict(*check, accepted(twice.identity.fingerprint()), now);
  });
  CHECK(world.relay.participant_count() == 0);  // the verdict came too late
}

TEST_CASE("each stage before admission has a time limit of its own") {
  RelayWorld world(with_tokens());
  Peer silent(world, 1);
  Peer unanswered(world, 2);
  Peer lazy(world, 3);
  unanswered.send(proto::AuthToken{"abc"});
  static_cast<void>(world.relay.poll_token_check());
  lazy.send(proto::AuthToken{"def"});
  decide(world, accepted(lazy.identity.fingerprint()));
  world.net.run_for(1500ms);
  CHECK_FALSE(silent.closed);
  CHECK_FALSE(unanswered.closed);
  world.net.run_for(4s);
  REQUIRE(silent.closed);
  REQUIRE(unanswered.closed);
  REQUIRE(lazy.closed);
  CHECK(silent.closed->reason == "no AuthToken in time");
  CHECK(unanswered.closed->reason == "no verdict on the token in time");
  CHECK(lazy.closed->reason == "no CallOffer in time");
  CHECK(world.ended(EndReason::kAdmissionTimeout) == 2);
  CHECK(world.ended(EndReason::kAuthUnavailable) == 1);
  CHECK(world.counters().refused_timeout == 3);
}
