// A relay that substitutes, reflects, replays, withholds and forges.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "e2e_relay_model.hpp"
#include "wzp/crypto/e2e_pair.hpp"
#include "wzp/crypto/key_exchange.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;
using namespace wzp::crypto::test;

namespace {

// Two that hear each other.
struct Couple : RelayModel {
  explicit Couple(std::uint64_t seed) : RelayModel(seed) {
    join();
    join();
    run(1s);
    REQUIRE(all_locked());
  }
  [[nodiscard]] StreamId stream(std::size_t who) const { return clients[who]->stream; }
  [[nodiscard]] bool both_hear() const { return hears(0, 1) && hears(1, 0); }
};

Hello hello_of(RelayModel& model, std::size_t who) {
  return *parse_hello(model.session(who).hello());
}

proto::RoomParticipant& entry(proto::RoomUpdate& update, StreamId stream) {
  return *std::find_if(update.participants.begin(), update.participants.end(),
                       [&](const auto& p) { return p.stream == stream; });
}

std::vector<std::byte> forged_renewal(const Hello& victim, const Hello& listener,
                                      const std::string& room, Rng& rng) {
  Hello forged = victim;
  forged.n = 0xffffffff;
  forged.ephemeral = ExchangeKeyPair::generate(rng).public_key();
  const auto bytes = write_hello(forged);
  const bool low = side_of(forged, listener) == Side::kLow;
  const auto other = write_hello(listener);
  const auto transcript =
      low ? pair_transcript(room, bytes, other) : pair_transcript(room, other, bytes);
  return seal_auth(AeadKey::random(rng), false, bytes, pair_id(transcript), Signature{});
}

}  // namespace

TEST_CASE("a Hello with a substituted key gets nothing, and all is well once the relay behaves") {
  for (const bool other_identity : {false, true}) {
    RelayModel model(1);
    model.join();
    model.join();
    auto update = model.full_room(0);
    Hello hello = hello_of(model, 1);
    hello.ephemeral = ExchangeKeyPair::generate(model.rng).public_key();
    if (other_identity) hello.identity = Identity::ephemeral(model.rng).public_key();
    entry(update, model.clients[1]->stream).hello = write_hello(hello);
    update.rev += 100;  // So that the true one counts as stale.
    model.deliver_update(0, update);
    model.run(3s);
    CHECK(model.session(0).holders().empty());
    CHECK(model.clients[0]->opened == 0);
    CHECK(model.session(0).participants()[0].identity == hello.identity);
    auto honest = model.full_room(0);
    honest.rev += 200;
    model.deliver_update(0, honest);
    model.run(10s);
    CHECK(model.all_locked());
    CHECK(model.hears(0, 1));
    CHECK(model.violations == std::vector<std::string>{});
  }
}

TEST_CASE("one's own Hello and signals reflected do nothing but count") {
  Couple model(2);
  auto update = model.full_room(0);
  proto::RoomParticipant mirror;
  mirror.stream = StreamId{99};
  mirror.hello = model.session(0).hello();
  update.participants.push_back(mirror);
  model.tamper = [&](std::size_t from, std::size_t, std::vector<std::byte>& body) {
    if (from == 0) {
      model.session(0).handle_peer_signal(StreamId{99}, body, model.now);
      model.session(0).handle_peer_signal(model.stream(1), body, model.now);
    }
    return true;
  };
  model.deliver_update(0, update);
  model.session(0).renew(model.now);
  model.run(3s);
  CHECK(model.session(0).counters().reflections == 1);
  CHECK(model.session(0).participants().size() == 1);
  CHECK(model.all_locked());
  CHECK(model.both_hear());
}

TEST_CASE("forged renewals break no active pair") {
  Couple model(3);
  model.checks_gaps = true;
  for (int i = 0; i < 30; ++i) {
    model.session(0).handle_peer_signal(
        model.stream(1),
        forged_renewal(hello_of(model, 1), hello_of(model, 0), "default", model.rng), model.now);
    model.run(200ms);
    CHECK(model.both_hear());
  }
  CHECK(model.session(0).counters().failed_signals > 0);
  CHECK(model.session(0).counters().builds_delayed > 0);
  model.run(30s);
  CHECK(model.all_locked());
  CHECK(model.both_hear());
  CHECK(model.violations == std::vector<std::string>{});
  model.session(1).renew(model.now);
  model.run(12s);
  CHECK(model.all_locked());
  CHECK(model.both_hear());
}

