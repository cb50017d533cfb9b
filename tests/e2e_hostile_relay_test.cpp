// What a hostile relay can do to an encrypted call: nothing but deny it. Real calls over real QUIC
// connections to a relay that taps, strips, alters, replays, swaps and lies.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "support/hostile_relay.hpp"
#include "support/media_audit.hpp"
#include "support/recordings.hpp"
#include "support/written_down.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/crypto/e2e_media.hpp"
#include "wzp/crypto/e2e_pair.hpp"
#include "wzp/crypto/e2e_room_secret.hpp"
#include "wzp/crypto/e2e_words.hpp"
#include "wzp/crypto/key_exchange.hpp"

using namespace wzp;
using namespace std::chrono_literals;
using client::CallOptions;
using crypto::e2e::Lock;
using test::HostileRelay;
using test::HostileWorld;
using test::MediaAudit;
using test::SimClient;
using test::WrittenDown;

namespace {

/// A world whose calls are audited.
struct Room : HostileWorld {
  explicit Room(Duration delay = 10ms, bool use_media2 = true) : media2(use_media2) {
    path.delay = delay;
  }
  SimClient& add(CallOptions options, std::vector<std::int16_t> speech,
                 client::CallObserver* observer = nullptr) {
    options.media2 = false;  // what is altered and counted here are packets of the plain layout
    const auto number = static_cast<std::uint8_t>(clients.size() + 1);
    std::array<std::byte, 32> seed{};
    seed[0] = std::byte{number};
    const auto identity = crypto::Identity::from_seed(crypto::Seed::from_bytes(seed));
    probes.push_back(&audit.probe_for(identity.public_key()));
    options.media_probe = probes.back();
    options.media2 = media2;
    all_options.push_back(options);
    SimClient& added = add_client(options, std::move(speech), path, observer);
    probes.back()->watch(added.call);
    REQUIRE(added.identity.public_key() == identity.public_key());
    return added;
  }
  [[nodiscard]] StreamId stream(std::size_t who) { return stream_of(*clients[who]); }
  /// Nothing was opened that must not be, whatever else happened.
  void check_audit() const { CHECK(audit.violations == std::vector<std::string>{}); }
  /// Everybody hears everybody.
  void check_converges(Duration limit = 20s) {
    CHECK(run_until_locked(limit));
    net.run_for(2s);  // whoever lacks a key asks for it
    std::vector<std::uint64_t> before;
    for (const auto* probe : probes) before.push_back(probe->opened);
    net.run_for(2s);
    for (std::size_t i = 0; i < probes.size(); ++i) {
      CHECK(probes[i]->opened - before[i] >= 2 * packets_per_second() * (probes.size() - 1));
    }
    check_audit();
  }

  /// At least so many of each speaker: frames of 20 ms, or units of up to 120.
  [[nodiscard]] std::size_t packets_per_second() const { return media2 ? 7 : 45; }

  bool media2;
  transport::ChannelConfig path;
  MediaAudit audit;
  std::vector<MediaAudit::Probe*> probes;
  std::vector<CallOptions> all_options;
};

std::vector<std::int16_t> speech(int seconds = 60) {
  return test::repeated(test::speaker_a(), seconds);
}

crypto::Sha256Hash digest(const SimClient& client) { return client.call.security()->digest(); }

bool is_sealed(const std::vector<std::byte>& packet) {
  if (!packet.empty() && (packet[0] & std::byte{0x80}) != std::byte{0}) return true;
  return packet.size() > 12 && packet[10] != std::byte{0};
}

proto::RoomParticipant& entry(proto::RoomUpdate& update, StreamId stream) {
  const auto found = std::find_if(update.participants.begin(), update.participants.end(),
                                  [&](const auto& p) { return p.stream == stream; });
  REQUIRE(found != update.participants.end());
  return *found;
}

}  // namespace

// -- A tap, and a relay that wants cleartext
// -------------------------------------------------------

