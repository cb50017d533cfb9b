#include "../src/utf8.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace wzp::crypto;

TEST_CASE("names may be shown in any script, but not with characters that hide or turn text") {
  for (const char* good : {"", "Ada", "Zo\xc3\xab", "\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0",
                           "\xe6\x9d\x8e\xe5\x9b\x9b", "Ada \xf0\x9f\x8e\xa7"}) {
    CAPTURE(good);
    CHECK(is_displayable(good));
  }
  for (const char* bad : {"\x1b[2J", "a\nb", "\x7f", "\xc2\x85",
                          "ab\xe2\x80\xae"
                          "c",              // right-to-left override
                          "a\xe2\x80\x8b",  // zero width space
                          "\xe2\x80\xa8", "\xee\x80\x80", "\xff", "\xc0\x80", "\xed\xa0\x80"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_displayable(bad));
  }
}
