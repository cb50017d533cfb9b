#include "wzp/crypto/session.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "heap_watch.hpp"
#include "low_order_points.hpp"
#include "vector_file.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;
using namespace std::chrono_literals;

namespace {

using Packet = std::vector<std::byte>;
constexpr std::string_view kHeader = "twelve bytes";

// One end: identity, session, and shorthand.
struct End {
  Identity identity;
  Session session;
  SeededRng& rng;
  Instant now{};

  Packet seal(std::string_view text = "frame") {
    Packet out(text.size() + Session::kOverhead);
    const auto size = session.seal(as_byte_view(kHeader), as_byte_view(text), out);
    REQUIRE(size);
    REQUIRE(*size == out.size());
    return out;
  }
  Result<std::string> open(ByteView packet) {
    Packet out(packet.size());
    const auto size = session.open(as_byte_view(kHeader), packet, out, now);
    if (!size) return Unexpected(size.error());
    return std::string(as_text(ByteView(out).first(*size)));
  }
  RekeyMessage start() {
    auto message = session.start_rekey(identity, rng);
    REQUIRE(message);
    return std::move(*message);
  }
  Result<std::optional<RekeyMessage>> handle(const RekeyMessage& message) {
    return session.handle_rekey(message, identity, rng);
  }
  // Requires an answer.
  RekeyMessage answer(const RekeyMessage& start) {
    auto reply = handle(start);
    REQUIRE(reply);
    REQUIRE(reply->has_value());
    return std::move(**reply);
  }
  // Requires that nothing is to be sent.
  void finish(const RekeyMessage& answer_message) {
    const auto reply = handle(answer_message);
    REQUIRE(reply);
    REQUIRE_FALSE(reply->has_value());
  }
};

struct Channel {
  SeededRng rng;
  End caller;
  End callee;

  explicit Channel(std::uint64_t seed = 79) : Channel(SeededRng(seed), Start(seed)) {}
  // A rekey from start to the first packet each way.
  void rekey(End& starter, End& answerer) {
    starter.finish(answerer.answer(starter.start()));
    REQUIRE(answerer.open(starter.seal()));
    REQUIRE(starter.open(answerer.seal()));
  }

 private:
  struct Start {
    explicit Start(std::uint64_t seed)
        : rng(seed), a(Identity::ephemeral(rng)), b(Identity::ephemeral(rng)) {
      auto handshake = CallerHandshake::start(a, rng);
      auto accepted = CalleeHandshake::accept(b, handshake.offer(), rng);
      REQUIRE(accepted);
      auto finished = handshake.finish(accepted->answer());
      REQUIRE(finished);
      at_caller.emplace(std::move(*finished));
      at_callee.emplace(accepted->take_keys());
    }
    SeededRng rng;
    Identity a, b;
    std::optional<EstablishedKeys> at_caller, at_callee;
  };
  Channel(SeededRng generator, Start start)
      : rng(generator),
        caller{std::move(start.a), Session(std::move(*start.at_caller)), rng},
        callee{std::move(start.b), Session(std::move(*start.at_callee)), rng} {}
};

}  // namespace

TEST_CASE("what one end seals the other opens, in both directions") {
  Channel c;
  for (int i = 0; i < 1000; ++i) {
    const std::string text(static_cast<std::size_t>(i), 'x');
    REQUIRE(*c.callee.open(c.caller.seal(text)) == text);
    REQUIRE(*c.caller.open(c.callee.seal(text)) == text);
  }
}

TEST_CASE("the two directions never use the same key and nonce: equal packets differ") {
  Channel c;
  CHECK(c.caller.seal("same") != c.callee.seal("same"));
}

TEST_CASE("a packet does not open on the side that sealed it") {
  Channel c;
  CHECK(c.caller.open(c.caller.seal()).error() == Errc::kAuthenticationFailed);
}

