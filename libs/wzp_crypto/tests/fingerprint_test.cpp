#include "wzp/crypto/fingerprint.hpp"

#include <sodium.h>

#include <catch2/catch_test_macros.hpp>

#include "vector_file.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

TEST_CASE("fingerprints of the vectors are computed and printed as stated") {
  for (const auto& row : load_vectors("identity.json", "identities")) {
    const IdentityKey key{unhex_array<32>(row["ed25519_public"].get<std::string>())};
    const Fingerprint fingerprint = Fingerprint::of(key);
    CHECK(fingerprint.to_text() == row["fingerprint_text"].get<std::string>());
    CHECK(fingerprint.to_plain_text() == row["fingerprint_hex"].get<std::string>());
  }
}

TEST_CASE("fingerprint texts of the vectors are parsed and refused as stated") {
  for (const auto& row : load_vectors("identity.json", "fingerprint_parsing")) {
    const auto text = row["input"].get<std::string>();
    CAPTURE(text);
    const auto fingerprint = Fingerprint::parse(text);
    REQUIRE(fingerprint.has_value() == !row["result"].is_null());
    if (fingerprint) {
      CHECK(fingerprint->to_plain_text() == row["result"].get<std::string>());
    } else {
      CHECK(fingerprint.error() == Errc::kBadFingerprint);
    }
  }
}

TEST_CASE("a fingerprint survives the trip through both text forms") {
  SeededRng rng(5);
  for (int i = 0; i < 1000; ++i) {
    Fingerprint fingerprint;
    rng.fill(fingerprint.bytes);
    REQUIRE(fingerprint.to_text().size() == 39);
    REQUIRE(*Fingerprint::parse(fingerprint.to_text()) == fingerprint);
    REQUIRE(*Fingerprint::parse(fingerprint.to_plain_text()) == fingerprint);
  }
}

TEST_CASE("every proper prefix of a fingerprint's text is refused") {
  const std::string text = "27ba:36eb:371e:ea99:e7d0:ee57:3165:e50e";
  for (std::size_t n = 0; n < text.size(); ++n) {
    REQUIRE_FALSE(Fingerprint::parse(text.substr(0, n)));
  }
}
