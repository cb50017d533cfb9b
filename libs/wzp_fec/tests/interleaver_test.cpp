#include "wzp/fec/interleaver.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>

namespace wzp::fec {
namespace {

using Sizes = std::vector<std::uint32_t>;

TEST_CASE("blocks are sent a symbol of each in turn, passing over exhausted ones") {
  const std::vector<std::vector<int>> blocks{{0, 1, 2}, {10, 11}, {20, 21, 22, 23}, {30, 31}};
  CHECK(interleave(blocks, 3) == std::vector{0, 10, 20, 1, 11, 21, 2, 22, 23, 30, 31});
  CHECK(interleave(blocks, 1) == std::vector{0, 1, 2, 10, 11, 20, 21, 22, 23, 30, 31});
  CHECK(interleave(blocks, 0) == interleave(blocks, 1));
}

TEST_CASE("deinterleaving is the inverse") {
  const auto depth = GENERATE(1U, 2U, 3U, 5U, 9U);
  const Sizes sizes{6, 6, 6, 1, 0, 15, 6, 2};
  std::vector<std::vector<int>> blocks;
  int n = 0;
  for (const std::uint32_t size : sizes) {
    blocks.emplace_back();
    for (std::uint32_t i = 0; i < size; ++i) blocks.back().push_back(n++);
  }
  CHECK(deinterleave(interleave(blocks, depth), sizes, depth) == blocks);
  const Interleaver order(sizes, depth);
  CHECK(order.size() == static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < order.size(); ++i) CHECK(order.position_of(order.slot_at(i)) == i);
}

TEST_CASE("six losses in a row at depth three hit no block more than twice") {
  const auto size = GENERATE(6U, 15U, 16U);
  const Sizes sizes(12, size);
  const Interleaver order(sizes, 3);
  for (std::size_t first = 0; first + 6 <= order.size(); ++first) {
    std::map<std::uint32_t, int> hits;
    for (std::size_t i = first; i < first + 6; ++i) ++hits[order.slot_at(i).block];
    for (const auto& [block, count] : hits) {
      INFO("block " << block << ", losses from " << first);
      CHECK(count <= 2);
    }
  }
}

TEST_CASE("no blocks and empty blocks have no order") {
  CHECK(Interleaver(Sizes{}).size() == 0);
  CHECK(Interleaver(Sizes{0, 0, 0, 0}).size() == 0);
}

}  // namespace
}  // namespace wzp::fec
