#include "wzp/proto/media_header.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>

#include "hex.hpp"
#include "vectors.hpp"
#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace wzp::proto;
using test::from_hex;
using test::to_hex;

namespace {

MediaHeader random_header(Rng& rng) {
  const std::uint64_t a = rng.next_u64();
  const std::uint64_t b = rng.next_u64();
  MediaHeader h;
  h.version = a & 1;
  h.is_repair = (a >> 1 & 1) != 0;
  h.codec = static_cast<CodecId>((a >> 2) % 6);
  h.has_quality_report = (a >> 8 & 1) != 0;
  h.fec_ratio_code = a >> 9 & 0x7f;
  h.seq = SeqNo16(static_cast<std::uint16_t>(a >> 16));
  h.timestamp = MediaTime32(static_cast<std::uint32_t>(a >> 32));
  h.fec_block = BlockId8(static_cast<std::uint8_t>(b));
  h.fec_symbol = static_cast<std::uint8_t>(b >> 8);
  h.reserved = static_cast<std::uint8_t>(b >> 16);
  h.csrc_count = static_cast<std::uint8_t>(b >> 24);
  return h;
}

}  // namespace

TEST_CASE("every recorded media header parses to its fields and is written back byte for byte") {
  const auto vectors = test::load_vectors("wire.json", "media_headers");
  REQUIRE(vectors.size() == 9);
  for (const auto& row : vectors) {
    CAPTURE(row.at("name").get<std::string>());
    const auto bytes = from_hex(row.at("hex").get<std::string>());
    const auto parsed = parse_media_header(bytes);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == test::header_of(row.at("fields")));
    std::array<std::byte, 12> out{};
    REQUIRE(write_media_header(*parsed, out).value() == 12);
    CHECK(to_hex(out) == to_hex(bytes));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      CHECK(parse_media_header(ByteView(bytes).first(n)).error() == Errc::kTruncated);
    }
  }
}

TEST_CASE("the worked header examples of the relay specification parse") {
  const auto h = parse_media_header(from_hex("04 40 002a 000003e8 01 00 00 00"));
  REQUIRE(h.has_value());
  CHECK(h->codec == CodecId::kOpus16k);
  CHECK(h->fec_ratio_code == 16);
  CHECK(h->seq == SeqNo16(42));
  CHECK(h->timestamp == MediaTime32(1000));
  CHECK(h->fec_block == BlockId8(1));
  const auto pcm = parse_media_header(from_hex("00 00 0000 00000000 00 00 00 00"));
  REQUIRE(pcm.has_value());
  CHECK(*pcm == MediaHeader{});
}

TEST_CASE("codec ids 6 to 15 make a plain header unparsable, whatever the other bits say") {
  for (int flags = 0; flags < 256; ++flags) {
    auto bytes = from_hex("00 34 0000 00000000 00 00 00 00");
    bytes[0] = static_cast<std::byte>(flags);
    const auto parsed = parse_media_header(bytes);
    const bool known = ((flags >> 2) & 15) <= 5;
    REQUIRE(parsed.has_value() == known);
    if (!known) REQUIRE(parsed.error() == Errc::kUnknownCodec);
  }
}

TEST_CASE("random headers survive writing and parsing") {
  SeededRng rng(1);
  for (int i = 0; i < 20'000; ++i) {
    const MediaHeader h = random_header(rng);
    std::array<std::byte, 12> out{};
    REQUIRE(write_media_header(h, out).has_value());
    REQUIRE(parse_media_header(out).value() == h);
  }
}

TEST_CASE("each flipped header bit changes the parsed value or is one of the two unused bits") {
  SeededRng rng(2);
  for (int i = 0; i < 200; ++i) {
    const MediaHeader h = random_header(rng);
    std::array<std::byte, 12> out{};
    REQUIRE(write_media_header(h, out).has_value());
    for (std::size_t bit = 0; bit < 96; ++bit) {
      auto flipped = out;
      flipped[bit / 8] ^= static_cast<std::byte>(0x80 >> bit % 8);
      const auto parsed = parse_media_header(flipped);
      const bool unused = bit == 14 || bit == 15;
      if (parsed) {
        REQUIRE((*parsed == h) == unused);
      } else {
        REQUIRE(parsed.error() == Errc::kUnknownCodec);
        REQUIRE((bit >= 2 && bit <= 5));
      }
    }
  }
}

TEST_CASE("a header is not written into less than 12 bytes") {
  std::array<std::byte, 11> small{};
  small.fill(std::byte{0xee});
  CHECK(write_media_header({}, small).error() == Errc::kBufferTooSmall);
  for (const std::byte b : small) CHECK(b == std::byte{0xee});
}

TEST_CASE("the FEC ratio code rounds, saturates at 2.0 and is 0 for negative ratios and NaN") {
  for (const auto& row : test::load_vectors("wire.json", "fec_ratio")) {
    const auto ratio = row.at("ratio").get<float>();
    CAPTURE(ratio);
    const std::uint8_t code = encode_fec_ratio(ratio);
    CHECK(code == row.at("encoded").get<int>());
    CHECK(decode_fec_ratio(code) == row.at("decoded").get<float>());
  }
  CHECK(encode_fec_ratio(std::numeric_limits<float>::quiet_NaN()) == 0);
  CHECK(encode_fec_ratio(std::numeric_limits<float>::infinity()) == 127);
  CHECK(encode_fec_ratio(-std::numeric_limits<float>::infinity()) == 0);
  for (int code = 0; code < 128; ++code) {
    CHECK(encode_fec_ratio(decode_fec_ratio(static_cast<std::uint8_t>(code))) == code);
  }
}
