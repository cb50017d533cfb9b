#include "wzp/crypto/e2e_hello.hpp"

#include <catch2/catch_test_macros.hpp>

#include "e2e_vectors.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;
using namespace wzp::crypto::test;

TEST_CASE("a Hello of the vectors is written and parsed as stated") {
  const TwoParticipants two;
  CHECK(to_hex(two.a.hello_bytes()) == e2e_text("a_hello"));
  CHECK(to_hex(two.b.hello_bytes()) == e2e_text("b_hello"));
  const auto parsed = parse_hello(unhex(e2e_text("a_hello")));
  REQUIRE(parsed);
  CHECK(*parsed == two.a.hello);
}

TEST_CASE("a thousand random Hellos survive the trip through their bytes") {
  SeededRng rng(107);
  for (int i = 0; i < 1000; ++i) {
    Hello hello;
    const std::uint64_t r = rng.next_u64();
    hello.holds_room_secret = r % 2 == 0;
    hello.allows_unencrypted_peers = r % 3 == 0;
    hello.n = 1 + static_cast<std::uint32_t>(r >> 33);
    rng.fill(hello.instance.bytes);
    rng.fill(hello.identity.bytes);
    rng.fill(hello.ephemeral.bytes);
    hello.features = std::string(r % 312, 'f');
    const auto bytes = write_hello(hello);
    REQUIRE(bytes.size() <= kMaxHelloSize);
    REQUIRE(*parse_hello(bytes) == hello);
  }
}

TEST_CASE("every proper prefix of a Hello is refused; bytes after it are ignored up to the limit") {
  auto bytes = unhex(e2e_text("a_hello"));
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    REQUIRE(parse_hello(ByteView(bytes).first(n)).error() == Errc::kTruncated);
  }
  const auto plain = parse_hello(bytes);
  bytes.resize(kMaxHelloSize, std::byte{7});
  CHECK(*parse_hello(bytes) == *plain);
  bytes.push_back(std::byte{7});
  CHECK(parse_hello(bytes).error() == Errc::kMalformed);
}

TEST_CASE("a flipped bit of a Hello gives another Hello or a refusal, unknown flags apart") {
  auto bytes = unhex(e2e_text("a_hello"));
  const auto plain = parse_hello(bytes);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    const auto parsed = parse_hello(bytes);
    const bool unknown_flag = bit / 8 == 2 && bit % 8 >= 2;
    REQUIRE((parsed.has_value() && *parsed == *plain) == unknown_flag);
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
}

TEST_CASE("a Hello of another type or version or with n = 0 is refused") {
  const auto good = unhex(e2e_text("a_hello"));
  for (const std::size_t at : {0, 1}) {
    auto bytes = good;
    bytes[at] = std::byte{2};
    CHECK(parse_hello(bytes).error() == Errc::kMalformed);
  }
  auto bytes = good;
  bytes[6] = std::byte{0};
  CHECK(parse_hello(bytes).error() == Errc::kMalformed);
}
