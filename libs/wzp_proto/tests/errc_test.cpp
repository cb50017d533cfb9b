#include "wzp/proto/errc.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>

using namespace wzp::proto;

TEST_CASE("each error of this library has its own text and is a std::error_code") {
  std::set<std::string> texts;
  for (int number = 1; number <= 23; ++number) {
    const std::error_code code = static_cast<Errc>(number);
    CHECK(code.category().name() == std::string("wzp.proto"));
    CHECK(texts.insert(code.message()).second);
  }
  CHECK(texts.count("unknown error") == 0);
  CHECK(message(static_cast<Errc>(9999)) == "unknown error");
}
