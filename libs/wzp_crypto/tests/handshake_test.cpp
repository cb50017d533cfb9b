#include "wzp/crypto/handshake.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "low_order_points.hpp"
#include "openssl_keys.hpp"
#include "vector_file.hpp"
#include "wzp/crypto/profile_choice.hpp"
#include "wzp/crypto/session.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

namespace {

Identity identity_from(const nlohmann::json& hex) {
  const auto seed = Seed::from_hex(hex.get<std::string>());
  REQUIRE(seed);
  return Identity::from_seed(*seed);
}

std::vector<std::byte> bytes_of(const nlohmann::json& numbers) {
  std::vector<std::byte> out;
  for (const int n : numbers) out.push_back(static_cast<std::byte>(n));
  return out;
}

template <class Message>
Message message_from(const nlohmann::json& signal) {
  Message out;
  const auto identity = bytes_of(signal["identity_pub"]);
  const auto ephemeral = bytes_of(signal["ephemeral_pub"]);
  std::copy_n(identity.begin(), 32, out.identity_pub.begin());
  std::copy_n(ephemeral.begin(), 32, out.ephemeral_pub.begin());
  out.signature = bytes_of(signal["signature"]);
  return out;
}

// Caller and callee of one handshake, seeded.
struct Pair {
  SeededRng rng{23};
  Identity caller_identity = Identity::from_seed(Seed::from_bytes(repeated(0xaa)));
  Identity callee_identity = Identity::from_seed(Seed::from_bytes(repeated(0xbb)));
  CallerHandshake caller = CallerHandshake::start(caller_identity, rng);

  static std::array<std::byte, 32> repeated(int value) {
    std::array<std::byte, 32> out{};
    out.fill(static_cast<std::byte>(value));
    return out;
  }
  Result<CalleeHandshake> accept(const HandshakeOffer& offer) {
    return CalleeHandshake::accept(callee_identity, offer, rng);
  }
  CalleeHandshake accept() {
    auto callee = accept(caller.offer());
    REQUIRE(callee);
    return std::move(*callee);
  }
};

// Calls `check` for the message with each of its bits flipped in turn.
template <class Message>
void for_each_bit_flip(const Message& good, const std::function<void(const Message&)>& check) {
  Message bad = good;
  for (MutableBytes field : {MutableBytes(bad.identity_pub), MutableBytes(bad.ephemeral_pub),
                             MutableBytes(bad.signature)}) {
    for (std::size_t bit = 0; bit < 8 * field.size(); ++bit) {
      field[bit / 8] ^= std::byte{1} << (bit % 8);
      check(bad);
      field[bit / 8] ^= std::byte{1} << (bit % 8);
    }
  }
}

}  // namespace

TEST_CASE("the handshake of the vectors is reproduced byte for byte, on both sides") {
  const auto vector = load_vectors("session.json", "handshake");
  const Identity caller_identity = identity_from(vector["caller_seed"]);
  const Identity callee_identity = identity_from(vector["callee_seed"]);
  ScriptedRng caller_rng(unhex(vector["caller_ephemeral_secret"].get<std::string>()));
  ScriptedRng callee_rng(unhex(vector["callee_ephemeral_secret"].get<std::string>()));

  auto caller = CallerHandshake::start(caller_identity, caller_rng);
  const auto offer_json = nlohmann::json::parse(vector["call_offer_json"].get<std::string>());
  CHECK(caller.offer() == message_from<HandshakeOffer>(offer_json["CallOffer"]));
  CHECK(to_hex(caller.offer().signature) == vector["offer_signature"].get<std::string>());

  auto callee = CalleeHandshake::accept(callee_identity, caller.offer(), callee_rng);
  REQUIRE(callee);
  const auto answer_json = nlohmann::json::parse(vector["call_answer_json"].get<std::string>());
  CHECK(callee->answer() == message_from<HandshakeAnswer>(answer_json["CallAnswer"]));

  const auto keys = caller.finish(callee->answer());
  REQUIRE(keys);
  CHECK(to_hex(keys->session_key.reveal()) == vector["session_key"].get<std::string>());
  CHECK(keys->session_key == callee->keys().session_key);
  CHECK(to_hex(session_id(keys->session_key)) == vector["session_id"].get<std::string>());
  CHECK(keys->peer == callee_identity.public_key());
  CHECK(callee->keys().peer == caller_identity.public_key());
}

TEST_CASE("the signed bytes of the vectors are what the handshake signs") {
  const auto vector = load_vectors("session.json", "handshake");
  const auto offer = nlohmann::json::parse(vector["call_offer_json"].get<std::string>());
  const auto message = message_from<HandshakeOffer>(offer["CallOffer"]);
  CHECK(openssl_verify(message.identity_pub, unhex(vector["offer_signed_bytes"].get<std::string>()),
                       message.signature));
}

TEST_CASE("caller all 0xAA, callee all 0xBB: both finish, GOOD chosen, messages open both ways") {
  Pair pair;
  CalleeHandshake callee = pair.accept();
  auto keys = pair.caller.finish(callee.answer());
  REQUIRE(keys);
  CHECK(keys->role == Role::kCaller);
  CHECK(callee.keys().role == Role::kCallee);
  CHECK(keys->session_key == callee.keys().session_key);
  CHECK(keys->transcript == callee.keys().transcript);
  const proto::QualityProfile offered[] = {proto::kProfileGood, proto::kProfileDegraded,
                                           proto::kProfileCatastrophic};
  CHECK(choose_profile(offered) == proto::kProfileGood);

  Session at_caller(std::move(*keys));
  Session at_callee(callee.take_keys());
  const auto header = unhex("003400000000000000000000");
  const auto passes = [&](Session& from, Session& to) {
    std::vector<std::byte> packet(7 + Session::kOverhead);
    std::vector<std::byte> out(7);
    return from.seal(header, as_byte_view("message"), packet) && to.open(header, packet, out, {}) &&
           as_text(out) == "message";
  };
  CHECK(passes(at_caller, at_callee));
  CHECK(passes(at_callee, at_caller));
}

