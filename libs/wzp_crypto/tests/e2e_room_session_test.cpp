#include "wzp/crypto/e2e_room_session.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "e2e_relay_model.hpp"
#include "heap_watch.hpp"
#include "wzp/crypto/e2e_room_secret.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;
using namespace wzp::crypto::test;

namespace {

std::size_t count(const RelayModel::Client& client, Event::Kind kind) {
  return static_cast<std::size_t>(
      std::count_if(client.events.begin(), client.events.end(),
                    [&](const Event& event) { return event.kind == kind; }));
}

void check_all_hear(const RelayModel& model) {
  for (const auto& listener : model.clients) {
    for (const auto& talker : model.clients) {
      if (listener == talker || !listener->in_room || !talker->in_room) continue;
      INFO("listener " << listener->number << " talker " << talker->number);
      CHECK(model.hears(listener->number, talker->number));
    }
  }
}

void check_no_violations(const RelayModel& model) {
  for (const std::string& violation : model.violations) INFO(violation);
  CHECK(model.violations == std::vector<std::string>{});
}

RoomOptions with_secret(std::uint8_t fill) {
  RoomOptions options;
  std::array<std::byte, 32> psk{};
  psk.fill(std::byte{fill});
  options.psk = std::make_unique<Secret<32>>(psk);
  return options;
}

NoKeys why_no_keys(const RelayModel::Client& client) {
  for (const Event& event : client.events) {
    if (event.kind == Event::Kind::kNoKeys) return event.why;
  }
  return NoKeys::kNone;
}

}  // namespace

TEST_CASE("two participants prove themselves, lock and hear each other within a second") {
  RelayModel model(1);
  RoomOptions named;
  named.alias = "Ada";
  model.join(std::move(named));
  model.join();
  model.run(1s);
  CHECK(model.all_locked());
  check_all_hear(model);
  check_no_violations(model);
  const auto seen = model.session(1).participants();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].identity == model.clients[0]->identity.public_key());
  CHECK(seen[0].lock == Lock::kLocked);
  CHECK(seen[0].heard);
  CHECK(seen[0].alias == "Ada");
  CHECK(count(*model.clients[0], Event::Kind::kJoined) == 1);
}

TEST_CASE("rooms of two to eight fill and empty without a gap for those who stay") {
  for (std::size_t size = 2; size <= 8; ++size) {
    RelayModel model(size);
    model.weather = {0, 0, 10ms, 60ms};
    model.checks_gaps = model.feeds_departed = true;
    for (std::size_t i = 0; i < size; ++i) {
      model.join();
      model.run(700ms);
    }
    CHECK(model.all_locked());
    check_all_hear(model);
    for (std::size_t i = 0; i + 1 < size; ++i) {
      model.leave(i, i % 2 == 0);
      model.run(900ms);
      CHECK(model.all_locked());
      check_all_hear(model);
    }
    check_no_violations(model);
  }
}

TEST_CASE("a join ratchets the keys, a leave replaces them within 700 ms") {
  RelayModel model(2);
  model.feeds_departed = true;
  for (int i = 0; i < 3; ++i) {
    model.join();
    model.run(1s);
  }
  const KeyStep before = model.session(0).next_numbers().epoch != 0 ? KeyStep{0, 1} : KeyStep{};
  CHECK(model.talk(0)->at == before);
  model.leave(2, false);
  model.run(700ms);
  CHECK(model.talk(0)->at == KeyStep{1, 0});
  model.run(3s);
  CHECK(model.worst_exposure <= 600ms);
  check_no_violations(model);
}

TEST_CASE("sixteen joins in a row use up the steps and go on with a new generation") {
  RelayModel model(3);
  model.checks_gaps = true;
  model.talk_interval = 100ms;
  model.join();
  model.join();
  model.run(1s);
  for (int i = 0; i < 16; ++i) {
    model.join();
    model.run(260ms);
  }
  model.run(1s);
  CHECK(model.all_locked());
  CHECK(model.talk(0)->at.generation == 1);
  check_all_hear(model);
  check_no_violations(model);
}

TEST_CASE("somebody silent for 30 s is no holder, and is one again when heard") {
  RelayModel model(4);
  model.talk_interval = 200ms;
  model.join();
  model.join();
  model.run(2s);
  model.clients[1]->in_room = false;  // The relay does not say so.
  model.run(31s);
  CHECK(model.session(0).holders().empty());
  CHECK(count(*model.clients[0], Event::Kind::kLeft) == 1);
  CHECK_FALSE(model.talk(0));
  model.clients[1]->in_room = true;
  model.run(8s);
  CHECK(model.session(0).holders().size() == 1);
  check_all_hear(model);
  check_no_violations(model);
}

TEST_CASE("after Bye an instance does not come back") {
  RelayModel model(5);
  model.join();
  model.join();
  model.run(1s);
  model.leave(1, true);
  model.run(1s);
  CHECK(model.session(0).participants().empty());
  model.clients[1]->in_room = true;
  model.tell(0);
  CHECK(model.session(0).participants().empty());
  CHECK(model.session(0).counters().returned == 1);
}

