#include "wzp/crypto/room_hash.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "vector_file.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

TEST_CASE("room hashes of the vectors are computed as stated") {
  for (const auto& row : load_vectors("identity.json", "room_hashes")) {
    const auto name = row["room_name"].get<std::string>();
    CAPTURE(name);
    CHECK(room_hash(name) == row["hash"].get<std::string>());
  }
}

TEST_CASE("featherChat: a room hash is 32 lower-case hex digits, deterministic, another per name") {
  const std::string names[] = {
      "",    "a",   "A", "my-group", "café", "💀🔥", std::string(1000, 'x'), std::string("\0", 1),
      "a.b", "名前"};
  std::set<std::string> seen;
  for (const auto& name : names) {
    const std::string hash = room_hash(name);
    CHECK(hash == room_hash(name));
    CHECK(hash.size() == 32);
    CHECK(hash.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(seen.insert(hash).second);
  }
}
