// Exactly which sets of symbols decode is a property of RFC 6330, so it is counted over all sets.
#include <array>
#include <bit>
#include <catch2/catch_test_macros.hpp>

#include "wzp/fec/block_decoder.hpp"
#include "wzp/fec/block_encoder.hpp"

namespace wzp::fec {
namespace {

struct Count {
  int sets = 0;
  int undecodable = 0;
  int wrong = 0;  // decoded, but to something else
};

// All sets of `received` of the first K + R symbols.
Count count_sets(std::uint32_t k, std::uint32_t repair, int received) {
  BlockEncoder encoder = std::move(*BlockEncoder::create({k, 1}));
  std::array<std::byte, 32> symbols{};
  for (std::uint32_t i = 0; i < k; ++i) {
    symbols[i] = static_cast<std::byte>(17 * i + 91);
    static_cast<void>(encoder.set_source(i, ByteView(symbols).subspan(i, 1)));
  }
  static_cast<void>(encoder.encode(k, MutableBytes(symbols).subspan(k, repair)));
  BlockDecoder decoder = std::move(*BlockDecoder::create({k, 1}));
  Count count;
  for (std::uint32_t set = 0; set < (1U << (k + repair)); ++set) {
    if (std::popcount(set) != received) continue;
    ++count.sets;
    decoder.reset(0);
    for (std::uint32_t esi = 0; esi < k + repair; ++esi) {
      if ((set >> esi & 1U) == 0) continue;
      static_cast<void>(decoder.add({0, esi}, ByteView(symbols).subspan(esi, 1)));
    }
    if (!decoder.decode()) {
      ++count.undecodable;
      continue;
    }
    for (std::uint32_t i = 0; i < k; ++i) {
      if (decoder.source(i)[0] != symbols[i]) ++count.wrong;
    }
  }
  return count;
}

void check(std::uint32_t k, std::uint32_t repair, int received, int sets, int undecodable) {
  INFO("K " << k << ", R " << repair << ", " << received << " received");
  const Count count = count_sets(k, repair, received);
  CHECK(count.sets == sets);
  CHECK(count.undecodable == undecodable);
  CHECK(count.wrong == 0);
}

TEST_CASE("with five source symbols every five of up to ten decode") {
  check(5, 1, 5, 6, 0);
  check(5, 2, 5, 21, 0);
  check(5, 3, 5, 56, 0);
  check(5, 4, 5, 126, 0);
  check(5, 5, 5, 252, 0);
}

TEST_CASE("with eight source symbols as many sets fail as RFC 6330 has it") {
  check(8, 4, 8, 495, 0);
  check(8, 8, 8, 12870, 38);
  check(8, 8, 9, 11440, 0);
}

TEST_CASE("with ten source symbols as many sets fail as RFC 6330 has it") {
  check(10, 5, 10, 3003, 14);
  check(10, 5, 11, 1365, 0);
  check(10, 10, 10, 184756, 1051);
}

}  // namespace
}  // namespace wzp::fec