TEST_CASE("a tap with every key the relay ever held recovers no frame") {
  Room room(10ms, false);
  const auto said = speech(10);
  SimClient& a = room.add({}, said);
  room.add({}, {});
  REQUIRE(room.run_until_locked());
  room.net.run_for(12s);
  REQUIRE(a.call.source_ended());
  // What the packets would be in clear: the same sound through the same encoder.
  client::CallEncoder encoder(proto::kProfileGood);
  std::set<std::string> clear;
  for (std::size_t at = 0; at + 960 <= said.size(); at += 960) {
    for (const auto& packet : encoder.push(client::PcmView(said).subspan(at, 960))) {
      clear.emplace(as_text(packet.bytes.subspan(12)));
    }
  }
  std::size_t frames = 0;
  for (const auto& packet : room.relay.media) {
    REQUIRE(is_sealed(packet.bytes));
    const auto view = crypto::e2e::parse_layout1(packet.bytes);
    REQUIRE(view);
    // Not the payload under a longer name either.
    const auto body = ByteView(packet.bytes).subspan(12, packet.bytes.size() - 28);
    CHECK(clear.count(std::string(as_text(body))) == 0);
    for (const auto& member : room.relay.members) {
      const crypto::AeadKey key(member->session_key.reveal());
      std::array<std::byte, 1500> out{};
      crypto::AeadNonce nonce{};
      std::copy(packet.bytes.begin() + 2, packet.bytes.begin() + 4, nonce.begin() + 10);
      CHECK_FALSE(crypto::open(key, nonce, view->header, view->sealed, out));
    }
    ++frames;
  }
  CHECK(frames >= 500);
  CHECK(clear.size() >= 500);
}

