// Lines of a log, in both forms.
#include "wzp/relay/log_line.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace wzp::relay;
using namespace std::chrono_literals;

namespace {
std::string line(LogFormat format, std::string_view value) {
  return LogLine(format, "bad_input", "bad input")
      .field("what", value)
      .field("size", 7U)
      .field("elapsed_ms", 12'034'567ns)
      .text();
}
}  // namespace

TEST_CASE("a log line has its event and its values, for people and for programs") {
  CHECK(line(LogFormat::kText, "plain") == "bad input what=plain size=7 elapsed_ms=12.034");
  CHECK(line(LogFormat::kJson, "plain") ==
        R"("event":"bad_input","what":"plain","size":7,"elapsed_ms":12.034)");
}

TEST_CASE("a value in a log line cannot look like another value or another line") {
  CHECK(line(LogFormat::kText, "a b=c\nd") ==
        "bad input what=\"a b=c\\u000ad\" size=7 elapsed_ms=12.034");
  CHECK(line(LogFormat::kText, "").find("what=\"\" ") != std::string::npos);
  CHECK(line(LogFormat::kText, "a=b").find("what=\"a=b\" ") != std::string::npos);
  CHECK(line(LogFormat::kJson, "a\"b\\\xff").find("\"what\":\"a\\\"b\\\\\\u00ff\",") !=
        std::string::npos);
}
