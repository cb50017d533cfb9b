#include "wzp/proto/media_packet.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

#include "hex.hpp"
#include "vectors.hpp"
#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace wzp::proto;
using test::from_hex;
using test::to_hex;

TEST_CASE("media packet survives serialisation, with and without quality trailer") {
  const auto vectors = test::load_vectors("wire.json", "media_packets");
  REQUIRE(vectors.size() == 4);
  for (const auto& row : vectors) {
    CAPTURE(row.at("name").get<std::string>());
    const auto bytes = from_hex(row.at("hex").get<std::string>());
    const auto parsed = parse_media_packet(bytes);
    REQUIRE(parsed.has_value());
    CHECK(parsed->header == test::header_of(row.at("header")));
    CHECK(to_hex(parsed->payload) == row.at("payload").get<std::string>());
    const auto& report = row.at("quality_report");
    REQUIRE(parsed->report.has_value() == !report.is_null());
    if (parsed->report) {
      CHECK(parsed->report->loss_pct == report.at("loss_pct").get<int>());
      CHECK(parsed->report->rtt_4ms == report.at("rtt_4ms").get<int>());
      CHECK(parsed->report->jitter_ms == report.at("jitter_ms").get<int>());
      CHECK(parsed->report->bitrate_cap_kbps == report.at("bitrate_cap_kbps").get<int>());
    }
    std::array<std::byte, 64> out{};
    const std::size_t n = write_media_packet(*parsed, out).value();
    CHECK(n == encoded_size(*parsed));
    CHECK(to_hex(ByteView(out).first(n)) == to_hex(bytes));
  }
}

TEST_CASE("nine bytes of junk and every recorded malformed packet are refused") {
  CHECK(parse_media_packet(from_hex("010203040506070809")).error() == Errc::kTruncated);
  for (const auto& row : test::load_vectors("wire.json", "media_header_rejects")) {
    CAPTURE(row.at("name").get<std::string>());
    CHECK_FALSE(parse_media_packet(from_hex(row.at("hex").get<std::string>())).has_value());
  }
}

TEST_CASE("every prefix of a packet parses as a shorter packet or fails cleanly") {
  const auto plain = from_hex("003400010000001400010000 aabbcc");
  const auto with_report = from_hex("023400010000001400010000 aabbcc 191e0c40");
  for (std::size_t n = 0; n < with_report.size(); ++n) {
    const auto parsed = parse_media_packet(ByteView(with_report).first(n));
    CHECK(parsed.has_value() == (n >= 16));
    if (!parsed) CHECK(parsed.error() == Errc::kTruncated);
    if (parsed) CHECK(parsed->payload.size() == n - 16);
  }
  for (std::size_t n = 12; n < plain.size(); ++n) {
    CHECK(parse_media_packet(ByteView(plain).first(n)).value().payload.size() == n - 12);
  }
}

TEST_CASE("every bit flip of a packet is parsed without reading outside it") {
  const auto bytes = from_hex("023400010000001400010000 aabbcc 191e0c40");
  int parsed_count = 0;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    const auto parsed = parse_media_packet(flipped);
    if (!parsed) continue;
    ++parsed_count;
    std::array<std::byte, 32> out{};
    const std::size_t n = write_media_packet(*parsed, out).value();
    CHECK(n == bytes.size());
  }
  CHECK(parsed_count > 100);
}

TEST_CASE("the Q bit of a written packet follows the report, not the header") {
  std::array<std::byte, 64> out{};
  MediaPacketView packet;
  packet.header.has_quality_report = true;
  REQUIRE(write_media_packet(packet, out).value() == 12);
  CHECK((std::to_integer<int>(out[0]) & 2) == 0);
  packet.header.has_quality_report = false;
  packet.report = QualityReport{1, 2, 3, 4};
  REQUIRE(write_media_packet(packet, out).value() == 16);
  CHECK((std::to_integer<int>(out[0]) & 2) == 2);
}

TEST_CASE("a packet is not written into a buffer one byte too small") {
  const auto payload = from_hex("aabbcc");
  const MediaPacketView packet{{}, payload, QualityReport{1, 2, 3, 4}};
  std::array<std::byte, 18> small{};
  small.fill(std::byte{0xee});
  CHECK(write_media_packet(packet, small).error() == Errc::kBufferTooSmall);
  for (const std::byte b : small) CHECK(b == std::byte{0xee});
}

TEST_CASE("random packets survive writing and parsing") {
  SeededRng rng(3);
  for (int i = 0; i < 2000; ++i) {
    std::array<std::byte, 300> payload{};
    rng.fill(payload);
    MediaPacketView packet;
    packet.payload = ByteView(payload).first(rng.next_u64() % payload.size());
    packet.header.seq = SeqNo16(static_cast<std::uint16_t>(rng.next_u64()));
    if (rng.next_unit() < 0.5) packet.report = QualityReport{9, 8, 7, 6};
    std::array<std::byte, 400> out{};
    const std::size_t n = write_media_packet(packet, out).value();
    const auto parsed = parse_media_packet(ByteView(out).first(n));
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->header.seq == packet.header.seq);
    REQUIRE(parsed->report == packet.report);
    REQUIRE(to_hex(parsed->payload) == to_hex(packet.payload));
  }
}
