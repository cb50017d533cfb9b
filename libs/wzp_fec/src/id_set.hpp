// A set of numbers of fixed capacity that takes constant time and no memory after construction.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace wzp::fec {

/// Open addressing, at most half full. Numbers are below 2^32 - 1.
class IdSet {
 public:
  explicit IdSet(std::size_t capacity) : slots_(std::bit_ceil(2 * capacity + 2), kEmpty) {}

  [[nodiscard]] bool contains(std::uint32_t id) const noexcept { return slots_[find(id)] == id; }
  /// Requires: fewer than `capacity` numbers in the set.
  void insert(std::uint32_t id) noexcept { slots_[find(id)] = id; }
  void clear() noexcept { std::fill(slots_.begin(), slots_.end(), kEmpty); }

 private:
  static constexpr std::uint32_t kEmpty = UINT32_MAX;

  [[nodiscard]] std::size_t find(std::uint32_t id) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = (id * 0x9e3779b1U >> 7) & mask;
    while (slots_[i] != kEmpty && slots_[i] != id) i = (i + 1) & mask;
    return i;
  }

  std::vector<std::uint32_t> slots_;
};

}  // namespace wzp::fec
