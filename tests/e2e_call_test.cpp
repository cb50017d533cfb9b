// End-to-end encryption as a call's user sees it: who is locked, what is refused, how calls end.
// Real relay, real QUIC, simulated time.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "support/recordings.hpp"
#include "support/simulated_world.hpp"
#include "support/written_down.hpp"
#include "wzp/codec/alignment.hpp"
#include "wzp/crypto/e2e_room_secret.hpp"

using namespace wzp;
using namespace std::chrono_literals;
using client::CallOptions;
using crypto::e2e::Lock;
using crypto::e2e::NoKeys;
using proto::SessionState;
using test::WrittenDown;

namespace {

CallOptions in_room() {
  CallOptions options;
  options.server_name = "46de10172c0bd3222eea8f521ac04d59";
  return options;
}

transport::ChannelConfig path(double loss = 0) {
  transport::ChannelConfig c;
  c.delay = 20ms;
  c.loss_rate = loss;
  return c;
}

std::shared_ptr<const crypto::Secret<32>> psk(std::string_view text) {
  auto key = crypto::e2e::psk_from_text(text, in_room().server_name);
  return std::make_shared<const crypto::Secret<32>>(std::move(*key));
}

bool all_locked(const test::SimWorld& world) {
  return std::all_of(world.clients.begin(), world.clients.end(), [&](const auto& c) {
    const auto others = c->call.participants();
    return others.size() + 1 == world.clients.size() &&
           std::all_of(others.begin(), others.end(),
                       [](const auto& who) { return who.lock == Lock::kLocked && who.heard; });
  });
}

/// Refuses the one identity it is told to.
struct RefusesOne final : crypto::e2e::PeerPolicy {
  [[nodiscard]] bool may_hear(const crypto::IdentityKey& identity,
                              std::string_view) const override {
    return !(identity == refused);
  }
  crypto::IdentityKey refused;
};

}  // namespace

TEST_CASE("participants prove who they are, get each other's keys and learn each other's names") {
  test::SimWorld world;
  CallOptions a = in_room();
  CallOptions b = in_room();
  a.alias = "Ada";
  b.alias = "Grace";
  WrittenDown seen_by_a;
  test::SimClient& ada = world.add_client(a, test::speaker_a(), path(), path(), &seen_by_a);
  test::SimClient& grace = world.add_client(b, test::speaker_b(), path(), path());
  REQUIRE(world.run_until_active());
  REQUIRE(world.net.run_until([&] { return all_locked(world); }, 2s));
  world.net.run_for(1s);
  const auto others = ada.call.participants();
  REQUIRE(others.size() == 1);
  CHECK(others[0].identity == grace.identity.public_key());
  CHECK(others[0].fingerprint == grace.identity.fingerprint().to_text());
  CHECK(others[0].alias == "Grace");
  CHECK_FALSE(others[0].is_legacy);
  CHECK(seen_by_a.has("joined " + grace.identity.fingerprint().to_text() + " locked"));
  CHECK(seen_by_a.has("alias Grace"));
  CHECK(ada.call.is_end_to_end_encrypted());
  CHECK(ada.call.life().state() == SessionState::kActive);
  grace.hang_up();
  world.net.run_for(1s);
  CHECK(seen_by_a.has("left " + grace.identity.fingerprint().to_text()));
  CHECK(ada.call.participants().empty());
}

TEST_CASE("when somebody leaves the others change their keys, and hear each other without a gap") {
  test::SimWorld world;
  WrittenDown seen;
  const auto speech = test::repeated(test::long_speech(), 8);
  test::SimClient& a = world.add_client(in_room(), speech, path(), path(), &seen);
  test::SimClient& b = world.add_client(in_room(), {}, path(), path());
  test::SimClient& leaves = world.add_client(in_room(), {}, path(), path());
  REQUIRE(world.net.run_until([&] { return all_locked(world); }, 5s));
  world.net.run_for(2s);
  CHECK(a.call.life().rekey_count() == 0);
  leaves.hang_up();
  CHECK(world.net.run_until([&] { return a.call.life().state() == SessionState::kRekeying; }, 1s));
  const auto before = a.call.statistics().packets_sent;
  CHECK(world.net.run_until([&] { return a.call.life().state() == SessionState::kActive; }, 3s));
  CHECK(a.call.statistics().packets_sent > before);  // media flows while keys change
  CHECK(a.call.life().rekey_count() == 1);
  CHECK(a.call.statistics().key_changes == 1);
  CHECK(seen.has("key changed"));
  world.net.run_for(3s);
  const auto heard = b.call.statistics();
  CHECK(heard.no_key == 0);
  CHECK(heard.auth_failed == 0);
  CHECK(heard.receive.frames_concealed == 0);
}

