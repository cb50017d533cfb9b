#include "wzp/proto/bytes.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

#include "wzp/proto/expected.hpp"
#include "wzp/proto/rng.hpp"

using namespace wzp;

TEST_CASE("what a writer wrote a reader reads, in network order") {
  std::array<std::byte, 17> buffer{};
  ByteWriter out(buffer);
  out.u8(0x01);
  out.u16(0x0203);
  out.u32(0x04050607);
  out.u64(0x08090a0b0c0d0e0f);
  out.bytes(as_byte_view("hi"));
  REQUIRE(out.ok());
  REQUIRE(out.size() == 17);
  for (std::size_t i = 0; i < 15; ++i) CHECK(std::to_integer<int>(buffer[i]) == int(i) + 1);

  ByteReader in(out.written());
  CHECK(in.u8() == 0x01);
  CHECK(in.u16() == 0x0203);
  CHECK(in.u32() == 0x04050607);
  CHECK(in.u64() == 0x08090a0b0c0d0e0f);
  CHECK(as_text(in.take(2)) == "hi");
  CHECK(in.ok());
  CHECK(in.remaining() == 0);
}

TEST_CASE("a read past the end gives zeros and stays failed") {
  const std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
  ByteReader in(bytes);
  CHECK(in.u16() == 0x0102);
  CHECK(in.u32() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.u8() == 0);
  CHECK_FALSE(in.ok());
}

TEST_CASE("a write past the end writes nothing and stays failed") {
  std::array<std::byte, 3> buffer{};
  ByteWriter out(buffer);
  out.u16(0xffff);
  out.u16(0xeeee);
  CHECK_FALSE(out.ok());
  CHECK(out.size() == 2);
  CHECK(buffer[2] == std::byte{0});
  out.u8(1);
  CHECK_FALSE(out.ok());
}

TEST_CASE("an Expected holds a value or an error") {
  enum class Errc { kBad = 3 };
  const Expected<int, Errc> good = 7;
  const Expected<int, Errc> bad = Unexpected(Errc::kBad);
  CHECK(good.has_value());
  CHECK(*good == 7);
  CHECK(bad.value_or(9) == 9);
  CHECK_FALSE(bad);
  CHECK(bad.error() == Errc::kBad);
  CHECK_THROWS(bad.value());
  const Expected<void, Errc> done;
  CHECK(done);
  CHECK_THROWS(done.error());
}

TEST_CASE("a seeded generator repeats itself and differs by seed") {
  SeededRng a(1);
  SeededRng b(1);
  SeededRng c(2);
  const auto first = a.next_u64();
  CHECK(first == b.next_u64());
  CHECK(first != c.next_u64());
  for (int i = 0; i < 1000; ++i) {
    const double u = a.next_unit();
    REQUIRE(u >= 0.0);
    REQUIRE(u < 1.0);
  }
}
