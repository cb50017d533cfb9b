#include "wzp/crypto/password_hash.hpp"

#include <catch2/catch_test_macros.hpp>

#include "vector_file.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

TEST_CASE("Argon2id depends on password, salt and cost, and on nothing else") {
  const auto salt = counting_bytes<16>(0);
  const auto other_salt = counting_bytes<16>(1);
  const Argon2Cost cheap{1, 8192};
  const auto key = argon2id(as_byte_view("password"), salt, cheap);
  CHECK(key == argon2id(as_byte_view("password"), salt, cheap));
  CHECK_FALSE(key == argon2id(as_byte_view("passworD"), salt, cheap));
  CHECK_FALSE(key == argon2id(as_byte_view("password"), other_salt, cheap));
  CHECK_FALSE(key == argon2id(as_byte_view("password"), salt, Argon2Cost{2, 8192}));
  CHECK_FALSE(key == argon2id(as_byte_view("password"), salt, Argon2Cost{1, 16384}));
}
