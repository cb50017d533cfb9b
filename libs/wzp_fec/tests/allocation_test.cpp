// Nothing on the media path allocates.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "support/allocation_counter.hpp"
#include "wzp/fec/block_decoder.hpp"
#include "wzp/fec/block_encoder.hpp"
#include "wzp/fec/frame_block_decoder.hpp"
#include "wzp/fec/frame_block_encoder.hpp"

namespace wzp::fec {
namespace {

TEST_CASE("encoding and decoding a block allocates nothing") {
  const auto k = GENERATE(5U, 10U, 64U, 300U);
  auto encoder = BlockEncoder::create({k, 256});
  auto decoder = BlockDecoder::create({k, 256});
  std::array<std::byte, 256> symbol{};
  bool decoded = false;
  const std::size_t count = test::allocations_of([&] {
    for (std::uint8_t block = 0; block < 3; ++block) {
      for (std::uint32_t i = 0; i < k; ++i) {
        symbol[0] = static_cast<std::byte>(i);
        static_cast<void>(encoder->set_source(i, symbol));
      }
      decoder->reset(block);
      for (std::uint32_t esi = k / 3; !decoder->decodable(); ++esi) {
        static_cast<void>(encoder->encode(esi, symbol));
        static_cast<void>(decoder->add({block, esi}, symbol));
      }
      decoded = decoder->decode().has_value();
    }
  });
  CHECK(decoded);
  CHECK(count == 0);
}

TEST_CASE("a large block allocates nothing once one like it has been decoded") {
  constexpr std::uint32_t kSymbols = 1000;
  auto encoder = BlockEncoder::create({kSymbols, 64});
  auto decoder = BlockDecoder::create({kSymbols, 64});
  std::array<std::byte, 64> symbol{};
  const auto decode_block = [&](std::uint8_t block) {
    for (std::uint32_t i = 0; i < kSymbols; ++i) static_cast<void>(encoder->set_source(i, symbol));
    decoder->reset(block);
    for (std::uint32_t esi = 100; !decoder->decodable(); ++esi) {
      static_cast<void>(encoder->encode(esi, symbol));
      static_cast<void>(decoder->add({block, esi}, symbol));
    }
    static_cast<void>(decoder->decode());
  };
  decode_block(0);
  CHECK(test::allocations_of([&] { decode_block(1); }) == 0);
}

TEST_CASE("a media stream's frames are protected and recovered without allocating") {
  const auto policy = GENERATE(SymbolPolicy::kLegacy256Trimmed, SymbolPolicy::kFitBlock);
  auto sender = FrameBlockEncoder::create({.layout = {10, 0.5F, policy}});
  auto receiver = FrameBlockDecoder::create();
  const ReceivedLayout layout{10, std::chrono::milliseconds(40)};
  std::array<std::byte, 60> frame{};
  std::size_t recovered = 0;
  const std::size_t count = test::allocations_of([&] {
    MediaTime32 time;
    Instant now{};
    for (unsigned i = 0; i < 1000; ++i, time = time + 40, now += std::chrono::milliseconds(40)) {
      frame[0] = static_cast<std::byte>(i);
      const auto place = sender->add_frame(ByteView(frame).first(30 + i % 30));
      if (i % 4 != 0) {
        const auto r = receiver->add_source(
            {place->block, place->symbol, time, ByteView(frame).first(30 + i % 30)}, layout, now);
        recovered += r ? r->size() : 0;
      }
      for (std::size_t n = 0; n < sender->repair_count(); ++n) {
        const RepairSymbol s = sender->repair(n);
        const auto r =
            receiver->add_repair({s.block, s.esi, s.hint, time + 40, s.payload}, layout, now);
        recovered += r ? r->size() : 0;
      }
      if (i % 37 == 36) sender->end_block();  // its repair symbols are lost
      receiver->expire(now);
    }
  });
  CHECK(recovered > 150);
  CHECK(count == 0);
}

}  // namespace
}  // namespace wzp::fec
