// The systematic index of each of the 477 block sizes is chosen so that the source symbols
// determine the intermediate symbols; and with some more symbols than source symbols any block
// decodes.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <random>

#include "rfc6330_tables.hpp"
#include "wzp/fec/block_decoder.hpp"
#include "wzp/fec/block_encoder.hpp"

namespace wzp::fec {
namespace {

constexpr std::size_t kSize = 4;

std::array<std::byte, kSize> number(std::uint32_t i) {
  std::array<std::byte, kSize> out{};
  std::memcpy(out.data(), &i, kSize);
  return out;
}

BlockEncoder make_encoder(std::uint32_t k) {
  auto encoder = BlockEncoder::create({k, kSize});
  REQUIRE(encoder.has_value());
  for (std::uint32_t i = 0; i < k; ++i)
    static_cast<void>(encoder->set_source(i, number(i * 77 + k)));
  return std::move(*encoder);
}

// Loses a tenth of the source symbols. Returns how many symbols beyond K it took.
std::uint32_t decode_block(std::uint32_t k, unsigned seed) {
  BlockEncoder encoder = make_encoder(k);
  BlockDecoder decoder = std::move(*BlockDecoder::create({k, kSize}));
  std::mt19937 random(seed);
  for (std::uint32_t i = 0; i < k; ++i) {
    if (i != 0 && random() % 10 != 0) static_cast<void>(decoder.add({0, i}, number(i * 77 + k)));
  }
  std::array<std::byte, kSize> symbol{};
  for (std::uint32_t esi = k; !decoder.decodable() && esi < 2 * k + 16; ++esi) {
    static_cast<void>(encoder.encode(esi, symbol));
    static_cast<void>(decoder.add({0, esi}, symbol));
  }
  REQUIRE(decoder.decode().has_value());
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < k; ++i) {
    wrong += std::ranges::equal(decoder.source(i), number(i * 77 + k)) ? 0U : 1U;
  }
  CHECK(wrong == 0);
  return decoder.symbols_received() - k;
}

TEST_CASE("every block size of the table up to 2000 is constructed and decodes") {
  std::uint32_t extra = 0;
  std::uint32_t sizes = 0;
  for (const SystematicRow& row : kSystematicRows) {
    if (row.k_prime > 2000) break;
    INFO("K' " << row.k_prime);
    extra += decode_block(row.k_prime, row.k_prime);
    extra += decode_block(row.k_prime - 1, row.k_prime);  // with a padding symbol
    sizes += 2;
  }
  CHECK(sizes > 300);
  CHECK(extra <= sizes / 20);  // RFC 6330 promises fewer than one in a hundred
}

TEST_CASE("every tenth larger block size of the table is constructed and decodes") {
  for (std::size_t i = 0; i < kSystematicRows.size(); ++i) {
    const std::uint32_t k = kSystematicRows[i].k_prime;
    if (k <= 2000 || (i % 10 != 6 && k != kMaxSourceSymbolsPerBlock)) continue;
    INFO("K' " << k);
    CHECK(decode_block(k, k) <= 1);
  }
}

TEST_CASE("every other larger block size of the table is constructed") {
  // A repair symbol over equal source symbols: any intermediate symbol left out would show.
  for (std::size_t i = 0; i < kSystematicRows.size(); ++i) {
    const std::uint32_t k = kSystematicRows[i].k_prime;
    if (k <= 2000 || i % 10 == 6) continue;
    BlockEncoder encoder = make_encoder(k);
    std::array<std::byte, kSize> symbol{};
    INFO("K' " << k);
    CHECK(encoder.encode(k, symbol).has_value());
    CHECK(symbol != std::array<std::byte, kSize>{});
  }
}

}  // namespace
}  // namespace wzp::fec
