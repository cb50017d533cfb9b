#include "wzp/crypto/key_exchange.hpp"

#include <catch2/catch_test_macros.hpp>

#include "low_order_points.hpp"
#include "openssl_keys.hpp"
#include "vector_file.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

TEST_CASE("X25519 gives the values of RFC 7748") {
  const auto product = [](const char* scalar, const char* point) {
    const auto out = agree(unhex_secret(scalar), ExchangeKey{unhex_array<32>(point)});
    REQUIRE(out);
    return to_hex(out->reveal());
  };
  CHECK(product("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c") ==
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  const char* alice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
  const char* bob = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
  const char* alice_public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
  const char* bob_public = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
  const char* shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  CHECK(to_hex(exchange_public_key(unhex_secret(alice)).bytes) == alice_public);
  CHECK(to_hex(exchange_public_key(unhex_secret(bob)).bytes) == bob_public);
  CHECK(product(alice, bob_public) == shared);
  CHECK(product(bob, alice_public) == shared);
}

TEST_CASE("X25519 iterated a thousand times gives the value of RFC 7748") {
  auto k = unhex_array<32>("0900000000000000000000000000000000000000000000000000000000000000");
  auto u = k;
  for (int i = 0; i < 1000; ++i) {
    const auto out = agree(Secret<32>(k), ExchangeKey{u});
    REQUIRE(out);
    u = k;
    std::copy_n(out->reveal().begin(), 32, k.begin());
  }
  CHECK(to_hex(k) == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

TEST_CASE("key agreement is symmetric and agrees with OpenSSL") {
  SeededRng rng(17);
  for (int i = 0; i < 200; ++i) {
    const Secret<32> a = Secret<32>::random(rng);
    const Secret<32> b = Secret<32>::random(rng);
    const auto ab = agree(a, exchange_public_key(b));
    const auto ba = agree(b, exchange_public_key(a));
    REQUIRE(ab);
    REQUIRE(ba);
    REQUIRE(*ab == *ba);
    REQUIRE(*ab == Secret<32>(openssl_agree(a.reveal(), exchange_public_key(b).bytes)));
  }
}

TEST_CASE("a public key of low order is refused, with the top bit set too") {
  SeededRng rng(19);
  for (const char* hex : kLowOrderPoints) {
    CAPTURE(hex);
    auto point = unhex_array<32>(hex);
    CHECK(agree(Secret<32>::random(rng), ExchangeKey{point}).error() == Errc::kBadPublicKey);
    point[31] |= std::byte{0x80};
    CHECK(agree(Secret<32>::random(rng), ExchangeKey{point}).error() == Errc::kBadPublicKey);
  }
}
