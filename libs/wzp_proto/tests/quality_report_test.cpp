#include "wzp/proto/quality_report.hpp"

#include <array>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <limits>

#include "hex.hpp"

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;

TEST_CASE("a quality report reads as the worked examples say") {
  const auto report = parse_quality_report(test::from_hex("191e0c40"));
  REQUIRE(report.has_value());
  CHECK(report->loss_percent() == Catch::Approx(9.8039).margin(1e-3));
  CHECK(report->rtt() == 120ms);
  CHECK(report->jitter() == 12ms);
  CHECK(report->bitrate_cap_kbps == 64);
  const auto other = parse_quality_report(test::from_hex("324b0a64"));
  REQUIRE(other.has_value());
  CHECK(*other == QualityReport{50, 75, 10, 100});
  for (std::size_t n = 0; n < 4; ++n) {
    CHECK(parse_quality_report(ByteView(test::from_hex("191e0c40")).first(n)).error() ==
          Errc::kTruncated);
  }
}

TEST_CASE("every quality report survives writing and parsing") {
  for (int value = 0; value < 256; ++value) {
    const auto v = static_cast<std::uint8_t>(value);
    const QualityReport report{v, static_cast<std::uint8_t>(255 - v), 7, v};
    std::array<std::byte, 4> out{};
    REQUIRE(write_quality_report(report, out).value() == 4);
    CHECK(parse_quality_report(out).value() == report);
  }
  std::array<std::byte, 3> small{};
  CHECK(write_quality_report({}, small).error() == Errc::kBufferTooSmall);
}

TEST_CASE("measured values are rounded and clamped to the codes") {
  CHECK(make_quality_report(0, 0ms, 0ms, 0) == QualityReport{0, 0, 0, 0});
  CHECK(make_quality_report(100, 5s, 900ms, 100'000) == QualityReport{255, 255, 255, 255});
  CHECK(make_quality_report(-5, -1ms, -1ms, 1) == QualityReport{0, 0, 0, 1});
  CHECK(make_quality_report(50, 102ms, 10ms, 64) == QualityReport{128, 26, 10, 64});
  CHECK(make_quality_report(std::numeric_limits<float>::quiet_NaN(), 0ms, 0ms, 0).loss_pct == 0);
}