TEST_CASE("an older RoomUpdate is ignored, and changes to an unknown revision are asked about") {
  Couple model(4);
  auto old = model.full_room(0);
  old.participants.clear();
  model.tell(0);
  model.deliver_update(0, old);
  CHECK(model.session(0).counters().stale_updates == 1);
  CHECK(model.session(0).participants().size() == 1);
  auto unfitting = model.full_room(0);
  unfitting.base = unfitting.rev + 5;
  model.deliver_update(0, unfitting);
  CHECK(model.session(0).counters().unfitting_updates == 1);
  CHECK(model.session(0).poll_room_query(model.now));
  CHECK_FALSE(model.session(0).poll_room_query(model.now + 900ms));
  CHECK(model.session(0).poll_room_query(model.now + 1s));
  model.tell(0);
  CHECK_FALSE(model.session(0).poll_room_query(model.now + 5s));
}

TEST_CASE("SenderKeys withheld for long are given as soon as the relay lets them through") {
  Couple model(5);
  model.tamper = [](std::size_t, std::size_t, std::vector<std::byte>& body) {
    return body[0] != std::byte{3};
  };
  model.session(0).renew(model.now);
  model.run(20s);
  CHECK_FALSE(model.hears(1, 0));
  model.tamper = nullptr;
  model.run(3s);
  CHECK(model.all_locked());
  CHECK(model.both_hear());
}

TEST_CASE("one identity on two devices is two participants") {
  RelayModel model(6);
  const Seed seed = Seed::generate(model.rng);
  model.join({}, &seed);
  model.join({}, &seed);
  model.join();
  model.run(2s);
  CHECK(model.all_locked());
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 3; ++b) CHECK((a == b || model.hears(a, b)));
  }
  CHECK(model.session(0).participants()[0].identity == model.clients[0]->identity.public_key());
}

TEST_CASE("an identity that comes again and again is given keys eight times, then every 2 s") {
  RelayModel model(7);
  const Seed seed = Seed::generate(model.rng);
  model.join();
  for (int i = 0; i < 10; ++i) {
    const std::size_t ghost = model.join({}, &seed);
    model.run(100ms);
    if (i < 8) CHECK(model.session(0).holders().size() == 1);
    model.leave(ghost, false);
    model.run(50ms);
  }
  CHECK(model.session(0).counters().keys_delayed > 0);
}

TEST_CASE("signals of an earlier call and of another room fit nowhere") {
  const auto recorded = [](const std::string& room, std::uint64_t seed) {
    SeededRng keys(77);
    const Seed a = Seed::generate(keys), b = Seed::generate(keys);
    auto model = std::make_unique<RelayModel>(seed);
    auto all = std::make_shared<std::vector<std::vector<std::byte>>>();
    model->tamper = [all](std::size_t from, std::size_t, std::vector<std::byte>& body) {
      if (from == 1) all->push_back(body);
      return true;
    };
    for (const Seed* who : {&a, &b}) {
      RoomOptions options;
      options.room = room;
      model->join(std::move(options), who);
    }
    model->run(2s);
    return std::pair(std::move(model), all);
  };
  auto [now, own] = recorded("default", 1);
  REQUIRE(now->all_locked());
  for (const bool elsewhere : {false, true}) {
    const auto [earlier, signals] = elsewhere ? recorded("elsewhere", 3) : recorded("default", 2);
    REQUIRE(!signals->empty());
    const auto before = now->session(0).digest();
    for (const auto& body : *signals) {
      now->session(0).handle_peer_signal(now->clients[1]->stream, body, now->now);
    }
    CHECK(now->session(0).digest() == before);
  }
  const auto before = now->session(0).digest();
  for (const auto& body : *own) {
    now->session(0).handle_peer_signal(now->clients[1]->stream, body, now->now);
  }
  CHECK(now->session(0).digest() == before);
  CHECK(now->session(0).counters().replayed_signals > 0);
}

TEST_CASE("a room of one name does not authenticate a room of another") {
  RelayModel model(8);
  for (const char* room : {"default", "elsewhere"}) {
    RoomOptions options;
    options.room = room;
    model.join(std::move(options));
  }
  model.run(5s);
  CHECK(model.session(0).holders().empty());
  CHECK(model.session(0).participants()[0].lock == Lock::kNoKeys);
}

