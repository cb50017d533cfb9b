// What is remembered about tokens, and when the service is left alone.
#include "token_cache.hpp"

#include <catch2/catch_test_macros.hpp>

#include "circuit_breaker.hpp"

using namespace wzp;
using namespace wzp::gateway;
using namespace std::chrono_literals;

namespace {

constexpr Instant kStart{1000s};

relay::TokenVerdict verdict_of(std::uint8_t who) {
  relay::TokenVerdict verdict;
  verdict.kind = relay::TokenVerdict::Kind::kAccepted;
  verdict.fingerprint.bytes[0] = std::byte{who};
  return verdict;
}

}  // namespace

TEST_CASE("a token is known for its time to live, counted from its first answer") {
  TokenCache cache(10s, 5);
  CHECK(cache.find("a", kStart) == nullptr);
  cache.put("a", verdict_of(1), kStart);
  cache.put("a", verdict_of(2), kStart + 5s);
  REQUIRE(cache.find("a", kStart + 9s) != nullptr);
  CHECK(cache.find("a", kStart + 9s)->fingerprint == verdict_of(2).fingerprint);
  CHECK(cache.find("A", kStart + 9s) == nullptr);
  CHECK(cache.find("a", kStart + 10s) == nullptr);
  CHECK(cache.size() == 0);
}

TEST_CASE("a full cache forgets the oldest, and one of no size or time keeps nothing") {
  TokenCache cache(10s, 3);
  for (int i = 0; i < 100; ++i) {
    cache.put(std::to_string(i), verdict_of(1), kStart + i * 1ms);
    CHECK(cache.size() <= 3);
  }
  CHECK(cache.find("96", kStart + 1s) == nullptr);
  CHECK(cache.find("97", kStart + 1s) != nullptr);
  for (TokenCache none : {TokenCache(10s, 0), TokenCache(0s, 3)}) {
    none.put("a", verdict_of(1), kStart);
    CHECK(none.find("a", kStart) == nullptr);
  }
}

TEST_CASE("after failures in a row nothing is asked for the pause, then one question decides") {
  CircuitBreaker breaker(3, 10s);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(breaker.allow(kStart));
    breaker.on_failure(kStart);
  }
  REQUIRE(breaker.allow(kStart));
  breaker.on_success();  // starts the count again
  for (int i = 0; i < 3; ++i) {
    REQUIRE(breaker.allow(kStart));
    breaker.on_failure(kStart);
  }
  CHECK(breaker.is_open());
  CHECK_FALSE(breaker.allow(kStart + 9999ms));
  CHECK(breaker.allow(kStart + 10s));
  CHECK_FALSE(breaker.allow(kStart + 10s));  // one at a time
  breaker.on_failure(kStart + 11s);
  CHECK_FALSE(breaker.allow(kStart + 20s));
  CHECK(breaker.allow(kStart + 21s));
  breaker.on_success();
  CHECK_FALSE(breaker.is_open());
  CHECK(breaker.allow(kStart + 21s));
  CHECK(breaker.allow(kStart + 21s));
}
