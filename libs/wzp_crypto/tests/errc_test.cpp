#include "wzp/crypto/errc.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>
#include <string>

using namespace wzp::crypto;

TEST_CASE("every error number has a message of its own") {
  std::set<std::string> seen;
  for (int n = 1; n <= static_cast<int>(Errc::kBadInvite); ++n) {
    CHECK(seen.insert(message(static_cast<Errc>(n))).second);
  }
  CHECK(seen.count("unknown wzp.crypto error") == 0);
  CHECK(std::string(message(static_cast<Errc>(999))) == "unknown wzp.crypto error");
}

TEST_CASE("an error converts to a std::error_code of this library") {
  const std::error_code code = Errc::kSignatureInvalid;
  CHECK(code.category() == error_category());
  CHECK(code.value() == 6);
  CHECK(code.message() == "signature verification failed");
}
