#include "wzp/proto/media2_packet.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "hex.hpp"
#include "wzp/proto/datagram.hpp"
#include "wzp/proto/rng.hpp"

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;
using test::from_hex;
using test::to_hex;

namespace {

std::vector<std::byte> bytes(std::size_t n, unsigned first) {
  std::vector<std::byte> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(static_cast<std::byte>(first + i));
  return out;
}

struct Row {
  const char* what;
  const char* hex;
  std::optional<Errc> error;
};

}  // namespace

TEST_CASE("media/2 headers come back as they were written, and are media/2 to a relay") {
  for (const Media2Header& header :
       {Media2Header{false, 0x10, SeqNo16(0)}, Media2Header{false, 0x23, SeqNo16(0x1234)},
        Media2Header{true, 0xff, SeqNo16(65535)}}) {
    const auto wire = write_media2_header(header);
    CHECK(classify_datagram(wire) == DatagramKind::kMedia2);
    const auto parsed = parse_media2_header(wire);
    REQUIRE(parsed);
    CHECK(*parsed == header);
  }
  CHECK(to_hex(write_media2_header({false, 0x23, SeqNo16(0x1234)})) == "80231234");
  CHECK(to_hex(write_media2_header({true, 0x10, SeqNo16(1)})) == "c0100001");
}

