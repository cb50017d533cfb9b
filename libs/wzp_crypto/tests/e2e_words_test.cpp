#include "wzp/crypto/e2e_words.hpp"

#include <catch2/catch_test_macros.hpp>

#include "e2e_vectors.hpp"

using namespace wzp::crypto;
using namespace wzp::crypto::test;

TEST_CASE("the words of the vectors' identities are as stated") {
  const auto words = load_vectors("e2e.json", "words");
  const auto joined = [](const IdentityKey& identity) {
    std::string out;
    for (const auto word : e2e::identity_words(identity)) {
      if (!out.empty()) out += ' ';
      out += word;
    }
    return out;
  };
  const TwoParticipants two;
  CHECK(joined(two.a.hello.identity) == words["a"].get<std::string>());
  CHECK(joined(two.b.hello.identity) == words["b"].get<std::string>());
}
