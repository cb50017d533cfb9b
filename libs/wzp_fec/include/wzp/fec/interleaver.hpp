/// \file
/// Sending the symbols of several blocks alternately, so that a burst of losses spreads over them.
///
/// Interleaving holds packets back until the last of its blocks is complete: at depth 3 that is
/// three blocks of delay. It suits recordings and one-way streams, not conversations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "wzp/fec/export.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::fec {

/// One symbol's place: the number of its block in the sequence of blocks, and its position there.
struct BlockSlot {
  std::uint32_t block = 0;
  std::uint32_t slot = 0;

  bool operator==(const BlockSlot&) const = default;
};

/// The order of sending for blocks of given sizes, and its inverse. Blocks are taken `depth` at a
/// time: slot 0 of each, slot 1 of each and so on, passing over blocks that have no more. With
/// blocks of one size any 2 * depth losses in a row hit no block more than twice, also where two
/// groups meet.
class WZP_FEC_EXPORT Interleaver {
 public:
  static constexpr std::uint32_t kDefaultDepth = 3;

  /// Depth 0 counts as 1, which is the order of the blocks themselves.
  explicit Interleaver(std::span<const std::uint32_t> block_sizes,
                       std::uint32_t depth = kDefaultDepth);

  /// Number of symbols in all blocks.
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }
  /// Which symbol is sent at a position. Requires: position < size().
  [[nodiscard]] BlockSlot slot_at(std::size_t position) const noexcept {
    WZP_ASSERT(position < order_.size());
    return order_[position];
  }
  /// When a symbol is sent. Requires: the block has such a slot.
  [[nodiscard]] std::size_t position_of(BlockSlot slot) const noexcept {
    WZP_ASSERT(slot.block + 1 < begins_.size() &&
               begins_[slot.block] + slot.slot < begins_[slot.block + 1]);
    return positions_[begins_[slot.block] + slot.slot];
  }

 private:
  std::vector<BlockSlot> order_;
  std::vector<std::size_t> begins_;     // of each block in positions_
  std::vector<std::size_t> positions_;  // by block and slot
};

/// The items of all blocks in the order of sending.
template <class T>
[[nodiscard]] std::vector<T> interleave(const std::vector<std::vector<T>>& blocks,
                                        std::uint32_t depth = Interleaver::kDefaultDepth) {
  std::vector<std::uint32_t> sizes;
  for (const auto& block : blocks) sizes.push_back(static_cast<std::uint32_t>(block.size()));
  const Interleaver order(sizes, depth);
  std::vector<T> out;
  out.reserve(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const BlockSlot at = order.slot_at(i);
    out.push_back(blocks[at.block][at.slot]);
  }
  return out;
}

/// The inverse. Requires: `sent` has as many items as the blocks together; one that was lost stands
/// there as whatever T has for that, e.g. an empty std::optional.
template <class T>
[[nodiscard]] std::vector<std::vector<T>> deinterleave(
    const std::vector<T>& sent, std::span<const std::uint32_t> block_sizes,
    std::uint32_t depth = Interleaver::kDefaultDepth) {
  const Interleaver order(block_sizes, depth);
  WZP_ASSERT(sent.size() == order.size());
  std::vector<std::vector<T>> blocks(block_sizes.size());
  for (std::uint32_t b = 0; b < block_sizes.size(); ++b) {
    for (std::uint32_t s = 0; s < block_sizes[b]; ++s) {
      blocks[b].push_back(sent[order.position_of({b, s})]);
    }
  }
  return blocks;
}

}  // namespace wzp::fec