TEST_CASE("two different seeds give different identities and still agree on a key") {
  SeededRng rng(29);
  for (int i = 0; i < 50; ++i) {
    const Identity a = Identity::ephemeral(rng);
    const Identity b = Identity::ephemeral(rng);
    REQUIRE(a.public_key() != b.public_key());
    auto caller = CallerHandshake::start(a, rng);
    const auto callee = CalleeHandshake::accept(b, caller.offer(), rng);
    REQUIRE(callee);
    const auto keys = caller.finish(callee->answer());
    REQUIRE(keys);
    REQUIRE(keys->session_key == callee->keys().session_key);
  }
}

TEST_CASE("two handshakes of the same identities share neither key nor transcript") {
  Pair pair;
  const CalleeHandshake first = pair.accept();
  const CalleeHandshake second = pair.accept();
  CHECK_FALSE(first.keys().session_key == second.keys().session_key);
  CHECK(first.keys().transcript != second.keys().transcript);
}

TEST_CASE("the first eight signature bytes inverted: signature verification failed") {
  Pair pair;
  HandshakeOffer offer = pair.caller.offer();
  for (std::size_t i = 0; i < 8; ++i) offer.signature[i] ^= std::byte{0xff};
  const auto refused = pair.accept(offer);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == Errc::kSignatureInvalid);
  CHECK(std::string(message(refused.error())).find("signature verification failed") !=
        std::string::npos);
}

TEST_CASE("a signature over other data is refused") {
  Pair pair;
  HandshakeOffer offer = pair.caller.offer();
  for (const char* suffix : {"call-answer", "call-offe", "call-offer ", ""}) {
    const Signature other = pair.caller_identity.sign({offer.ephemeral_pub, as_byte_view(suffix)});
    offer.signature.assign(other.bytes.begin(), other.bytes.end());
    CHECK(pair.accept(offer).error() == Errc::kSignatureInvalid);
  }
}

TEST_CASE("an offer with any bit flipped is refused") {
  Pair pair;
  for_each_bit_flip<HandshakeOffer>(pair.caller.offer(), [&](const HandshakeOffer& bad) {
    REQUIRE(pair.accept(bad).error() == Errc::kSignatureInvalid);
  });
}

TEST_CASE("an answer with any bit flipped is refused, and the right one still works after") {
  Pair pair;
  const CalleeHandshake callee = pair.accept();
  for_each_bit_flip<HandshakeAnswer>(callee.answer(), [&](const HandshakeAnswer& bad) {
    REQUIRE(pair.caller.finish(bad).error() == Errc::kSignatureInvalid);
  });
  CHECK(pair.caller.finish(callee.answer()));
}

TEST_CASE("a signature of any other length is refused on both sides") {
  Pair pair;
  const CalleeHandshake callee = pair.accept();
  for (std::size_t size = 0; size < 100; ++size) {
    if (size == 64) continue;
    HandshakeOffer offer = pair.caller.offer();
    HandshakeAnswer answer = callee.answer();
    offer.signature.resize(size);
    answer.signature.resize(size);
    REQUIRE(pair.accept(offer).error() == Errc::kSignatureInvalid);
    REQUIRE(pair.caller.finish(answer).error() == Errc::kSignatureInvalid);
  }
}

TEST_CASE("an offer sent back as an answer is refused") {
  Pair pair;
  const HandshakeOffer& offer = pair.caller.offer();
  const HandshakeAnswer reflected{offer.identity_pub, offer.ephemeral_pub, offer.signature};
  CHECK(pair.caller.finish(reflected).error() == Errc::kSignatureInvalid);
}

TEST_CASE("a well-signed ephemeral key of low order is refused on both sides") {
  Pair pair;
  for (const char* hex : kLowOrderPoints) {
    const auto point = unhex_array<32>(hex);
    const auto sign = [&](const Identity& identity, std::string_view suffix) {
      const Signature s = identity.sign({point, as_byte_view(suffix)});
      return std::vector<std::byte>(s.bytes.begin(), s.bytes.end());
    };
    const HandshakeOffer offer{pair.caller_identity.public_key().bytes, point,
                               sign(pair.caller_identity, "call-offer")};
    const HandshakeAnswer answer{pair.callee_identity.public_key().bytes, point,
                                 sign(pair.callee_identity, "call-answer")};
    CHECK(pair.accept(offer).error() == Errc::kBadPublicKey);
    CHECK(pair.caller.finish(answer).error() == Errc::kBadPublicKey);
  }
}

TEST_CASE("a handshake finishes once") {
  Pair pair;
  const CalleeHandshake callee = pair.accept();
  REQUIRE(pair.caller.finish(callee.answer()));
  CHECK(pair.caller.finish(callee.answer()).error() == Errc::kAlreadyUsed);
}

TEST_CASE("taking the callee's keys leaves zeros behind") {
  Pair pair;
  CalleeHandshake callee = pair.accept();
  const EstablishedKeys keys = callee.take_keys();
  CHECK_FALSE(keys.session_key == Secret<32>());
  CHECK(callee.keys().session_key == Secret<32>());
}