TEST_CASE("a relay that unlists and relists an instance gets no counter used twice") {
  RelayModel model(6);
  model.join();
  model.join();
  for (int i = 0; i < 20; ++i) {
    model.run(1s);
    model.clients[1]->in_room = false;
    auto update = model.full_room(0);
    model.clients[1]->in_room = true;
    model.deliver_update(0, update);
    CHECK(model.session(0).participants().empty());
    model.run(500ms);
    model.clients[0]->learned_left.clear();
    model.tell(0);
  }
  model.run(6s);
  CHECK(model.all_locked());
  check_all_hear(model);
  check_no_violations(model);
}

TEST_CASE("renewals crossing at any offset under loss end with everybody heard") {
  std::uint64_t runs = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    RelayModel model(seed);
    model.talk_interval = 200ms;
    model.weather = {0, 0.05, 10ms, 80ms};
    model.join();
    model.join();
    model.run(1s);
    model.weather.signal_loss = seed % 2 == 0 ? 0.3 : 0;
    model.session(0).renew(model.now);
    model.run(Duration(10ms) * static_cast<int>(seed % 40));
    model.session(1).renew(model.now);
    model.run(4s);
    model.weather.signal_loss = 0;
    model.run(24s);
    CHECK(model.all_locked());
    CHECK(model.hears(0, 1));
    CHECK(model.hears(1, 0));
    CHECK(model.violations == std::vector<std::string>{});
    ++runs;
  }
  CHECK(runs == 400);
}

TEST_CASE("keys are renewed by themselves within 30 minutes") {
  RelayModel model(7);
  model.talk_interval = 4s;
  model.join();
  model.join();
  model.run(1s);
  const auto first = model.session(0).hello();
  model.run(31min);
  CHECK(model.session(0).hello() != first);
  CHECK(parse_hello(model.session(0).hello())->n == 2);
  CHECK(count(*model.clients[1], Event::Kind::kRekeyed) >= 1);
  CHECK(model.all_locked());
  check_no_violations(model);
}

TEST_CASE("a wrong, missing or superfluous room secret gives no key and says which") {
  struct Row {
    std::uint8_t a, b;  // 0: none.
    NoKeys told_a, told_b;
  };
  for (const Row& row : {Row{1, 2, NoKeys::kSecretsDiffer, NoKeys::kSecretsDiffer},
                         Row{1, 0, NoKeys::kPeerHasNoRoomSecret, NoKeys::kWeHaveNoRoomSecret},
                         Row{0, 1, NoKeys::kWeHaveNoRoomSecret, NoKeys::kPeerHasNoRoomSecret},
                         Row{1, 1, NoKeys::kNone, NoKeys::kNone}}) {
    RelayModel model(8);
    model.join(row.a != 0 ? with_secret(row.a) : RoomOptions{});
    model.join(row.b != 0 ? with_secret(row.b) : RoomOptions{});
    model.run(16s);
    const bool agree = row.a == row.b;
    CHECK(model.all_locked() == agree);
    CHECK((model.clients[0]->opened + model.clients[1]->opened > 0) == agree);
    CHECK(why_no_keys(*model.clients[0]) == row.told_a);
    CHECK(why_no_keys(*model.clients[1]) == row.told_b);
  }
}

TEST_CASE("a participant without a Hello is told, not locked, and heard only if the user allows") {
  for (const bool allowed : {false, true}) {
    RelayModel model(9);
    RoomOptions options;
    options.allows_unencrypted_peers = allowed;
    model.join(std::move(options));
    auto update = model.full_room(0);
    proto::RoomParticipant old;
    old.stream = StreamId{77};
    update.participants.push_back(old);
    model.deliver_update(0, update);
    model.run(100ms);
    CHECK(count(*model.clients[0], Event::Kind::kUnencryptedPeer) == 1);
    CHECK(model.session(0).may_play_clear(StreamId{77}) == allowed);
    REQUIRE(model.session(0).participants().size() == 1);
    CHECK(model.session(0).participants()[0].lock == Lock::kUnencrypted);
    CHECK(model.talk(0).error() == MediaError::kNoHolders);
  }
}

TEST_CASE("a packet in clear on a stream with a Hello is refused, whatever the relay lists later") {
  RelayModel model(10);
  RoomOptions options;
  options.allows_unencrypted_peers = true;
  model.join(std::move(options));
  model.join();
  model.run(1s);
  auto update = model.full_room(0);
  for (auto& participant : update.participants) participant.hello.clear();
  model.deliver_update(0, update);
  std::array<std::byte, 40> clear{}, out{};
  const StreamId stream = model.clients[1]->stream;
  CHECK(model.session(0).open_media(stream, clear, out, model.now).error() ==
        MediaError::kClearRefused);
  CHECK_FALSE(model.session(0).may_play_clear(stream));
  CHECK(model.session(0).counters().hellos_stripped == 1);
  CHECK(model.session(0).holders().size() == 1);
}