TEST_CASE("a media/2 header that says something unknown is refused") {
  const Row rows[] = {
      {"nothing", "", Errc::kTruncated},
      {"cut", "80 10 00", Errc::kTruncated},
      {"plain packet", "00 10 0000", Errc::kUnknownKind},
      {"plain packet, cut", "00 10", Errc::kUnknownKind},
      {"reserved bit", "81 10 0000", Errc::kUnknownVersion},
      {"reserved bit, control", "e0 10 0000", Errc::kUnknownVersion},
      {"no epoch", "80 00 0000", Errc::kMalformed},
      {"sealed part behind it", "80 10 0000 aabb", std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto parsed = parse_media2_header(from_hex(row.hex));
    CHECK(parsed.has_value() == !row.error);
    if (!parsed && row.error) CHECK(parsed.error() == *row.error);
  }
}

TEST_CASE("media/2 payloads have the documented bytes") {
  std::array<std::byte, 64> room{};
  SECTION("one Opus unit") {
    Media2Writer w(room);
    w.begin({CodecId::kOpus24k, 40ms}, Media2Time(0x123), false);
    w.finish(bytes(3, 0xa0));
    REQUIRE(w.ok());
    CHECK(to_hex(w.bytes()) == to_hex(from_hex("1123 00 a0a1a2")));
  }
  SECTION("two copies and a section") {
    Media2Writer w(room);
    w.begin({CodecId::kOpus16k, 60ms}, Media2Time(0xfff), false);
    w.add_section(Media2Sections::kFeedback, bytes(2, 0x70));
    w.add_section(9, bytes(1, 0x60));
    w.add_copy(1, bytes(2, 0xb0));
    w.add_copy(3, bytes(1, 0xc0));
    w.finish(bytes(2, 0xa0));
    REQUIRE(w.ok());
    CHECK(to_hex(w.bytes()) ==
          to_hex(from_hex("2fff 45  81 02 7071  09 01 60  02 b0b1  01 c0  a0a1")));
  }
  SECTION("Codec2 units have no lengths") {
    Media2Writer w(room);
    w.begin({CodecId::kCodec2_1200, 120ms}, Media2Time(0), false);
    w.add_copy(1, bytes(18, 0x20));
    w.finish(bytes(18, 0x00));
    REQUIRE(w.ok());
    CHECK(w.bytes().size() == 3 + 18 + 18);
  }
  SECTION("silence with a last copy") {
    Media2Writer w(room);
    w.begin({CodecId::kOpus24k, 40ms}, Media2Time(7), true);
    w.add_copy(1, bytes(2, 0xb0));
    w.finish(bytes(1, 0x0c));
    REQUIRE(w.ok());
    CHECK(to_hex(w.bytes()) == to_hex(from_hex("1007 81 02 b0b1 0c")));
  }
  SECTION("control") {
    Media2Writer w(room);
    w.add_section(Media2Sections::kFeedback, bytes(2, 0x70));
    REQUIRE(w.ok());
    CHECK(to_hex(w.bytes()) == "01027071");
    auto sections = parse_media2_control(w.bytes());
    REQUIRE(sections);
    CHECK(to_hex(*sections->find(Media2Sections::kFeedback)) == "7071");
  }
}

TEST_CASE("a payload is read as it was written, every shorter one fails or has a shorter unit") {
  SeededRng rng(3);
  for (int round = 0; round < 2000; ++round) {
    CAPTURE(round);
    const auto code = static_cast<std::uint8_t>(rng.next_u64() % 11);
    const Media2Shape shape = *media2_shape_from_code(code);
    const bool silent = rng.next_u64() % 4 == 0;
    const auto unit_of = [&](unsigned first) {
      const std::size_t fixed = shape.fixed_size();
      return bytes(fixed != 0 ? fixed : 1 + rng.next_u64() % 130, first);
    };
    std::array<std::byte, Media2Payload::kMostBytes> room{};
    Media2Writer w(room);
    const Media2Time time(static_cast<std::uint16_t>(rng.next_u64() % 4096));
    w.begin(shape, time, silent);
    const std::size_t sections = rng.next_u64() % 3;
    for (std::size_t i = 0; i < sections; ++i) w.add_section(5, bytes(i + 1, 7));
    std::array<std::vector<std::byte>, 6> copies;
    for (std::size_t i = 0; i < copies.size(); ++i) {
      if (rng.next_u64() % 2 == 0) continue;
      copies[i] = unit_of(static_cast<unsigned>(i));
      w.add_copy(i + 1, copies[i]);
    }
    const auto unit = silent ? bytes(1, 9) : unit_of(100);
    w.finish(unit);
    REQUIRE(w.ok());

    const auto p = parse_media2_payload(w.bytes());
    REQUIRE(p);
    CHECK(p->shape == shape);
    CHECK(p->time == time);
    CHECK(p->is_silent == silent);
    CHECK(to_hex(p->unit) == to_hex(unit));
    std::size_t span = 0;
    for (std::size_t i = 0; i < copies.size(); ++i) {
      CHECK(to_hex(p->copies[i]) == to_hex(copies[i]));
      if (!copies[i].empty()) span = i + 1;
    }
    CHECK(p->span_units() == span);
    Media2Sections read = p->sections;
    std::size_t seen = 0;
    while (const auto section = read.next()) {
      CHECK(section->type == 5);
      CHECK(section->value.size() == ++seen);
    }
    CHECK(seen == sections);

    for (std::size_t n = 0; n < w.bytes().size(); ++n) {
      const auto cut = parse_media2_payload(w.bytes().first(n));
      if (!cut) continue;
      CHECK_FALSE(silent);
      CHECK(shape.fixed_size() == 0);
      CHECK(cut->unit.size() < unit.size());
    }
  }
}

TEST_CASE("a malformed media/2 payload is refused, and says why") {
  const Row rows[] = {
      {"empty", "", Errc::kTruncated},
      {"shape without mask", "1000", Errc::kTruncated},
      {"no unit", "1000 00", Errc::kTruncated},
      {"shape not assigned", "b000 00 aa", Errc::kUnknownCodec},
      {"copy cut", "1000 01 05 aaaa", Errc::kTruncated},
      {"copy of no bytes", "1000 01 00 aa", Errc::kMalformed},
      {"copy takes all", "1000 01 02 aaaa", Errc::kTruncated},
      {"Codec2 unit too short", "a000 00 aaaa", Errc::kLengthMismatch},
      {"noise level of two bytes", "1000 80 aaaa", Errc::kMalformed},
      {"noise level missing", "1000 80", Errc::kTruncated},
      {"section cut", "1000 40 01 05 aa", Errc::kTruncated},
      {"section of type 0", "1000 40 00 01 aa bb", Errc::kMalformed},
      {"empty section", "1000 40 01 00 bb", Errc::kMalformed},
      {"section, no unit", "1000 40 01 01 bb", Errc::kTruncated},
      {"nine sections", "1000 40 810100 810100 810100 810100 810100 810100 810100 810100 010100 aa",
       Errc::kTooMany},
      {"eight sections", "1000 40 810100 810100 810100 810100 810100 810100 810100 010100 aa",
       std::nullopt},
      {"two-byte length", "1000 01 fd00 aa", Errc::kTruncated},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto parsed = parse_media2_payload(from_hex(row.hex));
    CHECK(parsed.has_value() == !row.error);
    if (!parsed && row.error) CHECK(parsed.error() == *row.error);
  }
  CHECK(parse_media2_payload(bytes(1201, 0)).error() == Errc::kTooLong);
  CHECK(parse_media2_control(from_hex("01 01 aa bb")).error() == Errc::kTrailingBytes);
  CHECK(parse_media2_control({}).error() == Errc::kTruncated);
}

TEST_CASE("distant copies carry a shape and a distance of their own") {
  std::array<std::byte, 64> room{};
  Media2Writer w(room);
  w.begin({CodecId::kOpus24k, 40ms}, Media2Time(100), false);
  w.add_distant_copy({{CodecId::kCodec2_1200, 120ms}, 6, bytes(18, 0x20)});
  w.finish(bytes(3, 0xa0));
  REQUIRE(w.ok());
  const auto p = parse_media2_payload(w.bytes());
  REQUIRE(p);
  const auto copy = parse_media2_distant_copy(*p->sections.find(Media2Sections::kDistantCopy));
  REQUIRE(copy);
  CHECK(copy->shape == Media2Shape{CodecId::kCodec2_1200, 120ms});
  CHECK(copy->steps_back == 6);
  CHECK(to_hex(copy->unit) == to_hex(bytes(18, 0x20)));

  CHECK(parse_media2_distant_copy(from_hex("01")).error() == Errc::kTruncated);
  CHECK(parse_media2_distant_copy(from_hex("0102")).error() == Errc::kTruncated);
  CHECK(parse_media2_distant_copy(from_hex("0f02aa")).error() == Errc::kUnknownCodec);
  CHECK(parse_media2_distant_copy(from_hex("0100aa")).error() == Errc::kMalformed);
  CHECK(parse_media2_distant_copy(from_hex("0a01aa")).error() == Errc::kLengthMismatch);
}

TEST_CASE("the writer refuses what a parser would, and what does not fit") {
  const Media2Shape shape{CodecId::kOpus24k, 40ms};
  std::array<std::byte, 40> room{};
  const auto broken = [&](auto&& write) {
    Media2Writer w(room);
    write(w);
    return !w.ok();
  };
  CHECK(broken([&](auto& w) { w.begin({CodecId::kOpus24k, 30ms}, Media2Time(0), false); }));
  CHECK(broken([&](auto& w) { w.finish(bytes(1, 0)); }));
  CHECK(broken([&](auto& w) {
    w.begin(shape, Media2Time(0), false);
    w.finish({});
  }));
  CHECK(broken([&](auto& w) {
    w.begin(shape, Media2Time(0), false);
    w.add_copy(2, bytes(1, 0));
    w.add_copy(1, bytes(1, 0));
  }));
  CHECK(broken([&](auto& w) {
    w.begin(shape, Media2Time(0), false);
    w.add_copy(7, bytes(1, 0));
  }));
  CHECK(broken([&](auto& w) {
    w.begin(shape, Media2Time(0), false);
    w.add_copy(1, bytes(1, 0));
    w.add_section(1, bytes(1, 0));
  }));
  CHECK(broken([&](auto& w) {
    w.begin(shape, Media2Time(0), false);
    w.finish(bytes(38, 0));
  }));
  CHECK(broken([&](auto& w) {
    w.begin({CodecId::kCodec2_3200, 20ms}, Media2Time(0), false);
    w.finish(bytes(7, 0));
  }));
}

TEST_CASE("media time on the wire wraps after 81.92 s and keeps its order within half of that") {
  CHECK(Media2Time::of(MediaTime32(0)).steps() == 0);
  CHECK(Media2Time::of(MediaTime32(81920)).steps() == 0);
  CHECK(Media2Time(1).distance_from(Media2Time(4095)) == 2);
  CHECK(Media2Time(4095).distance_from(Media2Time(1)) == -2);
  CHECK(Media2Time(2048).distance_from(Media2Time(0)) == -2048);
}
