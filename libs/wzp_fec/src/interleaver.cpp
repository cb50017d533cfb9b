#include "wzp/fec/interleaver.hpp"

#include <algorithm>

namespace wzp::fec {

Interleaver::Interleaver(std::span<const std::uint32_t> block_sizes, std::uint32_t depth) {
  depth = std::max(depth, 1U);
  begins_.push_back(0);
  for (const std::uint32_t size : block_sizes) begins_.push_back(begins_.back() + size);
  positions_.resize(begins_.back());
  order_.reserve(begins_.back());
  const auto blocks = static_cast<std::uint32_t>(block_sizes.size());
  for (std::uint32_t first = 0; first < blocks; first += depth) {
    const std::uint32_t last = std::min(blocks, first + depth);
    const std::uint32_t longest =
        *std::max_element(block_sizes.begin() + first, block_sizes.begin() + last);
    for (std::uint32_t slot = 0; slot < longest; ++slot) {
      for (std::uint32_t block = first; block < last; ++block) {
        if (slot >= block_sizes[block]) continue;
        positions_[begins_[block] + slot] = order_.size();
        order_.push_back({block, slot});
      }
    }
  }
}

}  // namespace wzp::fec