TEST_CASE("who the policy turns away gets no key until it is accepted") {
  struct Policy : PeerPolicy {
    bool accepts = false;
    bool may_hear(const IdentityKey&, std::string_view alias) const override {
      return accepts || alias != "Bob";
    }
  } policy;
  RelayModel model(11);
  model.feeds_departed = true;
  RoomOptions strict;
  strict.policy = &policy;
  model.join(std::move(strict));
  RoomOptions named;
  named.alias = "Bob";
  model.join(std::move(named));
  model.run(4s);
  CHECK(model.session(0).holders().empty());
  CHECK(model.session(0).participants()[0].lock == Lock::kProven);
  CHECK_FALSE(model.hears(1, 0));
  CHECK(model.hears(0, 1));
  policy.accepts = true;
  model.session(0).handle_policy_change(model.now);
  model.run(1s);
  CHECK(model.hears(1, 0));
}

TEST_CASE("a signal to a peer arrives sealed, and only there") {
  RelayModel model(12);
  for (int i = 0; i < 3; ++i) model.join();
  CHECK_FALSE(model.session(0).send_signal(model.clients[1]->stream, "\"Hold\""));
  model.run(1s);
  CHECK(model.session(0).send_signal(model.clients[1]->stream, "\"Hold\""));
  model.run(100ms);
  CHECK(count(*model.clients[1], Event::Kind::kSignal) == 1);
  CHECK(model.clients[1]->events.back().text == "\"Hold\"");
  CHECK(count(*model.clients[2], Event::Kind::kSignal) == 0);
}

TEST_CASE("sealing and opening settled streams allocates nothing") {
  RelayModel model(13);
  model.join();
  model.join();
  model.run(2s);
  std::array<std::byte, 12> header{};
  std::array<std::byte, 60> payload{};
  std::array<std::byte, 100> packet{}, out{};
  std::size_t heard = 0;
  const std::size_t before = allocations();
  for (int i = 0; i < 1000; ++i) {
    const auto sealed = model.session(0).seal_media(header, payload, {}, packet, model.now);
    const auto opened = model.session(1).open_media(
        model.clients[0]->stream, ByteView(packet).first(sealed->size), out, model.now);
    heard += opened && opened->size == payload.size() ? 1 : 0;
  }
  CHECK(allocations() == before);
  CHECK(heard == 1000);
}

TEST_CASE("a missed key is asked for and given within two seconds") {
  RelayModel model(14);
  model.join();
  model.join();
  model.tamper = [&](std::size_t from, std::size_t, std::vector<std::byte>& body) {
    return from != 0 || body[0] != std::byte{3};  // Everything sealed by 0 is withheld.
  };
  model.run(2s);
  CHECK_FALSE(model.hears(1, 0));
  model.tamper = nullptr;
  model.run(2s);
  CHECK(model.hears(1, 0));
  check_no_violations(model);
}

TEST_CASE("features count when every holder's proven Hello lists them") {
  RelayModel model(15);
  RoomOptions both;
  both.features = "e2e/1 media/2";
  model.join();
  model.join(std::move(both));
  model.run(1s);
  CHECK(model.session(0).every_holder_lists("media/2"));
  CHECK_FALSE(model.session(1).every_holder_lists("media/2"));
  CHECK_FALSE(model.session(0).every_holder_lists("media"));
}

TEST_CASE("peers that both know a later version do not accept this one") {
  RelayModel model(16);
  for (int i = 0; i < 2; ++i) {
    RoomOptions options;
    options.features = "e2e/1 e2e/2";
    model.join(std::move(options));
  }
  model.run(1s);
  CHECK_FALSE(model.all_locked());
  CHECK(model.session(0).counters().refused_versions == 1);
}

TEST_CASE("a closed session seals, opens, says and waits for nothing") {
  RelayModel model(77);
  model.join();
  model.join();
  model.keeps_recent = true;
  model.run(2s);
  REQUIRE(model.all_locked());
  const auto packet = model.recent.back();
  auto& session = model.session(1 - packet.from);
  session.close();
  std::array<std::byte, 1500> out{};
  CHECK_FALSE(session.open_media(packet.stream, packet.packet, out, model.now));
  const std::array<std::byte, 12> header{};
  CHECK_FALSE(session.seal_media(header, {}, {}, out, model.now));
  CHECK(session.participants().empty());
  CHECK(session.next_deadline() == kNever);
  CHECK(session.comfort_due() == kNever);
  CHECK_FALSE(session.send_signal(packet.stream, "{}"));
  session.handle_room(model.full_room(1 - packet.from), model.now);
  CHECK(session.participants().empty());
  CHECK(session.counters().media[static_cast<std::size_t>(MediaError::kUnknownStream)] == 1);
}