TEST_CASE("a participant that cannot encrypt is shown, sent nothing and not played") {
  test::SimWorld world;
  CallOptions reference = in_room();
  reference.plain_reference_client = true;
  WrittenDown seen;
  const auto a = test::repeated(test::speaker_a(), 4);
  test::SimClient& strict = world.add_client(in_room(), a, path(), path(), &seen);
  test::SimClient& legacy =
      world.add_client(reference, test::repeated(test::speaker_b(), 4), path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(5s);
  CHECK(seen.has("unencrypted peer " + legacy.identity.fingerprint().to_text()));
  const auto others = strict.call.participants();
  REQUIRE(others.size() == 1);
  CHECK(others[0].is_legacy);
  CHECK(others[0].lock == Lock::kUnencrypted);
  CHECK(strict.call.statistics().packets_sent == 0);
  CHECK(strict.call.statistics().clear_packets_sent == 0);
  CHECK(strict.call.statistics().unencrypted_refused > 100);
  CHECK(strict.call.statistics().receive.packets_received == 0);
  CHECK(legacy.call.statistics().receive.packets_received == 0);
  legacy.hang_up();
  world.net.run_for(1s);
  CHECK(seen.has("left " + legacy.identity.fingerprint().to_text()));
}

TEST_CASE("who allows unencrypted peers says so, and is itself heard sealed by those who can") {
  test::SimWorld world;
  CallOptions reference = in_room();
  reference.plain_reference_client = true;
  CallOptions tolerant = in_room();
  tolerant.allow_unencrypted_peers = true;
  const auto speech = test::repeated(test::speaker_a(), 5);
  test::SimClient& strict = world.add_client(in_room(), {}, path(), path());
  test::SimClient& legacy = world.add_client(reference, {}, path(), path());
  test::SimClient& speaker = world.add_client(tolerant, speech, path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(6s);
  CHECK_FALSE(speaker.call.is_end_to_end_encrypted());
  CHECK(codec::align(speech, strict.sink.mixed, 0, 48000).correlation > 0.8);
  CHECK(codec::align(speech, legacy.sink.mixed, 0, 48000).correlation > 0.8);
  const auto of_strict = strict.call.statistics();
  CHECK(of_strict.clear_refused == 0);  // the relay gave the clear copies to the legacy one alone
  const auto others = strict.call.participants();
  const auto found =
      std::find_if(others.begin(), others.end(), [](const auto& p) { return !p.is_legacy; });
  REQUIRE(found != others.end());
  CHECK(found->allows_unencrypted_peers);
  CHECK(world.relay.counters().media_clear_withheld > 100);
  CHECK(world.relay.counters().media_sealed_withheld > 100);
}

TEST_CASE("a room secret keeps out who has none, another one, or one too many, and tells which") {
  struct Row {
    const char* name;
    const char* ours;
    const char* theirs;
    NoKeys why;
  };
  const char* secret = "correct horse battery staple";
  const char* other = "another secret of this room";
  const Row rows[] = {{"missing", secret, nullptr, NoKeys::kPeerHasNoRoomSecret},
                      {"superfluous", nullptr, secret, NoKeys::kWeHaveNoRoomSecret},
                      {"wrong", secret, other, NoKeys::kSecretsDiffer}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    test::SimWorld world;
    CallOptions a = in_room();
    CallOptions b = in_room();
    if (row.ours != nullptr) a.room_psk = psk(row.ours);
    if (row.theirs != nullptr) b.room_psk = psk(row.theirs);
    WrittenDown seen;
    const auto speech = test::repeated(test::speaker_a(), 17);
    test::SimClient& us = world.add_client(a, speech, path(), path(), &seen);
    test::SimClient& them = world.add_client(b, speech, path(), path());
    REQUIRE(world.run_until_active());
    world.net.run_for(17s);
    CHECK(seen.has(std::string("no keys: ") + std::string(client::no_keys_text(row.why))));
    CHECK(us.call.participants().at(0).lock == Lock::kNoKeys);
    CHECK(us.call.statistics().packets_sent == 0);
    CHECK(them.call.statistics().packets_sent == 0);
    CHECK(them.call.statistics().receive.packets_received == 0);
  }
  test::SimWorld world;
  CallOptions both = in_room();
  both.room_psk = psk(secret);
  world.add_client(both, {}, path(), path());
  world.add_client(both, {}, path(), path());
  CHECK(world.net.run_until([&] { return all_locked(world); }, 5s));
}

TEST_CASE("a policy decides who hears, and may be changed during the call") {
  test::SimWorld world;
  RefusesOne policy;
  CallOptions options = in_room();
  options.peer_policy = &policy;
  WrittenDown seen;
  const auto speech = test::repeated(test::speaker_a(), 20);
  test::SimClient& speaker = world.add_client(options, speech, path(), path(), &seen);
  test::SimClient& guest = world.add_client(in_room(), {}, path(), path());
  policy.refused = guest.identity.public_key();
  REQUIRE(world.run_until_active());
  world.net.run_for(3s);
  CHECK(speaker.call.participants().at(0).lock == Lock::kProven);
  CHECK(guest.call.statistics().receive.packets_received == 0);
  const auto change = [&](const crypto::IdentityKey& refused) {
    policy.refused = refused;
    world.net.at(world.net.now(), speaker.driver.host(),
                 [&](Instant now) { speaker.call.handle_policy_change(now); });
    world.net.run_for(2s);
  };
  change({});
  CHECK(speaker.call.participants().at(0).lock == Lock::kLocked);
  CHECK(seen.has("lock locked"));
  const auto heard = guest.call.statistics().receive.packets_received;
  CHECK(heard > 10);
  change(guest.identity.public_key());
  CHECK(seen.has("lock proven"));
  const auto then = guest.call.statistics().receive.packets_received;
  world.net.run_for(2s);
  CHECK(guest.call.statistics().receive.packets_received == then);
}

TEST_CASE("listeners, the muted and those whose source ended stay, and are not heard") {
  test::SimWorld world;
  CallOptions muted = in_room();
  muted.muted = true;
  WrittenDown seen;
  test::SimClient& listener = world.add_client(in_room(), {}, path(), path(), &seen);
  test::SimClient& silent =
      world.add_client(muted, test::repeated(test::speaker_a(), 100), path(), path());
  test::SimClient& ended = world.add_client(in_room(), test::speaker_b(), path(), path());
  REQUIRE(world.net.run_until([&] { return all_locked(world); }, 5s));
  world.net.run_for(90s);
  CHECK(all_locked(world));
  CHECK_FALSE(seen.has("left"));
  for (const auto* c : {&listener, &silent, &ended}) {
    CHECK(c->call.statistics().keep_alives_sent >= 15);
    CHECK(c->call.statistics().keep_alives_sent <= 20);
  }
  CHECK(silent.call.statistics().frames_sent > 4000);  // read, but not sent
  const auto played = listener.sink.tracks;
  world.net.run_for(1s);
  CHECK(listener.sink.tracks.size() == played.size());
  silent.call.set_muted(false);
  world.net.run_for(3s);
  CHECK(listener.call.statistics().receive.frames_received > 100);
}

TEST_CASE("renewed keys leave no gap, and signals between participants arrive sealed") {
  test::SimWorld world;
  WrittenDown seen;
  const auto speech = test::repeated(test::long_speech(), 20);
  test::SimClient& a = world.add_client(in_room(), speech, path(0.02), path(0.02), &seen);
  test::SimClient& b = world.add_client(in_room(), {}, path(0.02), path(0.02));
  REQUIRE(world.net.run_until([&] { return all_locked(world); }, 5s));
  world.net.run_for(1s);
  const auto no_key = b.call.statistics().no_key;
  for (int i = 0; i < 3; ++i) {
    world.net.at(world.net.now(), a.driver.host(), [&](Instant now) { a.call.renew_keys(now); });
    world.net.at(world.net.now(), b.driver.host(), [&](Instant now) {
      b.call.renew_keys(now);
      CHECK(b.call.send_signal(b.call.participants().at(0).stream, "\"Mute\"", now));
    });
    world.net.run_for(6s);
  }
  CHECK(seen.count("rekeyed") >= 3);
  CHECK(seen.count("signal \"Mute\"") == 3);
  CHECK(b.call.statistics().no_key == no_key);
  CHECK(a.call.life().rekey_count() >= 3);
  CHECK(all_locked(world));
}

TEST_CASE("each way a call ends leaves its state closed, with the reason") {
  using Reason = client::CallEnd::Reason;
  test::SimWorld world;
  test::SimClient& client = world.add_client(in_room(), test::speaker_a(), path(), path());
  CHECK(client.call.life().state() == SessionState::kIdle);
  world.net.run_for(1ms);
  CHECK(client.call.life().state() == SessionState::kConnecting);
  REQUIRE(world.run_until_active());
  SECTION("hang-up") {
    client.hang_up();
    world.net.run_for(2s);
    CHECK(client.call.end().reason == Reason::kHungUp);
    CHECK(client.call.life().close_reason() == proto::TerminateReason::kLocalHangup);
  }
  SECTION("the relay ends it") {
    world.net.at(world.net.now(), world.relay_driver.host(),
                 [&](Instant now) { world.relay.shut_down(now); });
    world.net.run_for(1s);
    CHECK(client.call.end().reason == Reason::kRelayClosed);
    CHECK(client.call.life().close_reason() == proto::TerminateReason::kRemoteHangup);
  }
  SECTION("the connection is lost") {
    const auto relay = world.relay_driver.host();
    world.net.channel(client.driver.host(), relay).set_blackout(true);
    world.net.channel(relay, client.driver.host()).set_blackout(true);
    world.net.run_for(20s);
    CHECK(client.call.end().reason == Reason::kLost);
    CHECK_FALSE(client.call.life().close_reason());
  }
  CHECK(client.call.state() == client::CallState::kClosed);
  CHECK(client.call.life().state() == SessionState::kClosed);
  const auto sent = client.call.statistics().packets_sent;
  world.net.run_for(1s);
  CHECK(client.call.statistics().packets_sent == sent);
}
