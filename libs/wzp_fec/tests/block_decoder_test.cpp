#include "wzp/fec/block_decoder.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <numeric>
#include <random>

#include "vectors.hpp"
#include "wzp/fec/block_encoder.hpp"

namespace wzp::fec {
namespace {

using test::Bytes;

// A block of random symbols, and any of its encoding symbols.
class Block {
 public:
  Block(std::uint32_t k, std::size_t size, unsigned seed = 1)
      : k_(k), size_(size), encoder_(std::move(*BlockEncoder::create({k, size}))) {
    std::mt19937 random(seed);
    for (std::uint32_t i = 0; i < k; ++i) {
      Bytes symbol(size);
      for (std::byte& b : symbol) b = static_cast<std::byte>(random());
      REQUIRE(encoder_.set_source(i, symbol).has_value());
    }
  }
  Bytes symbol(std::uint32_t esi) {
    Bytes out(size_);
    REQUIRE(encoder_.encode(esi, out).has_value());
    return out;
  }
  bool is_recovered_by(const BlockDecoder& decoder) const {
    for (std::uint32_t i = 0; i < k_; ++i) {
      if (!decoder.has_source(i)) return false;
      if (!std::ranges::equal(decoder.source(i), encoder_.source(i))) return false;
    }
    return true;
  }

