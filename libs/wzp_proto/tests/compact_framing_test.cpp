#include "wzp/proto/compact_framing.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

#include "hex.hpp"
#include "vectors.hpp"

using namespace wzp;
using namespace wzp::proto;
using test::from_hex;
using test::to_hex;

namespace {

QualityReport report_of(const nlohmann::json& fields) {
  return {fields.at("loss_pct").get<std::uint8_t>(), fields.at("rtt_4ms").get<std::uint8_t>(),
          fields.at("jitter_ms").get<std::uint8_t>(),
          fields.at("bitrate_cap_kbps").get<std::uint8_t>()};
}

}  // namespace

TEST_CASE("every recorded compact sequence is written and read as the reference does") {
  const auto vectors = test::load_vectors("wire.json", "compact_sequences");
  REQUIRE(vectors.size() == 6);
  for (const auto& sequence : vectors) {
    CAPTURE(sequence.at("name").get<std::string>());
    CompactWriter writer;
    CompactReader reader;
    int number = 0;
    for (const auto& row : sequence.at("frames")) {
      CAPTURE(number++);
      const auto wire = from_hex(row.at("wire").get<std::string>());
      if (row.contains("input_header") && !row.at("input_header").is_null()) {
        const auto payload = from_hex(row.at("payload").get<std::string>());
        MediaPacketView packet{test::header_of(row.at("input_header")), payload, std::nullopt};
        if (packet.header.has_quality_report && row.contains("quality_report") &&
            !row.at("quality_report").is_null()) {
          packet.report = report_of(row.at("quality_report"));
        } else if (packet.header.has_quality_report && wire[0] == std::byte{0}) {
          packet.report = parse_quality_report(ByteView(wire).last(4)).value();
        }
        std::array<std::byte, 600> out{};
        const std::size_t n = writer.write(packet, out).value();
        CHECK(to_hex(ByteView(out).first(n)) == to_hex(wire));
        CHECK(writer.frames_since_full() == row.at("counter_after").get<std::uint32_t>());
      }
      const auto decoded = reader.read(wire);
      REQUIRE(decoded.has_value());
      CHECK(decoded->header == test::header_of(row.at("decoded_header")));
      const auto& report = row.at("decoded_quality_report");
      REQUIRE(decoded->report.has_value() == !report.is_null());
      if (decoded->report) CHECK(*decoded->report == report_of(report));
    }
  }
}

TEST_CASE("every recorded malformed compact frame is refused") {
  for (const auto& row : test::load_vectors("wire.json", "compact_rejects")) {
    CAPTURE(row.at("name").get<std::string>());
    const auto bytes = from_hex(row.at("hex").get<std::string>());
    CompactReader fresh;
    CHECK_FALSE(fresh.read(bytes).has_value());
    CompactReader primed;
    REQUIRE(primed.read(from_hex("00 003400000000000000000000")).has_value());
    const bool needs_baseline =
        row.at("name").get<std::string>().find("before") != std::string::npos;
    CHECK(primed.read(bytes).has_value() == needs_baseline);
  }
}

TEST_CASE("a failed write or read leaves the compact state alone") {
  CompactWriter writer;
  std::array<std::byte, 32> out{};
  const MediaPacketView packet{};
  CHECK(writer.write(packet, MutableBytes(out).first(0)).error() == Errc::kBufferTooSmall);
  CHECK(writer.write(packet, MutableBytes(out).first(12)).error() == Errc::kBufferTooSmall);
  CHECK(writer.frames_since_full() == 0);
  REQUIRE(writer.write(packet, out).value() == 13);
  CHECK(writer.write(packet, MutableBytes(out).first(4)).error() == Errc::kBufferTooSmall);
  CHECK(writer.frames_since_full() == 1);

  CompactReader reader;
  CHECK(reader.read(from_hex("01 0014 0000")).error() == Errc::kNoBaseline);
  REQUIRE(reader.read(from_hex("00 003400000000000000000000")).has_value());
  CHECK(reader.read(from_hex("01 0014 0002 55")).error() == Errc::kTruncated);
  CHECK(reader.read(from_hex("01 0014 00")).error() == Errc::kTruncated);
  CHECK(reader.read(from_hex("01 0014 0001 55")).value().header.seq == SeqNo16(1));
}
