#include "wzp/proto/trunk_frame.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "hex.hpp"
#include "vectors.hpp"
#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace wzp::proto;
using test::from_hex;
using test::to_hex;

namespace {

StreamId stream_of(const std::string& hex) { return {ByteReader(from_hex(hex)).u16()}; }

}  // namespace

TEST_CASE("every recorded trunk frame reads to its entries and is written back byte for byte") {
  const auto vectors = test::load_vectors("wire.json", "trunk_frames");
  REQUIRE(vectors.size() == 3);
  for (const auto& row : vectors) {
    const auto bytes = from_hex(row.at("hex").get<std::string>());
    const auto frame = TrunkFrameView::parse(bytes);
    REQUIRE(frame.has_value());
    std::array<std::byte, 256> room{};
    TrunkFrameWriter writer(room);
    std::size_t i = 0;
    for (const TrunkEntry& entry : *frame) {
      const auto& expected = row.at("entries").at(i++);
      CHECK(entry.stream == stream_of(expected.at("session_id").get<std::string>()));
      CHECK(to_hex(entry.payload) == expected.at("payload").get<std::string>());
      CHECK(writer.add(entry.stream, entry.payload));
    }
    CHECK(i == row.at("entries").size());
    CHECK(frame->size() == i);
    CHECK(to_hex(writer.bytes()) == to_hex(bytes));
    CHECK(writer.bytes().size() == row.at("wire_size").get<std::size_t>());
  }
}

TEST_CASE("a cut trunk frame is refused as a whole; bytes behind the last entry are ignored") {
  const auto notes = test::load_vectors("wire.json", "trunk_notes");
  for (const auto& hex : notes.at("rejected")) {
    CHECK(TrunkFrameView::parse(from_hex(hex.get<std::string>())).error() == Errc::kTruncated);
  }
  const auto trailing = from_hex(notes.at("accepted_with_trailing_bytes").get<std::string>());
  CHECK(TrunkFrameView::parse(trailing).value().empty());
  const auto frame = from_hex("0003 abcd 0003 010203 0001 0000 0002 0001 ff");
  for (std::size_t n = 0; n < frame.size(); ++n) {
    CHECK_FALSE(TrunkFrameView::parse(ByteView(frame).first(n)).has_value());
  }
}

TEST_CASE("every bit flip of a trunk frame reads within its bytes or is refused") {
  const auto bytes = from_hex("0003 abcd 0003 010203 0001 0000 0002 0001 ff");
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    const auto frame = TrunkFrameView::parse(flipped);
    if (!frame) continue;
    std::size_t total = kTrunkFrameOverhead;
    for (const TrunkEntry& entry : *frame) total += kTrunkEntryOverhead + entry.payload.size();
    CHECK(total <= bytes.size());
  }
}

TEST_CASE("an entry that does not fit changes nothing and the frame stays valid") {
  std::array<std::byte, 14> room{};
  TrunkFrameWriter writer(room);
  CHECK(to_hex(writer.bytes()) == "0000");
  const auto payload = from_hex("0102030405060708");
  CHECK(writer.add(StreamId{7}, payload));
  CHECK(writer.bytes().size() == 14);
  CHECK_FALSE(writer.add(StreamId{8}, {}));
  CHECK(to_hex(writer.bytes()) == "0001000700080102030405060708");
  writer.clear();
  CHECK(writer.empty());
  CHECK_FALSE(writer.add(StreamId{7}, std::vector<std::byte>(9)));
  CHECK(to_hex(writer.bytes()) == "0000");
}

TEST_CASE("a trunk writer without room for a count takes no entry") {
  std::array<std::byte, 1> room{};
  TrunkFrameWriter writer(room);
  CHECK_FALSE(writer.add(StreamId{1}, {}));
  TrunkFrameWriter none{MutableBytes{}};
  CHECK_FALSE(none.add(StreamId{1}, {}));
  CHECK(none.bytes().empty());
}

TEST_CASE("an entry of 65,535 bytes fits, one of 65,536 does not") {
  std::vector<std::byte> room(70'000);
  TrunkFrameWriter writer(room);
  CHECK_FALSE(writer.add(StreamId{1}, std::vector<std::byte>(65'536)));
  CHECK(writer.add(StreamId{1}, std::vector<std::byte>(65'535)));
  const auto frame = TrunkFrameView::parse(writer.bytes());
  REQUIRE(frame.has_value());
  CHECK((*frame->begin()).payload.size() == 65'535);
}

TEST_CASE("random trunk frames survive writing and reading") {
  SeededRng rng(4);
  for (int round = 0; round < 500; ++round) {
    std::array<std::byte, 1200> room{};
    TrunkFrameWriter writer(room);
    std::vector<std::vector<std::byte>> payloads;
    for (;;) {
      std::vector<std::byte> payload(rng.next_u64() % 200);
      rng.fill(payload);
      if (!writer.add(StreamId{static_cast<std::uint16_t>(payloads.size())}, payload)) break;
      payloads.push_back(std::move(payload));
    }
    const auto frame = TrunkFrameView::parse(writer.bytes());
    REQUIRE(frame.has_value());
    REQUIRE(frame->size() == payloads.size());
    std::size_t i = 0;
    for (const TrunkEntry& entry : *frame) {
      REQUIRE(entry.stream.value == i);
      REQUIRE(to_hex(entry.payload) == to_hex(payloads[i++]));
    }
  }
}
