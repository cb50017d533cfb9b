#include "wzp/fec/block_encoder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>
#include <sstream>

#include "vectors.hpp"

namespace wzp::fec {
namespace {

using test::Bytes;

BlockEncoder encoder_of_vector_source(std::uint32_t k, std::size_t symbol_size,
                                      BlockEncoderOptions options = {}) {
  auto encoder = BlockEncoder::create({k, symbol_size}, options);
  REQUIRE(encoder.has_value());
  for (std::uint32_t s = 0; s < k; ++s) {
    REQUIRE(encoder->set_source(s, test::vector_source(k, s, symbol_size)).has_value());
  }
  return std::move(*encoder);
}

std::uint64_t fnv1a(ByteView bytes) {
  std::uint64_t h = 0xcbf29ce484222325U;
  for (const std::byte b : bytes) h = (h ^ std::to_integer<std::uint64_t>(b)) * 0x100000001b3U;
  return h;
}

TEST_CASE("repair symbols are those seven independent implementations agree on") {
  const auto file = test::load_vectors("raptorq.json");
  for (const auto& v : file["vectors"]) {
    const auto k = v["K"].get<std::uint32_t>();
    BlockEncoder encoder = encoder_of_vector_source(k, 256);
    for (const auto& symbol : v["symbols"]) {
      Bytes out(256);
      INFO("K " << k << " ESI " << symbol["esi"]);
      REQUIRE(encoder.encode(symbol["esi"].get<std::uint32_t>(), out).has_value());
      CHECK(out == test::from_hex(symbol["hex"].get<std::string>()));
    }
  }
}

// Lines of tests/vectors/raptorq_many.txt: K, first ESI, FNV-1a of 20 symbols, then ESI and bytes.
TEST_CASE("repair symbols of many block sizes and large symbol ids are those of RFC 6330") {
  constexpr std::size_t kSize = 24;
  std::ifstream in(WZP_TEST_VECTORS_DIR "/raptorq_many.txt");
  REQUIRE(in.good());
  int lines = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    ++lines;
    std::istringstream fields(line);
    std::uint32_t k = 0;
    std::uint32_t esi = 0;
    std::string text;
    fields >> k >> esi >> text;
    BlockEncoder encoder = encoder_of_vector_source(k, kSize);
    Bytes run(20 * kSize);
    REQUIRE(encoder.encode(esi, run).has_value());
    INFO("K " << k);
    CHECK(fnv1a(run) == std::stoull(text, nullptr, 16));
    while (fields >> esi >> text) {
      Bytes out(kSize);
      REQUIRE(encoder.encode(esi, out).has_value());
      INFO("ESI " << esi);
      CHECK(out == test::from_hex(text));
    }
  }
  CHECK(lines == 50);
}

TEST_CASE("the first encoding symbols are the source symbols") {
  BlockEncoder encoder = encoder_of_vector_source(7, 33);
  Bytes out(8 * 33);
  REQUIRE(encoder.encode(0, out).has_value());
  for (std::uint32_t s = 0; s < 7; ++s) {
    const ByteView symbol = ByteView(out).subspan(s * 33, 33);
    CHECK(std::ranges::equal(symbol, test::vector_source(7, s, 33)));
    CHECK(std::ranges::equal(encoder.source(s), symbol));
  }
  Bytes repair(33);
  REQUIRE(encoder.encode(7, repair).has_value());
  CHECK(std::ranges::equal(ByteView(out).last(33), repair));
}

TEST_CASE("every kernel of this CPU gives the same repair symbols") {
  const auto k = GENERATE(1U, 5U, 10U, 27U, 64U, 130U, 600U);
  const auto size = GENERATE(std::size_t{1}, std::size_t{62}, std::size_t{64}, std::size_t{200},
                             std::size_t{256}, std::size_t{1200});
  const auto count = GENERATE(1U, 13U, 70U);
  BlockEncoder reference = encoder_of_vector_source(k, size, {.kernel = KernelId::kScalar});
  Bytes expected(count * size);
  REQUIRE(reference.encode(k, expected).has_value());
  for (const KernelId id : available_kernels()) {
    BlockEncoder encoder = encoder_of_vector_source(k, size, {.kernel = id});
    Bytes out(count * size);
    REQUIRE(encoder.encode(k, out).has_value());
    INFO(to_string(id) << " K " << k << " T " << size << " R " << count);
    CHECK(out == expected);
  }
}

TEST_CASE("symbols may be shorter than the symbol size and may be replaced") {
  BlockEncoder encoder = encoder_of_vector_source(5, 40);
  Bytes expected(40);
  REQUIRE(encoder.encode(9, expected).has_value());
  REQUIRE(encoder.set_source(2, Bytes(40, std::byte{0xee})).has_value());
  REQUIRE(encoder.set_source(2, Bytes(3, std::byte{0xee})).has_value());
  Bytes with_short(40);
  REQUIRE(encoder.encode(9, with_short).has_value());
  CHECK(with_short != expected);
  Bytes padded(40);
  std::fill_n(padded.begin(), 3, std::byte{0xee});
  REQUIRE(encoder.set_source(2, padded).has_value());
  Bytes with_padded(40);
  REQUIRE(encoder.encode(9, with_padded).has_value());
  CHECK(with_short == with_padded);
  REQUIRE(encoder.set_source(2, test::vector_source(5, 2, 40)).has_value());
  REQUIRE(encoder.encode(9, with_short).has_value());
  CHECK(with_short == expected);
}

TEST_CASE("after a reset all source symbols are zero") {
  BlockEncoder encoder = encoder_of_vector_source(70, 40);
  encoder.reset();
  Bytes out(80 * 40, std::byte{1});
  REQUIRE(encoder.encode(70, out).has_value());
  CHECK(out == Bytes(80 * 40));
}

TEST_CASE("the encoder refuses what RFC 6330 does not have") {
  CHECK(BlockEncoder::create({0, 1}).error() == Errc::kSourceCountOutOfRange);
  CHECK(BlockEncoder::create({56404, 1}).error() == Errc::kSourceCountOutOfRange);
  CHECK(BlockEncoder::create({1, 0}).error() == Errc::kSymbolSizeOutOfRange);
  CHECK(BlockEncoder::create({1, 65536}).error() == Errc::kSymbolSizeOutOfRange);

  BlockEncoder encoder = encoder_of_vector_source(5, 16);
  Bytes out(16);
  CHECK(encoder.set_source(5, out).error() == Errc::kSymbolIdOutOfRange);
  CHECK(encoder.set_source(0, Bytes(17)).error() == Errc::kWrongSymbolSize);
  CHECK(encoder.encode(5, MutableBytes(out).first(15)).error() == Errc::kWrongSymbolSize);
  CHECK(encoder.encode(5, {}).error() == Errc::kWrongSymbolSize);
  CHECK(encoder.encode(kMaxEsi, out).has_value());
  CHECK(encoder.encode(kMaxEsi + 1, out).error() == Errc::kSymbolIdOutOfRange);
  CHECK(encoder.encode(UINT32_MAX, out).error() == Errc::kSymbolIdOutOfRange);
  Bytes two(32);
  CHECK(encoder.encode(kMaxEsi, two).error() == Errc::kSymbolIdOutOfRange);
}

}  // namespace
}  // namespace wzp::fec
