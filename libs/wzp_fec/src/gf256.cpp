#include "gf256.hpp"

#include <algorithm>

namespace wzp::fec::gf256 {
namespace {

constexpr NibbleTables make_nibble_tables() {
  NibbleTables t{};
  for (unsigned c = 0; c < 256; ++c) {
    for (unsigned n = 0; n < 16; ++n) {
      t.of[c].low[n] = mul(static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(n));
      t.of[c].high[n] = mul(static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(n << 4));
    }
  }
  return t;
}

// Byte 7-i of the matrix is the row that makes output bit i; its bit j says whether input bit j,
// times c, has bit i.
constexpr std::uint64_t affine_matrix(std::uint8_t c) {
  std::uint64_t m = 0;
  for (unsigned j = 0; j < 8; ++j) {
    const std::uint8_t column = mul(c, static_cast<std::uint8_t>(1U << j));
    for (unsigned i = 0; i < 8; ++i) {
      if ((column >> i & 1U) != 0) m |= std::uint64_t{1} << (8 * (7 - i) + j);
    }
  }
  return m;
}

constexpr AffineMatrices make_affine_matrices() {
  AffineMatrices t{};
  for (unsigned c = 0; c < 256; ++c) t.of[c] = affine_matrix(static_cast<std::uint8_t>(c));
  return t;
}

}  // namespace

constinit const NibbleTables kNibbleTables = make_nibble_tables();
constinit const AffineMatrices kAffineMatrices = make_affine_matrices();

bool reduce_to_unit(std::uint8_t* matrix, std::size_t height, std::size_t width,
                    std::size_t rank) noexcept {
  for (std::size_t q = 0; q < rank; ++q) {
    std::size_t pivot = q;
    while (pivot < height && matrix[pivot * width + q] == 0) ++pivot;
    if (pivot == height) return false;
    std::uint8_t* row = matrix + q * width;
    if (pivot != q) std::swap_ranges(row, row + width, matrix + pivot * width);
    const std::uint8_t scale = inverse(row[q]);
    for (std::size_t i = q; i < width; ++i) row[i] = mul(row[i], scale);
    for (std::size_t r = 0; r < height; ++r) {
      std::uint8_t* other = matrix + r * width;
      const std::uint8_t factor = other[q];
      if (r == q || factor == 0) continue;
      for (std::size_t i = q; i < width; ++i) {
        other[i] = static_cast<std::uint8_t>(other[i] ^ mul(row[i], factor));
      }
    }
  }
  return true;
}

}  // namespace wzp::fec::gf256