TEST_CASE("every flipped bit and every prefix of a signal leaves the state as it was") {
  Couple model(9);
  std::vector<std::vector<std::byte>> genuine;
  model.tamper = [&](std::size_t from, std::size_t, std::vector<std::byte>& body) {
    if (from == 1) genuine.push_back(body);
    return from != 1;
  };
  REQUIRE(model.session(1).send_signal(model.stream(0), "\"Hold\""));
  model.run(10ms);
  model.session(1).renew(model.now);
  model.run(10ms);
  REQUIRE(genuine.size() == 2);
  RoomSession& session = model.session(0);
  const auto before = session.digest();
  for (auto& body : genuine) {
    for (std::size_t bit = 0; bit < 8 * body.size(); ++bit) {
      model.now += 2s;  // Within every limit.
      body[bit / 8] ^= std::byte{1} << (bit % 8);
      session.handle_peer_signal(model.stream(1), body, model.now);
      body[bit / 8] ^= std::byte{1} << (bit % 8);
      REQUIRE(session.digest() == before);
    }
    for (std::size_t size = 0; size < body.size(); ++size) {
      model.now += 2s;
      session.handle_peer_signal(model.stream(1), ByteView(body).first(size), model.now);
    }
    REQUIRE(session.digest() == before);
  }
  session.handle_peer_signal(model.stream(1), genuine[0], model.now);
  CHECK(session.digest() != before);
}

TEST_CASE("a packet under another's stream, altered or cut is not heard and changes nothing") {
  RelayModel model(10);
  for (int i = 0; i < 3; ++i) model.join();
  model.keeps_recent = true;
  model.run(1s);
  auto sound = model.recent.back();
  REQUIRE(model.talk(1));
  sound = model.recent.back();
  RoomSession& session = model.session(0);
  std::array<std::byte, 64> out{};
  const auto before = session.digest();
  CHECK_FALSE(session.open_media(model.clients[2]->stream, sound.packet, out, model.now));
  CHECK_FALSE(session.open_media(StreamId{500}, sound.packet, out, model.now));
  for (std::size_t bit = 0; bit < 8 * sound.packet.size(); ++bit) {
    auto flipped = sound.packet;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    CHECK_FALSE(session.open_media(sound.stream, flipped, out, model.now));
  }
  for (std::size_t size = 0; size < sound.packet.size(); ++size) {
    CHECK_FALSE(
        session.open_media(sound.stream, ByteView(sound.packet).first(size), out, model.now));
  }
  CHECK(session.digest() == before);
  CHECK(session.open_media(sound.stream, sound.packet, out, model.now));
  CHECK(session.open_media(sound.stream, sound.packet, out, model.now).error() ==
        MediaError::kReplayed);
}

TEST_CASE("a flood of signals from nobody and of listings is held to its limits") {
  Couple model(11);
  RoomSession& session = model.session(0);
  std::vector<std::byte> body(100, std::byte{3});
  for (std::uint16_t i = 0; i < 2000; ++i) {
    session.handle_peer_signal(StreamId{static_cast<std::uint16_t>(1000 + i / 8)}, body, model.now);
  }
  CHECK(session.counters().held_dropped == 2000 - 64);
  for (int i = 0; i < 100; ++i) session.handle_peer_signal(model.stream(1), body, model.now);
  body[0] = std::byte{9};
  for (int i = 0; i < 100; ++i) session.handle_peer_signal(model.stream(1), body, model.now);
  CHECK(session.counters().malformed_signals == 20);
  CHECK(session.counters().ignored_signals == 80);
  auto update = model.full_room(0);
  for (std::uint16_t i = 0; i < 200; ++i) {
    Hello hello = hello_of(model, 1);
    model.rng.fill(hello.instance.bytes);
    proto::RoomParticipant ghost;
    ghost.stream = StreamId{static_cast<std::uint16_t>(2000 + i)};
    ghost.hello = write_hello(hello);
    update.participants.push_back(ghost);
  }
  model.deliver_update(0, update);
  CHECK(session.counters().too_many_peers == 200 - (RoomSession::kMostPeers - 1));
  model.run(11s);
  CHECK(model.both_hear());
}