TEST_CASE(
    "a relay that strips features or Hellos, or answers like a reference relay, gets nothing") {
  struct Row {
    const char* name;
    std::vector<std::string> answer;
    bool strips_hellos;
    bool call_ends;
  };
  const Row rows[] = {
      {"reference relay", {}, false, true},
      {"no e2e/1", {"stream-id"}, false, true},
      {"no stream-id", {"e2e/1"}, false, true},
      {"Hellos stripped", {"stream-id", "e2e/1"}, true, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Room room;
    room.relay.answer_features = row.answer;
    if (row.strips_hellos) {
      room.relay.edit_update = [](const auto&, proto::RoomUpdate& update) {
        for (auto& p : update.participants) {
          p.hello.clear();
          p.features.clear();
        }
      };
    }
    SimClient& a = room.add({}, speech());
    SimClient& b = room.add({}, speech());
    room.net.run_for(10s);
    CHECK(room.relay.media.empty());
    for (const SimClient* c : {&a, &b}) {
      CHECK((c->call.state() == client::CallState::kClosed) == row.call_ends);
      CHECK(c->call.life().is_media_active() != row.call_ends);
      if (row.call_ends) {
        CHECK(c->call.end().reason == client::CallEnd::Reason::kNotEncrypted);
        CHECK(c->call.end().message.find("encrypt") != std::string::npos);
      }
      CHECK(c->call.statistics().clear_packets_sent == 0);
    }
  }
}

TEST_CASE("a Hello that is stripped in mid-call changes nothing") {
  Room room;
  room.add({}, speech());
  room.add({}, speech());
  REQUIRE(room.run_until_locked());
  room.net.run_for(1s);
  room.relay.edit_update = [](const auto&, proto::RoomUpdate& update) {
    for (auto& p : update.participants) {
      p.hello.clear();
      p.features.clear();
    }
  };
  room.relay.tell_all();
  room.net.run_for(5s);
  CHECK(std::all_of(room.relay.media.begin(), room.relay.media.end(),
                    [](const auto& packet) { return is_sealed(packet.bytes); }));
  room.check_converges();
}

TEST_CASE("an answer that is forged, or never comes, ends the call with the reason") {
  using Reason = client::CallEnd::Reason;
  struct Row {
    const char* name;
    std::function<bool(proto::CallAnswer&)> answer;
    Reason reason;
    proto::TerminateReason why;
    const char* says;
  };
  const auto other_signature = [](proto::CallAnswer& a) {
    a.signature[5] ^= std::byte{1};
    return true;
  };
  const auto other_key = [](proto::CallAnswer& a) {
    a.ephemeral_pub[5] ^= std::byte{1};
    return true;
  };
  const Row rows[] = {
      {"another signature", other_signature, Reason::kUntrusted, proto::TerminateReason::kError,
       "not genuine"},
      {"another key", other_key, Reason::kUntrusted, proto::TerminateReason::kError, "not genuine"},
      {"no answer", [](proto::CallAnswer&) { return false; }, Reason::kUnreachable,
       proto::TerminateReason::kTimeout, "no answer"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Room room;
    room.relay.edit_answer = row.answer;
    SimClient& client = room.add({}, speech());
    room.net.run_for(10s);
    CHECK(client.call.life().state() == proto::SessionState::kClosed);
    CHECK(client.call.life().close_reason() == row.why);
    CHECK(client.call.end().reason == row.reason);
    CHECK(client.call.end().message.find(row.says) != std::string::npos);
    CHECK(room.relay.media.empty());
  }
}

TEST_CASE("through a reference relay who allows it talks in clear, and says so from the start") {
  Room room;
  room.relay.answer_features = {};
  CallOptions options;
  options.allow_unencrypted_peers = true;
  SimClient& a = room.add(options, speech(5));
  room.net.run_for(4s);
  CHECK_FALSE(a.call.is_end_to_end_encrypted());
  CHECK(a.call.state() == client::CallState::kActive);
  CHECK(a.call.statistics().clear_packets_sent > 100);
  CHECK(room.relay.media.size() > 100);
}

// -- Altered bytes
// ---------------------------------------------------------------------------------

namespace {

/// Two that talk, and a packet of the first that the second has not seen.
struct Intercepted : Room {
  explicit Intercepted(bool use_media2) : Room(1ms, use_media2) {
    CallOptions quiet;
    quiet.closed_loop = false;  // a report of the victim's own would change its counters
    add(quiet, speech());
    add(quiet, {});
    REQUIRE(run_until_locked());
    net.run_for(1s);
    // Nothing passes any more: only what the test injects.
    relay.pass_media = [](StreamId, StreamId&, auto&) { return false; };
    heard = relay.media;
    net.run_for(300ms);
    for (auto at = relay.media.begin() + static_cast<std::ptrdiff_t>(heard.size());
         at != relay.media.end(); ++at) {
      const bool is_media2 = (at->bytes[0] & std::byte{0x80}) != std::byte{0};
      if (at->from == stream(0) && is_media2 == use_media2) packet = at->bytes;
    }
    REQUIRE(packet.size() > 12);
    victim = clients[1].get();
  }
  void inject(StreamId as, ByteView bytes) {
    relay.send_media(stream(1), as, bytes);
    net.run_for(3ms);  // there, and what it sends because of it back
  }
  /// The listener opens nothing and stays as it was.
  void expect_nothing(StreamId as, ByteView bytes) {
    const auto before = digest(*victim);
    const auto opened = probes[1]->opened;
    const auto played = victim->call.statistics().receive.packets_received;
    const auto said = said_by_victim();
    inject(as, bytes);
    CHECK(probes[1]->opened == opened);
    CHECK(victim->call.statistics().receive.packets_received == played);
    // What it says itself, a comfort packet or that it lacks a key, is numbered.
    if (said_by_victim() != said) {
      ++excused;
    } else {
      CHECK(digest(*victim) == before);
    }
  }
  [[nodiscard]] std::uint64_t said_by_victim() const {
    return relay.signals.size() + victim->call.statistics().keep_alives_sent;
  }
  std::size_t excused = 0;
  std::vector<HostileRelay::Packet> heard;
  std::vector<std::byte> packet;
  SimClient* victim;
};

}  // namespace

TEST_CASE("no datagram with a flipped bit, cut, lengthened, replayed or renumbered is played") {
  const bool media2 = GENERATE(false, true);
  CAPTURE(media2);
  Intercepted room(media2);
  REQUIRE(((room.packet[0] & std::byte{0x80}) != std::byte{0}) == media2);
  const std::size_t epoch_at = media2 ? 1 : 10;
  const StreamId speaker = room.stream(0);
  for (std::size_t bit = 0; bit < room.packet.size() * 8; ++bit) {
    auto flipped = room.packet;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    room.expect_nothing(speaker, flipped);
  }
  for (std::size_t n = 0; n < room.packet.size(); ++n) {
    room.expect_nothing(speaker, ByteView(room.packet).first(n));
  }
  auto longer = room.packet;
  longer.push_back(std::byte{0});
  room.expect_nothing(speaker, longer);
  for (int epoch = 0; epoch < 256; ++epoch) {
    auto rewritten = room.packet;
    if (rewritten[epoch_at] == static_cast<std::byte>(epoch)) continue;
    rewritten[epoch_at] = static_cast<std::byte>(epoch);
    room.expect_nothing(speaker, rewritten);
  }
  for (const StreamId other : {room.stream(1), StreamId{0}, StreamId{77}}) {
    room.expect_nothing(other, room.packet);
  }
  const auto opened = room.probes[1]->opened;
  room.inject(speaker, room.packet);
  CHECK(room.probes[1]->opened == opened + 1);  // untouched it does open
  room.expect_nothing(speaker, room.packet);    // once
  REQUIRE(room.heard.size() >= 20);
  for (const auto& old : room.heard) room.expect_nothing(speaker, old.bytes);
  const auto counted = room.victim->call.statistics();
  CHECK(counted.auth_failed > 200);
  CHECK(counted.replayed >= 20);
  CHECK((counted.clear_refused > 0 || media2));
  CHECK(room.excused < 10);
  room.relay.pass_media = nullptr;
  room.net.run_for(1s);
  CHECK(room.probes[1]->opened >= opened + room.packets_per_second());
  room.check_audit();
}

TEST_CASE("packets given out under somebody else's stream are not played") {
  Room room;
  for (int i = 0; i < 3; ++i) room.add({}, speech());
  REQUIRE(room.run_until_locked());
  room.net.run_for(1s);
  const StreamId a = room.stream(0);
  const StreamId b = room.stream(1);
  room.relay.pass_media = [&](StreamId to, StreamId& as, auto&) {
    if (to == room.stream(2)) as = as == a ? b : a;
    return true;
  };
  room.net.run_for(50ms);
  const auto before = room.probes[2]->opened;
  const auto refused = room.probes[2]->refused;
  room.net.run_for(2s);
  CHECK(room.probes[2]->opened == before);
  CHECK(room.probes[2]->refused >= refused + 4 * room.packets_per_second());
  room.relay.pass_media = nullptr;
  room.check_converges();
}

TEST_CASE("no signal with a flipped bit, cut or replayed does anything") {
  Room room;
  std::vector<std::vector<std::byte>> held;  // of the first for the second
  room.relay.pass_signal = [&](const proto::PeerSignal& signal) {
    const bool of_first = signal.from == StreamId{1};
    if (of_first) held.push_back(signal.body);
    return !of_first;
  };
  room.add({}, {});
  SimClient& victim = room.add({}, {});
  room.net.run_for(2s);
  std::size_t tried = 0;
  std::size_t delivered = 0;
  // Auth, the key, and whatever else comes: each altered first, then as it is.
  for (std::size_t i = 0; i < held.size() && delivered < 4; ++i) {
    const auto body = held[i];
    if (std::count(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(i), body) > 0) continue;
    const auto expect_nothing = [&](ByteView altered) {
      ++tried;
      const auto keep_alives = victim.call.statistics().keep_alives_sent;
      const auto before = digest(victim);
      room.relay.send_signal({room.stream(1), room.stream(0), {altered.begin(), altered.end()}});
      room.net.run_for(11ms);
      if (victim.call.statistics().keep_alives_sent == keep_alives) {
        CHECK(digest(victim) == before);
      }
      room.net.run_for(550ms);  // so many bad signals would silence the stream altogether
    };
    for (std::size_t bit = 0; bit < body.size() * 8; bit += 3) {
      auto flipped = body;
      flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      expect_nothing(flipped);
    }
    for (std::size_t n = 0; n < body.size(); n += 7) expect_nothing(ByteView(body).first(n));
    const auto before = digest(victim);
    room.relay.send_signal({room.stream(1), room.stream(0), body});
    room.net.run_for(11ms);
    if (digest(victim) != before) ++delivered;  // a repeated Auth changes nothing
    expect_nothing(body);
  }
  CHECK(tried > 300);
  CHECK(delivered >= 2);
  CHECK(victim.call.security()->counters().failed_signals > 200);
  room.relay.pass_signal = nullptr;
  CHECK(room.run_until_locked(60s));
  room.check_audit();
}

// -- Lies about who is there
// -----------------------------------------------------------------------

TEST_CASE("a substituted Hello gets no key, shows another identity, and all is well afterwards") {
  for (const bool other_identity : {false, true}) {
    CAPTURE(other_identity);
    Room room;
    const auto mallory = crypto::Identity::ephemeral(room.relay.rng);
    const auto ephemeral = crypto::ExchangeKeyPair::generate(room.relay.rng).public_key();
    room.relay.edit_update = [&](const auto& to, proto::RoomUpdate& update) {
      for (auto& p : update.participants) {
        if (p.stream == to.stream) continue;
        auto hello = crypto::e2e::parse_hello(p.hello).value();
        hello.ephemeral = ephemeral;
        if (other_identity) hello.identity = mallory.public_key();
        p.hello = crypto::e2e::write_hello(hello);
      }
    };
    SimClient& a = room.add({}, speech());
    SimClient& b = room.add({}, speech());
    room.net.run_for(4s);
    CHECK(room.probes[0]->opened == 0);
    CHECK(room.relay.media.empty());
    REQUIRE(a.call.participants().size() == 1);
    CHECK(a.call.participants()[0].lock == Lock::kNoKeys);
    const auto shown = a.call.participants()[0].identity;
    CHECK((shown == b.identity.public_key()) != other_identity);
    if (other_identity) {
      CHECK(crypto::e2e::identity_words(shown) !=
            crypto::e2e::identity_words(b.identity.public_key()));
    }
    room.relay.edit_update = nullptr;
    room.relay.tell_all();
    room.check_converges();
  }
}

namespace {

/// A participant whom the relay invents and plays itself.
struct Ghost {
  Ghost(Room& in, std::string room_name)
      : room(in), identity(crypto::Identity::ephemeral(in.relay.rng)), name(std::move(room_name)) {}

  void haunt() {
    crypto::e2e::RoomOptions options;
    options.room = name;
    session.emplace(identity, std::move(options), room.relay.rng, room.net.now());
    room.relay.edit_update = [this](const auto&, proto::RoomUpdate& update) {
      update.participants.push_back(
          {kStream, session->hello(), {"stream-id", "e2e/1"}, "", std::nullopt});
    };
    room.relay.pass_signal = [this](const proto::PeerSignal& signal) {
      if (signal.to != kStream) return true;
      session->handle_peer_signal(signal.from, signal.body, room.net.now());
      answer();
      return false;
    };
    auto update = room.relay.full_update(*room.relay.members[0]);
    update.you = kStream;
    update.rev = ++room.relay.revision;
    session->handle_room(update, room.net.now());
    room.relay.tell_all();
    answer();
  }
  void answer() {
    while (auto out = session->poll_signal()) {
      room.relay.send_signal({out->to, kStream, std::move(out->body)});
    }
  }
  /// Packets of the tap that it can open.
  std::size_t opens() {
    std::size_t n = 0;
    std::array<std::byte, 1500> out{};
    for (const auto& packet : room.relay.media) {
      n += session->open_media(packet.from, packet.bytes, out, room.net.now()) ? 1U : 0U;
    }
    return n;
  }

  static constexpr StreamId kStream{666};
  Room& room;
  crypto::Identity identity;
  std::string name;
  std::optional<crypto::e2e::RoomSession> session;
};

}  // namespace

TEST_CASE("a ghost is listed with its own words, and gets no key where there is a room secret") {
  for (const bool secret : {false, true}) {
    CAPTURE(secret);
    Room room(10ms, false);
    CallOptions options;
    if (secret) {
      options.room_psk = std::make_shared<const crypto::Secret<32>>(
          crypto::e2e::psk_from_text("correct horse battery staple", "default").value());
    }
    WrittenDown seen;
    SimClient& a = room.add(options, speech(), &seen);
    room.add(options, speech());
    REQUIRE(room.run_until_locked());
    room.net.run_for(1s);
    Ghost ghost(room, "default");
    ghost.haunt();
    room.net.run_for(17s);
    const auto others = a.call.participants();
    REQUIRE(others.size() == 2);
    const auto listed = std::find_if(others.begin(), others.end(), [&](const auto& p) {
      return p.identity == ghost.identity.public_key();
    });
    REQUIRE(listed != others.end());
    if (secret) {
      CHECK(listed->lock == Lock::kNoKeys);
      CHECK(ghost.opens() == 0);
      CHECK(seen.has("no keys: it has no room secret"));
    } else {
      CHECK(listed->lock == Lock::kLocked);  // seen and heard: the words tell
      CHECK(ghost.opens() > 0);
      CHECK(seen.has("joined " + ghost.identity.fingerprint().to_text()));
    }
    room.check_audit();
  }
}

TEST_CASE("one's own Hello and signals reflected do nothing but count") {
  Room room;
  SimClient& a = room.add({}, speech());
  room.add({}, speech());
  REQUIRE(room.run_until_locked());
  room.relay.edit_update = [](const auto& to, proto::RoomUpdate& update) {
    proto::RoomParticipant mirror = entry(update, to.stream);
    mirror.stream = StreamId{99};
    update.participants.push_back(mirror);
  };
  room.relay.pass_signal = [&](const proto::PeerSignal& signal) {
    room.relay.send_signal({signal.from, StreamId{99}, signal.body});
    room.relay.send_signal({signal.from, signal.to, signal.body});
    return true;
  };
  room.relay.pass_media = [&](StreamId, StreamId& as, const auto& packet) {
    room.relay.send_media(as, StreamId{99}, packet);
    return true;
  };
  room.relay.tell_all();
  room.net.at(room.net.now(), a.driver.host(), [&](Instant now) { a.call.renew_keys(now); });
  room.net.run_for(5s);
  CHECK(a.call.security()->counters().reflections > 0);
  CHECK(a.call.participants().size() == 1);
  room.check_converges();
}

TEST_CASE("messages and media of an earlier call of the same people mean nothing in this one") {
  Room room;
  SimClient& a = room.add({}, speech(120));
  SimClient& b = room.add({}, speech(120));
  REQUIRE(room.run_until_locked());
  room.net.run_for(3s);
  const auto old_signals = room.relay.signals;
  const auto old_media = room.relay.media;
  REQUIRE(old_signals.size() >= 6);
  a.hang_up();
  b.hang_up();
  room.net.run_for(2s);
  room.call_again(a, room.all_options[0]);
  room.call_again(b, room.all_options[1]);
  room.probes[0]->watch(a.call);
  room.probes[1]->watch(b.call);
  room.net.run_for(100ms);
  const auto replay = [&] {
    for (const auto& signal : old_signals) {
      const std::size_t from = signal.from == StreamId{1} ? 0 : 1;
      room.relay.send_signal({room.stream(1 - from), room.stream(from), signal.body});
    }
    const auto before = room.probes[0]->opened + room.probes[1]->opened;
    for (const auto& packet : old_media) {
      const std::size_t from = packet.from == StreamId{1} ? 0 : 1;
      room.relay.send_media(room.stream(1 - from), room.stream(from), packet.bytes);
    }
    return before;
  };
  // While they agree on keys, and again later.
  replay();
  room.net.run_for(12s);
  room.check_converges();
  replay();
  room.net.run_for(12s);
  room.check_converges();
}

TEST_CASE("what is reordered, held back or dropped costs time and nothing else") {
  Room room;
  SeededRng dice(5);
  bool drops_keys = false;
  std::vector<proto::PeerSignal> late;
  const auto drop_some = [&](const proto::PeerSignal& signal) {
    // A sealed message with a key in it has 74 bytes.
    if (drops_keys && signal.body.size() > 60 && signal.body[0] == std::byte{3}) return false;
    if (dice.next_u64() % 2 == 0) return true;
    late.push_back(signal);
    return false;
  };
  room.relay.pass_signal = drop_some;
  for (int i = 0; i < 3; ++i) room.add({}, speech(120));
  for (int i = 0; i < 40; ++i) {
    room.net.run_for(250ms);
    // The last comes first.
    for (auto signal = late.rbegin(); signal != late.rend(); ++signal) {
      room.relay.send_signal(*signal);
    }
    late.clear();
  }
  room.relay.pass_signal = nullptr;
  room.check_converges();
  drops_keys = true;
  room.relay.pass_signal = drop_some;
  for (const auto& c : room.clients) {
    room.net.at(room.net.now(), c->driver.host(), [&](Instant now) { c->call.renew_keys(now); });
  }
  room.net.run_for(6s);
  drops_keys = false;
  room.relay.pass_signal = nullptr;
  room.check_converges();
}

TEST_CASE("stale, contradicting and false RoomUpdates break no active pair") {
  Room room;
  for (int i = 0; i < 3; ++i) room.add({}, speech(120));
  REQUIRE(room.run_until_locked());
  room.net.run_for(1s);
  const StreamId a = room.stream(0);
  const StreamId b = room.stream(1);
  const StreamId c = room.stream(2);
  auto empty = room.relay.full_update(*room.relay.members[0]);
  // Older: ignored.
  auto stale = empty;
  stale.rev = 1;
  stale.participants.clear();
  room.relay.send_update(a, stale);
  room.net.run_for(500ms);
  CHECK(room.all_locked());
  // Changes to a revision we do not have: asks for the room.
  auto unfitting = empty;
  unfitting.rev = room.relay.revision + 10;
  unfitting.base = room.relay.revision + 9;
  unfitting.participants.clear();
  unfitting.left = {b};
  room.relay.revision += 20;
  room.relay.send_update(a, unfitting);
  room.net.run_for(500ms);
  CHECK(room.all_locked());
  CHECK(room.clients[0]->call.security()->counters().unfitting_updates == 1);
  // One participant under two streams; two participants under one.
  for (const bool two_streams : {true, false}) {
    room.relay.edit_update = [&](const auto& to, proto::RoomUpdate& update) {
      if (to.stream != a) return;
      auto twice = entry(update, b);
      twice.stream = two_streams ? StreamId{500} : c;
      update.participants.push_back(twice);
    };
    room.relay.tell_all();
    room.net.run_for(2s);
    room.check_audit();
    room.relay.edit_update = nullptr;
    room.relay.tell_all();
    room.check_converges();
  }
  CHECK(room.clients[0]->call.security()->counters().duplicates > 0);
  // Somebody is said to have left, to one alone, and comes back.
  room.relay.edit_update = [&](const auto& to, proto::RoomUpdate& update) {
    if (to.stream == a) std::erase_if(update.participants, [&](auto& p) { return p.stream == b; });
  };
  room.relay.tell_all();
  room.net.run_for(4s);
  const auto held = room.clients[0]->call.security()->holders();
  CHECK(std::find(held.begin(), held.end(), b) == held.end());
  room.relay.edit_update = nullptr;
  room.relay.tell_all();
  room.check_converges(30s);
}

TEST_CASE("forged renewals from the relay break no active pair") {
  Room room;
  SimClient& a = room.add({}, speech());
  SimClient& b = room.add({}, speech());
  REQUIRE(room.run_until_locked());
  for (int i = 0; i < 30; ++i) {
    auto forged = crypto::e2e::parse_hello(b.call.security()->hello()).value();
    forged.n = 0xffffffff;
    forged.ephemeral = crypto::ExchangeKeyPair::generate(room.relay.rng).public_key();
    const auto mine = crypto::e2e::write_hello(forged);
    const auto& theirs = a.call.security()->hello();
    const bool low = b.identity.public_key().bytes < a.identity.public_key().bytes;
    const auto transcript = low ? crypto::e2e::pair_transcript("default", mine, theirs)
                                : crypto::e2e::pair_transcript("default", theirs, mine);
    const auto body = crypto::e2e::seal_auth(crypto::AeadKey::random(room.relay.rng), false, mine,
                                             crypto::e2e::pair_id(transcript), crypto::Signature{});
    room.relay.send_signal({room.stream(0), room.stream(1), body});
    room.net.run_for(200ms);
    CHECK(room.all_locked());
  }
  CHECK(a.call.security()->counters().failed_signals > 0);
  room.net.run_for(12s);
  room.check_converges();
  room.net.at(room.net.now(), b.driver.host(), [&](Instant now) { b.call.renew_keys(now); });
  room.net.run_for(12s);
  room.check_converges();
}

TEST_CASE("renewals that cross at any offset, under loss, leave both locked") {
  for (int offset = 0; offset < 6; ++offset) {
    CAPTURE(offset);
    Room room;
    SimClient& a = room.add({}, speech(40));
    SimClient& b = room.add({}, speech(40));
    REQUIRE(room.run_until_locked());
    SeededRng dice(static_cast<std::uint64_t>(offset));
    room.relay.pass_signal = [&](const proto::PeerSignal&) { return dice.next_u64() % 5 != 0; };
    const Instant at = room.net.now() + 50ms;
    room.net.at(at, a.driver.host(), [&](Instant now) { a.call.renew_keys(now); });
    room.net.at(at + offset * 9ms, b.driver.host(), [&](Instant now) { b.call.renew_keys(now); });
    room.net.run_for(12s);
    room.relay.pass_signal = nullptr;
    CHECK(room.run_until_locked(10s));
    const auto before = room.probes[0]->opened;
    room.net.run_for(1s);
    CHECK(room.probes[0]->opened >= before + room.packets_per_second());
    room.check_audit();
  }
}
