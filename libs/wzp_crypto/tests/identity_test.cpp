#include "wzp/crypto/identity.hpp"

#include <catch2/catch_test_macros.hpp>

#include "openssl_keys.hpp"
#include "vector_file.hpp"
#include "wzp/crypto/hash.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

TEST_CASE("featherChat: identities of fixed and random seeds are derived as stated") {
  for (const auto& row : load_vectors("identity.json", "identities")) {
    const auto seed = Seed::from_hex(row["seed"].get<std::string>());
    REQUIRE(seed);
    const Secret<32> prk = hkdf_extract({}, {seed->reveal().reveal()});
    CHECK(to_hex(prk.reveal()) == row["hkdf_prk"].get<std::string>());
    CHECK(to_hex(hkdf_expand<32>(prk, {as_byte_view("warzone-ed25519")}).reveal()) ==
          row["ed25519_secret_seed"].get<std::string>());
    CHECK(to_hex(hkdf_expand<32>(prk, {as_byte_view("warzone-x25519")}).reveal()) ==
          row["x25519_secret_as_derived"].get<std::string>());
    const Identity identity = Identity::from_seed(*seed);
    CHECK(to_hex(identity.public_key().bytes) == row["ed25519_public"].get<std::string>());
    CHECK(to_hex(identity.exchange_key().bytes) == row["x25519_public"].get<std::string>());
    CHECK(identity.fingerprint().to_text() == row["fingerprint_text"].get<std::string>());
    CHECK(to_hex(identity.sign({as_byte_view("hello warzone")}).bytes) ==
          row["signature_over_ascii_hello_warzone"].get<std::string>());
  }
}

TEST_CASE("keys and signatures of random seeds agree with OpenSSL") {
  SeededRng rng(13);
  for (int i = 0; i < 100; ++i) {
    const Seed seed = Seed::generate(rng);
    const Identity identity = Identity::from_seed(seed);
    const Secret<32> prk = hkdf_extract({}, {seed.reveal().reveal()});
    const auto signing = hkdf_expand<32>(prk, {as_byte_view("warzone-ed25519")});
    const auto exchange = hkdf_expand<32>(prk, {as_byte_view("warzone-x25519")});
    CHECK(identity.public_key().bytes == openssl_public_key(EVP_PKEY_ED25519, signing.reveal()));
    CHECK(identity.exchange_key().bytes == openssl_public_key(EVP_PKEY_X25519, exchange.reveal()));
    std::vector<std::byte> message(static_cast<std::size_t>(i));
    rng.fill(message);
    const Signature signature = identity.sign({message});
    CHECK(signature.bytes == openssl_sign(signing.reveal(), message));
    CHECK(openssl_verify(identity.public_key().bytes, message, signature.bytes));
    CHECK(verify(identity.public_key(), {message}, signature.bytes));
  }
}

TEST_CASE("signatures of RFC 8032 verify, and no other") {
  struct Row {
    const char *key, *message, *signature;
  };
  const Row rows[] = {
      {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9"
       "b46bd25bf5f0595bbe24655141438e7a100b"},
      {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
       "1"
       "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
       "d"
       "c6594a7c15e9716ed28dc027beceea1ec40a"},
  };
  for (const Row& row : rows) {
    const IdentityKey key{unhex_array<32>(row.key)};
    const auto message = unhex(row.message);
    auto signature = unhex(row.signature);
    REQUIRE(verify(key, {message}, signature));
    CHECK_FALSE(verify(key, {message, as_byte_view("x")}, signature));
    for (std::size_t bit = 0; bit < 512; ++bit) {
      signature[bit / 8] ^= std::byte{1} << (bit % 8);
      REQUIRE_FALSE(verify(key, {message}, signature));
      signature[bit / 8] ^= std::byte{1} << (bit % 8);
    }
  }
}

TEST_CASE("a signature of any other length does not verify") {
  SeededRng rng(1);
  const Identity identity = Identity::ephemeral(rng);
  const Signature good = identity.sign({as_byte_view("m")});
  for (std::size_t n = 0; n < 64; ++n) {
    REQUIRE_FALSE(
        verify(identity.public_key(), {as_byte_view("m")}, ByteView(good.bytes).first(n)));
  }
  std::vector<std::byte> longer(good.bytes.begin(), good.bytes.end());
  longer.push_back(std::byte{0});
  CHECK_FALSE(verify(identity.public_key(), {as_byte_view("m")}, longer));
}

TEST_CASE("signing parts equals signing them joined") {
  SeededRng rng(2);
  const Identity identity = Identity::ephemeral(rng);
  CHECK(identity.sign({as_byte_view("ab"), as_byte_view("c")}) ==
        identity.sign({as_byte_view("abc")}));
}

TEST_CASE("an identity key of small order verifies nothing") {
  // With the neutral element as key, R = neutral and s = 0 satisfy the plain equation.
  std::array<std::byte, 64> signature{};
  signature[0] = std::byte{1};
  IdentityKey neutral;
  neutral.bytes[0] = std::byte{1};
  CHECK_FALSE(verify(neutral, {as_byte_view("anything")}, signature));
  CHECK_FALSE(verify(IdentityKey{}, {as_byte_view("anything")}, signature));
}
