#include "wzp/fec/object.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <random>

#include "vectors.hpp"

namespace wzp::fec {
namespace {

using test::Bytes;

Bytes random_object(std::size_t size) {
  std::mt19937 random(5);
  Bytes out(size);
  for (std::byte& b : out) b = static_cast<std::byte>(random());
  return out;
}

TEST_CASE("object information has the form of RFC 6330") {
  const auto wire = test::from_hex("000000050000010001000108");
  const auto info = ObjectInfo::parse(wire);
  REQUIRE(info.has_value());
  CHECK(*info == ObjectInfo{1280, 256, 1, 1, 8});
  CHECK(std::ranges::equal(info->to_bytes(), wire));
  CHECK(*ObjectInfo::for_object(1280, 256) == *info);
  for (std::size_t n = 0; n < wire.size(); ++n) {
    CHECK(ObjectInfo::parse(ByteView(wire).first(n)).error() == Errc::kTruncated);
  }
}

TEST_CASE("object information out of range is refused") {
  const auto error = [](const char* hex) { return ObjectInfo::parse(test::from_hex(hex)).error(); };
  CHECK(error("000000000000010001000108") == Errc::kObjectTooLarge);         // nothing
  CHECK(error("ffffffffff00ffff01000101") == Errc::kObjectTooLarge);         // beyond the RFC
  CHECK(error("000000050000000001000108") == Errc::kSymbolSizeOutOfRange);   // T = 0
  CHECK(error("000000050000010101000108") == Errc::kSymbolSizeOutOfRange);   // no multiple of Al
  CHECK(error("000000050000010001000100") == Errc::kSymbolSizeOutOfRange);   // Al = 0
  CHECK(error("000000050000010000000108") == Errc::kSourceCountOutOfRange);  // Z = 0
  CHECK(error("000000050000010006000108") == Errc::kSourceCountOutOfRange);  // more Z than symbols
  CHECK(error("00000fffff00000101000101") == Errc::kSourceCountOutOfRange);  // K > 56403
  CHECK(error("000000050000010001000208") == Errc::kUnsupported);            // N = 2
  CHECK(ObjectInfo::for_object(0, 8).error() == Errc::kObjectTooLarge);
  CHECK(ObjectInfo::for_object(256 * 8, 8, 1).error() == Errc::kObjectTooLarge);
  CHECK(ObjectInfo::for_object(8, 0).error() == Errc::kSymbolSizeOutOfRange);
  CHECK(ObjectInfo::for_object(8, 8, 0).error() == Errc::kSourceCountOutOfRange);
}

TEST_CASE("an object of several blocks survives losses and any order") {
  const auto length = GENERATE(std::size_t{1}, std::size_t{99}, std::size_t{1000},
                               std::size_t{40 * 37 + 1}, std::size_t{30000});
  const Bytes object = random_object(length);
  const auto info = ObjectInfo::for_object(length, 40, 16);
  if (length > 16 * 40 * 255) {
    CHECK_FALSE(info.has_value());
    return;
  }
  REQUIRE(info.has_value());
  auto encoder = ObjectEncoder::create(*info, object);
  auto decoder = ObjectDecoder::create(*info, 1 << 20);
  REQUIRE(encoder.has_value());
  REQUIRE(decoder.has_value());
  std::uint64_t total = 0;
  std::vector<SymbolId> ids;
  for (unsigned z = 0; z < info->source_blocks; ++z) {
    const auto block = static_cast<std::uint8_t>(z);
    total += info->block_symbols(block);
    for (std::uint32_t esi = 0; esi < 2 * info->block_symbols(block) + 2; ++esi) {
      if (esi % 3 != 1) ids.push_back({block, esi});
    }
  }
  CHECK(total == info->total_symbols());
  std::shuffle(ids.begin(), ids.end(), std::mt19937(9));
  Bytes out(length);
  CHECK(decoder->copy_object(out).error() == Errc::kNotDecodable);
  Bytes symbol(40);
  for (const SymbolId id : ids) {
    REQUIRE(encoder->encode(id, symbol).has_value());
    REQUIRE(decoder->add(id, symbol).has_value());
  }
  REQUIRE(decoder->complete());
  REQUIRE(decoder->copy_object(out).has_value());
  CHECK(out == object);
  CHECK(decoder->copy_object(MutableBytes(out).first(length - 1)).error() ==
        Errc::kWrongSymbolSize);
}

TEST_CASE("an object larger than the caller allows takes no memory") {
  ObjectInfo info = *ObjectInfo::for_object(std::uint64_t{1} << 35, 65535);
  CHECK(ObjectDecoder::create(info, 1 << 20).error() == Errc::kObjectTooLarge);
  info = ObjectInfo{1, 65535, 1, 1, 1};
  CHECK(ObjectDecoder::create(info, 100).error() == Errc::kObjectTooLarge);
}

TEST_CASE("symbols of blocks an object does not have are refused") {
  const Bytes object = random_object(100);
  const auto info = ObjectInfo::for_object(100, 10, 5);
  auto encoder = ObjectEncoder::create(*info, object);
  auto decoder = ObjectDecoder::create(*info, 1000);
  Bytes symbol(10);
  CHECK(encoder->encode({2, 0}, symbol).error() == Errc::kWrongBlock);
  CHECK(decoder->add({2, 0}, symbol).error() == Errc::kWrongBlock);
  CHECK(ObjectEncoder::create(*info, ByteView(object).first(99)).error() == Errc::kWrongSymbolSize);
}

}  // namespace
}  // namespace wzp::fec
