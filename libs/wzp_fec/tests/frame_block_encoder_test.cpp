#include "wzp/fec/frame_block_encoder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <limits>

#include "vectors.hpp"

namespace wzp::fec {
namespace {

using test::Bytes;

FrameBlockEncoder make_encoder(FrameBlockLayout layout) {
  auto encoder = FrameBlockEncoder::create({.layout = layout});
  REQUIRE(encoder.has_value());
  return std::move(*encoder);
}

Bytes frame_of(std::size_t size, unsigned seed) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::byte>(seed * 31 + i * 7 + 1);
  return out;
}

Bytes copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

TEST_CASE("legacy repair symbols are the reference's without the zeros at their end") {
  const auto file = test::load_vectors("fec_wire.json");
  for (const auto& v : file["cases"]) {
    const auto k = v["source_symbols"].get<std::uint8_t>();
    FrameBlockEncoder encoder = make_encoder({k, v["ratio"].get<float>()});
    for (std::uint8_t i = 0; i < k; ++i) {
      const auto place =
          encoder.add_frame(test::from_hex(v["source_payloads"][i].get<std::string>()));
      REQUIRE(place.has_value());
      CHECK(place->symbol == i);
      CHECK(place->block_complete == (i + 1 == k));
    }
    INFO("K " << int{k} << " ratio " << v["ratio"]);
    REQUIRE(encoder.repair_count() == v["repair"].size());
    for (std::size_t r = 0; r < encoder.repair_count(); ++r) {
      const RepairSymbol repair = encoder.repair(r);
      CHECK(repair.block == BlockId8(0));
      CHECK(repair.hint == 0);
      CHECK(repair.esi == v["repair"][r]["fec_symbol"]);
      CHECK(repair.payload.size() == v["repair_nonzero_bound"]);
      CHECK(copy(repair.payload) ==
            test::from_hex(v["repair"][r]["hex_first_bytes"].get<std::string>()));
    }
  }
}

TEST_CASE("a repair symbol's coefficients are those of the specification") {
  const auto file = test::load_vectors("fec_wire.json");
  for (const auto& [key, table] : file["repair_coefficients_gf256_poly_0x11d"].items()) {
    const auto k = static_cast<std::uint8_t>(std::stoi(key));
    // One frame of a single byte 1 behind its prefix at a time shows one coefficient at a time.
    for (std::uint8_t s = 0; s < k; ++s) {
      FrameBlockEncoder encoder = make_encoder({k, 2.0F, SymbolPolicy::kFitBlock});
      for (std::uint8_t i = 0; i < k; ++i) {
        REQUIRE(encoder.add_frame(Bytes(1, std::byte{i == s})).has_value());
      }
      for (std::size_t r = 0; r < encoder.repair_count(); ++r) {
        const Bytes row = test::from_hex(table["rows"][r].get<std::string>());
        CHECK(copy(encoder.repair(r).payload) == Bytes{row[s]});
      }
    }
  }
}

TEST_CASE("the number of repair symbols is rounded up in single precision") {
  CHECK(repair_symbols_for(5, 0.2F) == 1);
  CHECK(repair_symbols_for(10, 0.5F) == 5);
  CHECK(repair_symbols_for(8, 1.0F) == 8);
  CHECK(repair_symbols_for(5, 0.3F) == 2);
  CHECK(repair_symbols_for(10, 0.3F) == 3);
  CHECK(repair_symbols_for(10, 0.7F) == 7);
  CHECK(repair_symbols_for(5, 0.0F) == 0);
  CHECK(repair_symbols_for(5, -1.0F) == 0);
  CHECK(repair_symbols_for(5, std::numeric_limits<float>::quiet_NaN()) == 0);
  CHECK(repair_symbols_for(5, 99.0F) == 10);
}

TEST_CASE("blocks follow one another and their ids wrap") {
  FrameBlockEncoder encoder = make_encoder({2, 0.5F});
  for (int block = 0; block < 600; ++block) {
    for (std::uint8_t i = 0; i < 2; ++i) {
      const auto place = encoder.add_frame(frame_of(10, 1));
      REQUIRE(place.has_value());
      CHECK(place->block == BlockId8(static_cast<std::uint8_t>(block)));
      CHECK(place->symbol == i);
      CHECK(encoder.repair_count() == i);
    }
    CHECK(encoder.repair(0).block == BlockId8(static_cast<std::uint8_t>(block)));
    CHECK(encoder.repair(0).esi == 2);
  }
}

TEST_CASE("a legacy block ended at a pause is coded as if empty frames followed") {
  FrameBlockEncoder whole = make_encoder({5, 1.0F});
  FrameBlockEncoder cut = make_encoder({5, 1.0F});
  for (unsigned i = 0; i < 3; ++i) REQUIRE(cut.add_frame(frame_of(20 + i, i)).has_value());
  CHECK(cut.repair_count() == 0);
  CHECK(cut.end_block() == 3);  // the ratio applies to the frames there are
  CHECK(cut.repair(0).esi == 5);
  CHECK(cut.repair(0).payload.size() == 24);
  CHECK(cut.open_block() == BlockId8(1));
  CHECK(cut.frames_in_block() == 0);
  // Ending nothing ends nothing.
  CHECK(cut.end_block() == 0);
  CHECK(cut.repair_count() == 0);
  CHECK(cut.open_block() == BlockId8(1));
}

TEST_CASE("with fec-symsize symbols have the size the block needs and say how many frames it has") {
  FrameBlockEncoder encoder = make_encoder({8, 1.0F, SymbolPolicy::kFitBlock});
  for (unsigned i = 0; i < 8; ++i) REQUIRE(encoder.add_frame(frame_of(6, i)).has_value());
  REQUIRE(encoder.repair_count() == 8);
  CHECK(encoder.repair(0).payload.size() == 6);  // all of one length: no prefix, exactly 100 %
  CHECK(BlockHint::from_wire(encoder.repair(0).hint) == BlockHint{8, true});
  CHECK(encoder.repair(7).esi == 15);

  REQUIRE(encoder.add_frame(frame_of(6, 1)).has_value());
  REQUIRE(encoder.add_frame(frame_of(9, 2)).has_value());
  REQUIRE(encoder.end_block() == 2);
  CHECK(encoder.repair(0).payload.size() == 11);
  CHECK(BlockHint::from_wire(encoder.repair(0).hint) == BlockHint{2, false});
  CHECK(encoder.repair(0).esi == 2);
}

TEST_CASE("a change of layout ends the block, so that no id has two meanings") {
  FrameBlockEncoder encoder = make_encoder({5, 0.2F});
  REQUIRE(encoder.add_frame(frame_of(30, 0)).has_value());
  REQUIRE(encoder.set_layout({10, 0.5F}).has_value());
  CHECK(encoder.repair_count() == 1);
  CHECK(encoder.repair(0).block == BlockId8(0));
  const auto place = encoder.add_frame(frame_of(30, 1));
  REQUIRE(place.has_value());
  CHECK(place->block == BlockId8(1));
  CHECK(place->symbol == 0);
  CHECK(encoder.repair_count() == 0);

  CHECK(encoder.set_layout({0, 0.5F}).error() == Errc::kSourceCountOutOfRange);
  CHECK(encoder.set_layout({33, 0.5F}).error() == Errc::kSourceCountOutOfRange);
  CHECK(encoder.frames_in_block() == 1);
  CHECK(encoder.layout() == FrameBlockLayout{10, 0.5F});
}

TEST_CASE("frames that cannot be repaired are refused") {
  FrameBlockEncoder encoder = make_encoder({5, 0.2F});
  CHECK(encoder.add_frame({}).error() == Errc::kFrameEmpty);
  CHECK(encoder.add_frame(Bytes(255)).error() == Errc::kFrameTooLong);
  CHECK(encoder.frames_in_block() == 0);
  CHECK(encoder.add_frame(Bytes(254)).has_value());
}

TEST_CASE("options out of range are refused") {
  const auto error = [](FrameBlockEncoderOptions options) {
    return FrameBlockEncoder::create(options).error();
  };
  CHECK(error({.layout = {0}}) == Errc::kSourceCountOutOfRange);
  CHECK(error({.layout = {33}}) == Errc::kSourceCountOutOfRange);
  CHECK(error({.max_frames_per_block = 128}) == Errc::kSourceCountOutOfRange);
  CHECK(error({.max_frame_bytes = 255}) == Errc::kSymbolSizeOutOfRange);
  CHECK(error({.layout = {127, 2.0F}, .max_frames_per_block = 127}) == Errc::kTooManyRepairSymbols);
  CHECK(FrameBlockEncoder::create(
            {.layout = {5, 0.2F, SymbolPolicy::kFitBlock}, .max_frame_bytes = 1200})
            .has_value());
}

TEST_CASE("profiles and layouts of reference senders are known") {
  CHECK(layout_of(proto::kProfileDegraded, SymbolPolicy::kFitBlock) ==
        FrameBlockLayout{10, 0.5F, SymbolPolicy::kFitBlock});
  using std::chrono::milliseconds;
  CHECK(infer_layout(proto::CodecId::kOpus24k, 13) == ReceivedLayout{5, milliseconds(20)});
  CHECK(infer_layout(proto::CodecId::kOpus6k, 32) == ReceivedLayout{10, milliseconds(40)});
  CHECK(infer_layout(proto::CodecId::kCodec2_1200, 64) == ReceivedLayout{8, milliseconds(40)});
  CHECK(infer_layout(proto::CodecId::kOpus24k, 32) == ReceivedLayout{});
}

}  // namespace
}  // namespace wzp::fec
