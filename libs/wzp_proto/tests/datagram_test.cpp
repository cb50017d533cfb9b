#include "wzp/proto/datagram.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "hex.hpp"
#include "wzp/proto/media_packet.hpp"

using namespace wzp;
using namespace wzp::proto;
using test::from_hex;
using test::to_hex;

TEST_CASE("the first byte alone decides what a datagram is") {
  int counts[7] = {};
  for (int first = 0; first < 256; ++first) {
    const std::array<std::byte, 1> byte{static_cast<std::byte>(first)};
    const DatagramKind kind = classify_datagram(byte);
    ++counts[static_cast<int>(kind)];
    const int code = (first >> 2) & 15;
    CHECK((kind == DatagramKind::kMedia2) == (first >= 128));
    if (first < 128) CHECK((kind == DatagramKind::kPlain) == (code <= 5));
    if (first < 128) CHECK((kind == DatagramKind::kMini) == (code == 6));
  }
  CHECK(counts[static_cast<int>(DatagramKind::kMedia2)] == 128);
  CHECK(counts[static_cast<int>(DatagramKind::kPlain)] == 48);
  CHECK(counts[static_cast<int>(DatagramKind::kMini)] == 8);
  CHECK(counts[static_cast<int>(DatagramKind::kTrunk)] == 1);
  CHECK(counts[static_cast<int>(DatagramKind::kSendTo)] == 1);
  CHECK(counts[static_cast<int>(DatagramKind::kUnknown)] == 70);
  CHECK(classify_datagram({}) == DatagramKind::kEmpty);
}

TEST_CASE("every plain packet we write is classified as plain") {
  for (int codec = 0; codec <= 5; ++codec) {
    for (int bits = 0; bits < 8; ++bits) {
      MediaHeader h;
      h.codec = static_cast<CodecId>(codec);
      h.is_repair = (bits & 1) != 0;
      h.has_quality_report = (bits & 2) != 0;
      h.fec_ratio_code = (bits & 4) != 0 ? 127 : 0;
      std::array<std::byte, 12> out{};
      REQUIRE(write_media_header(h, out).has_value());
      CHECK(classify_datagram(out) == DatagramKind::kPlain);
    }
  }
}

TEST_CASE("a trunk datagram is one byte and a trunk frame") {
  std::array<std::byte, 64> room{};
  TrunkDatagramWriter writer(room);
  CHECK(to_hex(writer.bytes()) == "1c0000");
  CHECK(writer.add(StreamId{0x1234}, from_hex("aabb")));
  CHECK(to_hex(writer.bytes()) == "1c000112340002aabb");
  CHECK(classify_datagram(writer.bytes()) == DatagramKind::kTrunk);
  const auto frame = parse_trunk_datagram(writer.bytes());
  REQUIRE(frame.has_value());
  CHECK((*frame->begin()).stream == StreamId{0x1234});
  for (std::size_t n = 0; n < writer.bytes().size(); ++n) {
    CHECK(parse_trunk_datagram(writer.bytes().first(n)).error() == Errc::kTruncated);
  }
  CHECK(parse_trunk_datagram(from_hex("000112340002aabb")).error() == Errc::kUnknownKind);
  writer.clear();
  CHECK(writer.empty());
  TrunkDatagramWriter none{MutableBytes{}};
  CHECK_FALSE(none.add(StreamId{1}, {}));
  CHECK(none.bytes().empty());
}

TEST_CASE("a send-to datagram carries a fingerprint and a body") {
  SendToDatagram message;
  message.fingerprint.fill(std::byte{0xab});
  const auto body = from_hex("010203");
  message.body = body;
  std::array<std::byte, 20> out{};
  REQUIRE(write_send_to(message, out).value() == 20);
  CHECK(to_hex(out) == "20abababababababababababababababab010203");
  CHECK(classify_datagram(out) == DatagramKind::kSendTo);
  const auto parsed = parse_send_to(out);
  REQUIRE(parsed.has_value());
  CHECK(parsed->fingerprint == message.fingerprint);
  CHECK(to_hex(parsed->body) == "010203");
  for (std::size_t n = 0; n < 17; ++n) {
    CHECK(parse_send_to(ByteView(out).first(n)).error() == Errc::kTruncated);
  }
  CHECK(parse_send_to(ByteView(out).first(17)).value().body.empty());
  CHECK(write_send_to(message, MutableBytes(out).first(19)).error() == Errc::kBufferTooSmall);
  out[0] = std::byte{0x24};
  CHECK(parse_send_to(out).error() == Errc::kUnknownKind);
}
