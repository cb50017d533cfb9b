#include "wzp/proto/serial.hpp"

#include <catch2/catch_test_macros.hpp>

using wzp::BlockId8;
using wzp::MediaTime32;
using wzp::SeqNo16;

TEST_CASE("a serial number knows newer from older across the wrap") {
  struct Row {
    std::uint16_t from, to;
    int distance;
  };
  const Row rows[] = {{0, 0, 0},          {0, 1, 1},          {1, 0, -1},      {65535, 0, 1},
                      {0, 65535, -1},     {65530, 5, 11},     {5, 65530, -11}, {0, 32767, 32767},
                      {0, 32768, -32768}, {32768, 0, -32768}, {100, 50, -50}};
  for (const Row& row : rows) {
    CAPTURE(row.from, row.to);
    const SeqNo16 from(row.from);
    const SeqNo16 to(row.to);
    CHECK(to.distance_from(from) == row.distance);
    CHECK(to.is_newer_than(from) == (row.distance > 0));
    CHECK(to.is_older_than(from) == (row.distance < 0));
  }
}

TEST_CASE("stepping a serial number wraps at its own width") {
  CHECK((SeqNo16(65535) + 1).value() == 0);
  CHECK((SeqNo16(0) - 1).value() == 65535);
  CHECK((BlockId8(250) + 10).value() == 4);
  CHECK((MediaTime32(0xffffffff) + 20).value() == 19);
  SeqNo16 n(65535);
  CHECK((n++).value() == 65535);
  CHECK((++n).value() == 1);
}

TEST_CASE("every 8-bit pair agrees with the definition of serial distance") {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      int expected = (b - a) & 0xff;
      if (expected >= 128) expected -= 256;
      REQUIRE(BlockId8(static_cast<std::uint8_t>(b))
                  .distance_from(BlockId8(static_cast<std::uint8_t>(a))) == expected);
    }
  }
}