 private:
  std::uint32_t k_;
  std::size_t size_;
  BlockEncoder encoder_;
};

BlockDecoder make_decoder(std::uint32_t k, std::size_t size, BlockDecoderOptions options = {}) {
  auto decoder = BlockDecoder::create({k, size}, options);
  REQUIRE(decoder.has_value());
  return std::move(*decoder);
}

TEST_CASE("a block is recovered from random symbols in random order with repetitions") {
  const auto k = GENERATE(1U, 2U, 5U, 10U, 11U, 26U, 63U, 129U, 300U, 520U, 527U, 1002U);
  const unsigned seed = 17 + k;
  INFO("K " << k << ", seed " << seed);
  std::mt19937 random(seed);
  Block block(k, 20, seed);
  for (int round = 0; round < 12; ++round) {
    std::vector<std::uint32_t> esis(2 * k + 8);
    std::iota(esis.begin(), esis.end(), 0U);
    std::shuffle(esis.begin(), esis.end(), random);
    BlockDecoder decoder = make_decoder(k, 20);
    std::size_t used = 0;
    for (; !decoder.decodable() && used < esis.size(); ++used) {
      const Bytes symbol = block.symbol(esis[used]);
      const auto added = decoder.add({0, esis[used]}, symbol);
      REQUIRE(added.has_value());
      CHECK(*added == (decoder.decodable() ? Added::kDecodable : Added::kStored));
      if (!decoder.decodable()) CHECK(*decoder.add({0, esis[used]}, symbol) == Added::kDuplicate);
    }
    CHECK(used >= k);
    CHECK(used <= k + 3);
    REQUIRE(decoder.decode().has_value());
    CHECK(block.is_recovered_by(decoder));
    CHECK(decoder.decode().has_value());
  }
}

TEST_CASE("a block is recovered from repair symbols with very large ids alone") {
  const auto k = GENERATE(5U, 40U, 700U);
  Block block(k, 8);
  BlockDecoder decoder = make_decoder(k, 8);
  for (std::uint32_t esi = kMaxEsi; !decoder.decodable() && esi > kMaxEsi - k - 8; --esi) {
    REQUIRE(decoder.add({0, esi}, block.symbol(esi)).has_value());
  }
  REQUIRE(decoder.decode().has_value());
  CHECK(block.is_recovered_by(decoder));
}

TEST_CASE("every kernel recovers the same bytes, whatever the symbol size") {
  const auto k = GENERATE(4U, 10U, 64U, 200U, 600U);
  const auto size = GENERATE(std::size_t{1}, std::size_t{63}, std::size_t{256}, std::size_t{1100});
  Block block(k, size);
  for (const KernelId id : available_kernels()) {
    BlockDecoder decoder = make_decoder(k, size, {.kernel = id});
    for (std::uint32_t esi = k / 3; !decoder.decodable(); ++esi) {
      REQUIRE(decoder.add({0, esi}, block.symbol(esi)).has_value());
    }
    REQUIRE(decoder.decode().has_value());
    INFO(to_string(id) << " K " << k << " T " << size);
    CHECK(block.is_recovered_by(decoder));
  }
}

TEST_CASE("source symbols can be read as they come") {
  Block block(6, 16);
  BlockDecoder decoder = make_decoder(6, 16);
  CHECK_FALSE(decoder.has_source(4));
  REQUIRE(decoder.add({0, 4}, block.symbol(4)).has_value());
  CHECK(decoder.has_source(4));
  CHECK_FALSE(decoder.has_source(6));
  CHECK(std::ranges::equal(decoder.source(4), block.symbol(4)));
  CHECK(decoder.decode().error() == Errc::kNotDecodable);
  for (const std::uint32_t esi : {0U, 1U, 2U, 3U}) {
    REQUIRE(decoder.add({0, esi}, block.symbol(esi)).has_value());
  }
  CHECK(*decoder.add({0, 5}, block.symbol(5)) == Added::kDecodable);
  CHECK(*decoder.add({0, 6}, block.symbol(6)) == Added::kNotNeeded);
  CHECK(decoder.decode().has_value());
  CHECK(block.is_recovered_by(decoder));
}

TEST_CASE("a decoder is reused for one block after the other") {
  BlockDecoder decoder = make_decoder(10, 30);
  for (unsigned n = 0; n < 300; ++n) {
    Block block(10, 30, n);
    decoder.reset(static_cast<std::uint8_t>(n));
    CHECK(decoder.block() == static_cast<std::uint8_t>(n));
    for (std::uint32_t esi = 3; !decoder.decodable(); ++esi) {
      REQUIRE(decoder.add({decoder.block(), esi}, block.symbol(esi)).has_value());
    }
    REQUIRE(decoder.decode().has_value());
    CHECK(block.is_recovered_by(decoder));
  }
}

TEST_CASE("symbols of another size or block and ids out of range are refused") {
  Block block(5, 16);
  BlockDecoder decoder = make_decoder(5, 16, {.max_repair_symbols = 2});
  const Bytes symbol = block.symbol(5);
  CHECK(decoder.add({1, 5}, symbol).error() == Errc::kWrongBlock);
  CHECK(decoder.add({0, 5}, ByteView(symbol).first(15)).error() == Errc::kWrongSymbolSize);
  CHECK(decoder.add({0, 5}, Bytes(17)).error() == Errc::kWrongSymbolSize);
  CHECK(decoder.add({0, 5}, {}).error() == Errc::kWrongSymbolSize);
  CHECK(decoder.add({0, kMaxEsi + 1}, symbol).error() == Errc::kSymbolIdOutOfRange);
  CHECK(decoder.add({0, UINT32_MAX}, symbol).error() == Errc::kSymbolIdOutOfRange);
  CHECK(decoder.symbols_received() == 0);
  CHECK(decoder.add({0, 5}, symbol).has_value());
  CHECK(decoder.add({0, kMaxEsi}, symbol).has_value());
  CHECK(decoder.add({0, 7}, symbol).error() == Errc::kTooManyRepairSymbols);
  CHECK(decoder.symbols_received() == 2);
}

TEST_CASE("shapes out of range are refused") {
  CHECK(BlockDecoder::create({0, 1}).error() == Errc::kSourceCountOutOfRange);
  CHECK(BlockDecoder::create({56404, 1}).error() == Errc::kSourceCountOutOfRange);
  CHECK(BlockDecoder::create({1, 0}).error() == Errc::kSymbolSizeOutOfRange);
  CHECK(BlockDecoder::create({1, 65536}).error() == Errc::kSymbolSizeOutOfRange);
  // No CPU has both.
  const bool has_neon = BlockDecoder::create({1, 1}, {.kernel = KernelId::kNeon}).has_value();
  const bool has_ssse3 = BlockDecoder::create({1, 1}, {.kernel = KernelId::kSsse3}).has_value();
  CHECK_FALSE((has_neon && has_ssse3));
}

TEST_CASE("errors have names and messages") {
  const std::error_code code = Errc::kWrongBlock;
  CHECK(std::string(code.category().name()) == "wzp.fec");
  CHECK(code.message() == "symbol belongs to another block");
}

}  // namespace
}  // namespace wzp::fec