TEST_CASE("loss, reordering and duplication do no harm") {
  Channel c;
  std::vector<Packet> packets;
  for (int i = 0; i < 500; ++i) packets.push_back(c.caller.seal(std::to_string(i)));
  SeededRng rng(83);
  for (std::size_t i = packets.size() - 1; i > 0; --i) {
    std::swap(packets[i], packets[rng.next_u64() % (i + 1)]);
  }
  int opened = 0;
  for (std::size_t i = 0; i < packets.size(); i += 2) {  // Half of them are lost.
    opened += c.callee.open(packets[i]) ? 1 : 0;
    REQUIRE(c.callee.open(packets[i]).error() == Errc::kReplayed);
  }
  CHECK(opened == 250);
  CHECK(c.callee.session.counters().replayed == 250);
}

TEST_CASE("a packet 1024 behind the newest is refused, one 1023 behind opens") {
  Channel c;
  const Packet first = c.caller.seal();
  const Packet second = c.caller.seal();
  Packet newest;
  for (int i = 0; i < 1023; ++i) newest = c.caller.seal();
  REQUIRE(c.callee.open(newest));
  CHECK(c.callee.open(first).error() == Errc::kReplayed);
  CHECK(c.callee.open(second));
}

TEST_CASE("every flipped bit is refused, every prefix too, and the packet still opens after") {
  Channel c;
  Packet packet = c.caller.seal("0123456789");
  const Packet good = packet;
  for (std::size_t bit = 0; bit < 8 * packet.size(); ++bit) {
    packet[bit / 8] ^= std::byte{1} << (bit % 8);
    const auto refused = c.callee.open(packet);
    REQUIRE_FALSE(refused);
    REQUIRE(refused.error() == (bit < 8 ? Errc::kUnknownEpoch : Errc::kAuthenticationFailed));
    packet[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  for (std::size_t n = 0; n < packet.size(); ++n) {
    const auto refused = c.callee.open(ByteView(packet).first(n));
    REQUIRE(refused.error() ==
            (n < Session::kOverhead ? Errc::kTruncated : Errc::kAuthenticationFailed));
  }
  CHECK(*c.callee.open(good) == "0123456789");
  const SessionCounters& counters = c.callee.session.counters();
  CHECK(counters.opened == 1);
  CHECK(counters.truncated == Session::kOverhead);
  CHECK(counters.unknown_epoch == 8);
  CHECK(counters.authentication_failed == 8 * good.size() - 8 + 10);
}

TEST_CASE("the header is authenticated") {
  Channel c;
  const Packet packet = c.caller.seal();
  Packet out(64);
  CHECK(c.callee.session.open(as_byte_view("twelve byteS"), packet, out, {}).error() ==
        Errc::kAuthenticationFailed);
  CHECK(c.callee.session.open(as_byte_view(kHeader), packet, out, {}));
}

TEST_CASE("a buffer too small is refused and costs no packet number") {
  Channel c;
  Packet small(Session::kOverhead + 4);
  CHECK(c.caller.session.seal({}, as_byte_view("frame"), small).error() == Errc::kNoRoom);
  CHECK(c.caller.session.seal({}, {}, MutableBytes(small).first(3)).error() == Errc::kNoRoom);
  const Packet packet = c.caller.seal();
  CHECK(to_hex(ByteView(packet).first(5)) == "0000000000");
  CHECK(c.callee.session.open(as_byte_view(kHeader), packet, MutableBytes(small).first(4), {})
            .error() == Errc::kNoRoom);
  CHECK(c.callee.open(packet));
}

TEST_CASE("sealing in place gives the same packet") {
  Channel a;
  Channel b;
  Packet buffer(5 + Session::kOverhead);
  ByteWriter(MutableBytes(buffer).subspan(5)).bytes(as_byte_view("frame"));
  REQUIRE(a.caller.session.seal(as_byte_view(kHeader), ByteView(buffer).subspan(5, 5), buffer));
  CHECK(buffer == b.caller.seal("frame"));
}

TEST_CASE("sealing and opening a packet of a session allocate nothing") {
  Channel c;
  std::array<std::byte, 60> frame{};
  std::array<std::byte, 60 + Session::kOverhead> packet{};
  const std::size_t before = allocations();
  bool all = true;
  for (int i = 0; i < 1000; ++i) {
    all = all && c.caller.session.seal(as_byte_view(kHeader), frame, packet).has_value() &&
          c.callee.session.open(as_byte_view(kHeader), packet, frame, {}).has_value();
  }
  CHECK(allocations() == before);
  CHECK(all);
}

TEST_CASE("a rekey replaces the keys on both sides without losing a packet") {
  for (const bool callee_starts : {false, true}) {
    Channel c;
    End& starter = callee_starts ? c.callee : c.caller;
    End& answerer = callee_starts ? c.caller : c.callee;
    const RekeyMessage start = starter.start();
    REQUIRE(answerer.open(starter.seal("before the answer")));
    const RekeyMessage answer = answerer.answer(start);
    REQUIRE(starter.open(answerer.seal("old key, answer under way")));
    REQUIRE(answerer.open(starter.seal("old key too")));
    const Packet late = starter.seal("overtaken");
    starter.finish(answer);
    REQUIRE(starter.open(answerer.seal("still the old key")));
    REQUIRE(answerer.open(starter.seal("the new key")));
    REQUIRE(answerer.open(late));
    const Packet with_new = answerer.seal("new key as well");
    CHECK(with_new[0] == std::byte{1});
    REQUIRE(starter.open(with_new));
    CHECK(starter.session.epoch() == 1);
    CHECK(answerer.session.epoch() == 1);
  }
}

TEST_CASE("old keys are wiped two seconds after the peer moved on, and no sooner") {
  Channel c;
  const Packet early = c.caller.seal();
  const Packet other = c.caller.seal();
  c.caller.finish(c.callee.answer(c.caller.start()));
  CHECK(c.callee.session.next_deadline() == kNever);
  c.callee.now = Instant(100s);
  REQUIRE(c.callee.open(c.caller.seal()));
  REQUIRE(c.callee.session.next_deadline() == Instant(102s));
  c.callee.session.handle_timeout(Instant(102s) - 1ns);
  CHECK(c.callee.open(early));
  c.callee.session.handle_timeout(Instant(102s));
  CHECK(c.callee.open(other).error() == Errc::kUnknownEpoch);
  CHECK(c.callee.session.next_deadline() == kNever);
}

TEST_CASE("a rekey is due every 65,536 packets, each time") {
  Channel c;
  for (int round = 0; round < 3; ++round) {
    std::uint64_t packets = 0;
    while (!c.caller.session.rekey_due()) {
      const Packet packet = c.caller.seal("");
      if (packets++ % 2 == 0) {
        REQUIRE(c.callee.open(packet));
        REQUIRE(c.caller.open(c.callee.seal("")));
        ++packets;
      }
    }
    // A rekey itself is followed by one packet each way.
    CHECK(packets + (round == 0 ? 0 : 2) >= Session::kRekeyAfterPackets);
    CHECK(packets <= Session::kRekeyAfterPackets + 1);
    c.rekey(c.caller, c.callee);
    CHECK_FALSE(c.caller.session.rekey_due());
  }
  CHECK(c.callee.session.epoch() == 3);
}

TEST_CASE("a lost answer is given again, byte for byte, and completes the rekey") {
  Channel c;
  const RekeyMessage start = c.caller.start();
  const RekeyMessage lost = c.callee.answer(start);
  const RekeyMessage again = c.callee.answer(start);
  CHECK(lost == again);
  c.caller.finish(again);
  CHECK(c.callee.open(c.caller.seal()));
}

TEST_CASE("when both start at once the caller's rekey wins and both agree") {
  for (const bool caller_hears_first : {true, false}) {
    Channel c;
    const RekeyMessage by_caller = c.caller.start();
    const RekeyMessage by_callee = c.callee.start();
    RekeyMessage answer;
    if (caller_hears_first) c.caller.finish(by_callee);  // Ignored.
    answer = c.callee.answer(by_caller);
    if (!caller_hears_first) c.caller.finish(by_callee);
    c.caller.finish(answer);
    CHECK(c.callee.open(c.caller.seal()));
    CHECK(c.caller.open(c.callee.seal()));
    CHECK(c.callee.seal()[0] == std::byte{1});
    CHECK(c.caller.handle(by_callee).error() == Errc::kSignatureInvalid);  // Too late now.
    c.rekey(c.callee, c.caller);
    CHECK(c.caller.session.epoch() == 2);
  }
}

TEST_CASE("a second rekey cannot be started while one is under way or unconfirmed") {
  Channel c;
  const RekeyMessage start = c.caller.start();
  CHECK(c.caller.session.start_rekey(c.caller.identity, c.rng).error() == Errc::kRekeyPending);
  const RekeyMessage answer = c.callee.answer(start);
  CHECK(c.callee.session.start_rekey(c.callee.identity, c.rng).error() == Errc::kRekeyPending);
  c.caller.finish(answer);
  REQUIRE(c.callee.open(c.caller.seal()));
  CHECK(c.callee.session.start_rekey(c.callee.identity, c.rng));
}

TEST_CASE("a rekey message with any bit flipped is refused and changes nothing") {
  Channel c;
  const auto each_flip = [](RekeyMessage message,
                            const std::function<void(const RekeyMessage&)>& check) {
    for (MutableBytes field :
         {MutableBytes(message.new_ephemeral_pub), MutableBytes(message.signature)}) {
      for (std::size_t bit = 0; bit < 8 * field.size(); ++bit) {
        field[bit / 8] ^= std::byte{1} << (bit % 8);
        check(message);
        field[bit / 8] ^= std::byte{1} << (bit % 8);
      }
    }
  };
  const RekeyMessage start = c.caller.start();
  each_flip(start, [&](const RekeyMessage& bad) {
    REQUIRE(c.callee.handle(bad).error() == Errc::kSignatureInvalid);
  });
  CHECK(c.callee.session.epoch() == 0);
  const RekeyMessage answer = c.callee.answer(start);
  each_flip(answer, [&](const RekeyMessage& bad) {
    REQUIRE(c.caller.handle(bad).error() == Errc::kSignatureInvalid);
  });
  CHECK(c.caller.session.epoch() == 0);
  c.caller.finish(answer);
  CHECK(c.callee.open(c.caller.seal()));
}

TEST_CASE("rekey messages of another session, epoch, side or kind are refused") {
  Channel c;
  Channel other(97);
  const RekeyMessage start = c.caller.start();
  CHECK(other.callee.handle(start).error() == Errc::kSignatureInvalid);
  CHECK(c.caller.handle(start).error() == Errc::kSignatureInvalid);  // Reflected.
  const RekeyMessage answer = c.callee.answer(start);
  CHECK(c.callee.handle(answer).error() == Errc::kSignatureInvalid);
  c.caller.finish(answer);
  CHECK(c.caller.handle(answer).error() == Errc::kSignatureInvalid);  // Replayed.
  REQUIRE(c.callee.open(c.caller.seal()));
  c.rekey(c.caller, c.callee);
  CHECK(c.callee.handle(start).error() == Errc::kSignatureInvalid);  // Of an earlier epoch.
  CHECK(c.callee.session.epoch() == 2);
}

TEST_CASE("handshake, packets and rekey of the vectors are reproduced byte for byte") {
  const auto handshake = load_vectors("session.json", "handshake");
  const auto rekey = load_vectors("session2.json", "rekey");
  const auto packets = load_vectors("session2.json", "packets");
  const auto rng_of = [](const nlohmann::json& hex) {
    return ScriptedRng(unhex(hex.get<std::string>()));
  };
  const auto identity_of = [](const nlohmann::json& hex) {
    return Identity::from_seed(*Seed::from_hex(hex.get<std::string>()));
  };
  ScriptedRng rng_a = rng_of(handshake["caller_ephemeral_secret"]);
  ScriptedRng rng_b = rng_of(handshake["callee_ephemeral_secret"]);
  const Identity a = identity_of(handshake["caller_seed"]);
  const Identity b = identity_of(handshake["callee_seed"]);
  auto started = CallerHandshake::start(a, rng_a);
  auto accepted = CalleeHandshake::accept(b, started.offer(), rng_b);
  REQUIRE(accepted);
  auto keys = started.finish(accepted->answer());
  REQUIRE(keys);
  CHECK(to_hex(keys->transcript) == load_vectors("session2.json", "transcript").get<std::string>());
  Session caller(std::move(*keys));
  Session callee(accepted->take_keys());

  const auto check_packet = [&](std::size_t row, Session& from, Session& to) {
    const auto& v = packets[row];
    const auto aad = unhex(v["aad"].get<std::string>());
    const auto plaintext = unhex(v["plaintext"].get<std::string>());
    Packet packet(plaintext.size() + Session::kOverhead);
    Packet opened(plaintext.size());
    REQUIRE(from.seal(aad, plaintext, packet));
    CHECK(to_hex(packet) == v["packet"].get<std::string>());
    REQUIRE(to.open(aad, packet, opened, {}));
    CHECK(opened == plaintext);
  };
  check_packet(0, caller, callee);
  check_packet(1, callee, caller);
  check_packet(2, caller, callee);
  ScriptedRng rekey_a = rng_of(rekey["caller_secret"]);
  ScriptedRng rekey_b = rng_of(rekey["callee_secret"]);
  const auto start = caller.start_rekey(a, rekey_a);
  REQUIRE(start);
  CHECK(to_hex(start->new_ephemeral_pub) == rekey["start_public"].get<std::string>());
  CHECK(to_hex(start->signature) == rekey["start_signature"].get<std::string>());
  const auto answer = callee.handle_rekey(*start, b, rekey_b);
  REQUIRE(answer);
  REQUIRE(answer->has_value());
  CHECK(to_hex((*answer)->new_ephemeral_pub) == rekey["answer_public"].get<std::string>());
  CHECK(to_hex((*answer)->signature) == rekey["answer_signature"].get<std::string>());
  REQUIRE(caller.handle_rekey(**answer, a, rekey_a));
  check_packet(3, caller, callee);
  check_packet(4, callee, caller);
}

TEST_CASE("a well-signed rekey with a key of low order is refused and changes nothing") {
  Channel c;
  // Only the peer itself could sign this; the statement is spelled out here.
  SeededRng rng(103);
  const Identity a = Identity::ephemeral(rng);
  const Identity b = Identity::ephemeral(rng);
  auto handshake = CallerHandshake::start(a, rng);
  auto accepted = CalleeHandshake::accept(b, handshake.offer(), rng);
  auto keys = handshake.finish(accepted->answer());
  REQUIRE(keys);
  const Sha256Hash transcript = keys->transcript;
  Session callee(accepted->take_keys());
  const auto point = unhex_array<32>(kLowOrderPoints[2]);
  const std::array<std::byte, 4> epoch{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
  const Signature s = a.sign(
      {as_byte_view(std::string_view("wzp-session/2 rekey\0SC", 22)), transcript, epoch, point});
  const RekeyMessage evil{point, {s.bytes.begin(), s.bytes.end()}};
  CHECK(callee.handle_rekey(evil, b, rng).error() == Errc::kBadPublicKey);
  CHECK(callee.epoch() == 0);
}

TEST_CASE("sessions survive thousands of random events with every packet under a live key opened") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Channel c(seed);
    SeededRng dice(seed);
    int lost_keys = 0;
    std::vector<std::pair<End*, RekeyMessage>> signals;  // In flight, reliable, any order.
    for (int i = 0; i < 400; ++i) {
      const std::uint64_t r = dice.next_u64();
      End& from = r % 2 == 0 ? c.caller : c.callee;
      End& to = r % 2 == 0 ? c.callee : c.caller;
      if (r % 10 == 1) {
        if (auto start = from.session.start_rekey(from.identity, c.rng)) {
          signals.emplace_back(&to, std::move(*start));
        }
      } else if (r % 5 == 2 && !signals.empty()) {
        const std::size_t at = (r >> 8) % signals.size();
        auto [receiver, message] = std::move(signals[at]);
        signals.erase(signals.begin() + static_cast<std::ptrdiff_t>(at));
        End& back = receiver == &c.caller ? c.callee : c.caller;
        auto reply = receiver->handle(message);
        if (reply && *reply) signals.emplace_back(&back, std::move(**reply));
      } else {
        lost_keys += to.open(from.seal()) ? 0 : 1;
      }
    }
    CHECK(lost_keys == 0);
    CHECK(c.caller.session.epoch() > 3);
  }
}
