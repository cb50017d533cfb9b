#include "wzp/crypto/e2e_pair.hpp"

#include <catch2/catch_test_macros.hpp>

#include "e2e_vectors.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;
using namespace wzp::crypto::test;

TEST_CASE("transcript, pair id and keys of the vectors are derived as stated") {
  const TwoParticipants two;
  CHECK(side_of(two.a.hello, two.b.hello) == Side::kHigh);
  CHECK(side_of(two.b.hello, two.a.hello) == Side::kLow);
  CHECK(to_hex(two.transcript) == e2e_text("transcript"));
  CHECK(to_hex(two.pair) == e2e_text("pair"));
  const auto shared = two.b.ephemeral.agree_with(two.a.ephemeral.public_key());
  CHECK(to_hex(pair_prk(two.transcript, *shared, Secret<32>()).reveal()) == e2e_text("prk"));
  const auto keys = load_vectors("e2e.json", "keys");
  CHECK(to_hex(two.keys.low.auth.reveal()) == keys["auth_low"].get<std::string>());
  CHECK(to_hex(two.keys.high.auth.reveal()) == keys["auth_high"].get<std::string>());
  CHECK(to_hex(two.keys.low.message.reveal()) == keys["msg_low"].get<std::string>());
  CHECK(to_hex(two.keys.high.message.reveal()) == keys["msg_high"].get<std::string>());
}

TEST_CASE("one identity twice is ordered by its instances") {
  const TwoParticipants two;
  Hello other_device = two.a.hello;
  other_device.instance.bytes.fill(std::byte{0xa2});
  CHECK(side_of(two.a.hello, other_device) == Side::kLow);
  CHECK(side_of(other_device, two.a.hello) == Side::kHigh);
}

TEST_CASE("another room, secret or Hello gives another pair") {
  const TwoParticipants two;
  const auto low = two.b.hello_bytes();
  auto high = two.a.hello_bytes();
  CHECK(pair_transcript("default", low, high) != two.transcript);
  CHECK(pair_transcript(two.room, high, low) != two.transcript);
  high.push_back(std::byte{0});  // Bytes after the known fields count too.
  CHECK(pair_transcript(two.room, low, high) != two.transcript);
  const auto shared = two.a.ephemeral.agree_with(two.b.ephemeral.public_key());
  CHECK_FALSE(pair_prk(two.transcript, *shared, Secret<32>(counting_bytes<32>(1))) ==
              pair_prk(two.transcript, *shared, Secret<32>()));
}

TEST_CASE("the Auth messages of the vectors are sealed, opened and verified as stated") {
  const TwoParticipants two;
  const Signature by_a = sign_pair(two.a.identity, Side::kHigh, two.transcript);
  const Signature by_b = sign_pair(two.b.identity, Side::kLow, two.transcript);
  CHECK(to_hex(seal_auth(two.keys.high.auth, false, {}, two.pair, by_a)) == e2e_text("a_auth"));
  CHECK(to_hex(seal_auth(two.keys.low.auth, true, {}, two.pair, by_b)) == e2e_text("b_auth"));
  const auto bytes = unhex(e2e_text("b_auth"));
  const auto auth = parse_auth(bytes);
  REQUIRE(auth);
  CHECK(auth->have);
  CHECK(auth->hello.empty());
  CHECK(auth->pair == two.pair);
  const auto signature = open_auth(two.keys.low.auth, *auth);
  REQUIRE(signature);
  CHECK(verify_pair(two.b.identity.public_key(), Side::kLow, two.transcript, *signature));
  CHECK_FALSE(verify_pair(two.b.identity.public_key(), Side::kHigh, two.transcript, *signature));
  CHECK_FALSE(verify_pair(two.a.identity.public_key(), Side::kLow, two.transcript, *signature));
}

TEST_CASE("every flipped bit and every other length of an Auth with a Hello is refused") {
  const TwoParticipants two;
  const auto hello = two.a.hello_bytes();
  auto bytes = seal_auth(two.keys.high.auth, false, hello, two.pair,
                         sign_pair(two.a.identity, Side::kHigh, two.transcript));
  const auto opens = [&](ByteView message) {
    const auto auth = parse_auth(message);
    return auth && open_auth(two.keys.high.auth, *auth);
  };
  REQUIRE(opens(bytes));
  CHECK(std::equal(hello.begin(), hello.end(), parse_auth(bytes)->hello.begin()));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    REQUIRE_FALSE(opens(bytes));
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    REQUIRE(parse_auth(ByteView(bytes).first(n)).error() == Errc::kTruncated);
  }
  bytes.push_back(std::byte{0});
  CHECK(parse_auth(bytes).error() == Errc::kMalformed);
}

TEST_CASE("an Auth with a Hello of more than 400 bytes is refused") {
  const TwoParticipants two;
  const std::vector<std::byte> hello(kMaxHelloSize + 1);
  CHECK(parse_auth(seal_auth(two.keys.high.auth, false, hello, two.pair, {})).error() ==
        Errc::kMalformed);
}

TEST_CASE("the Sealed messages of the vectors are sealed and opened as stated") {
  const TwoParticipants two;
  for (const auto& row : load_vectors("e2e.json", "sealed")) {
    const AeadKey& key = two.keys.of(row["from"] == "a" ? Side::kHigh : Side::kLow).message;
    const auto content = unhex(row["content"].get<std::string>());
    const auto kind = static_cast<SealedKind>(row["kind"].get<int>());
    const auto counter = row["counter"].get<std::uint32_t>();
    const auto bytes = seal_message(key, two.pair, counter, kind, content);
    CHECK(to_hex(bytes) == row["message"].get<std::string>());
    const auto sealed = parse_sealed(bytes);
    REQUIRE(sealed);
    CHECK(sealed->pair == two.pair);
    CHECK(sealed->counter == counter);
    const auto opened = open_message(key, *sealed);
    REQUIRE(opened);
    CHECK(opened->kind() == kind);
    CHECK(to_hex(opened->content()) == row["content"].get<std::string>());
  }
}

TEST_CASE("every flipped bit and every proper prefix of a Sealed message is refused") {
  const TwoParticipants two;
  auto bytes = seal_message(two.keys.low.message, two.pair, 7, SealedKind::kSignal,
                            as_byte_view("\"Hold\""));
  // A flipped pair id names another pair; under this pair's key it does not open either.
  const auto opens = [&](ByteView message) {
    const auto sealed = parse_sealed(message);
    return sealed && open_message(two.keys.low.message, *sealed);
  };
  REQUIRE(opens(bytes));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    REQUIRE_FALSE(opens(bytes));
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  for (std::size_t n = 0; n < bytes.size(); ++n) REQUIRE_FALSE(opens(ByteView(bytes).first(n)));
  const auto shortest = seal_message(two.keys.low.message, two.pair, 8, SealedKind::kBye, {});
  CHECK(shortest.size() == 13 + 1 + kTagSize);
  CHECK(opens(shortest));
}
