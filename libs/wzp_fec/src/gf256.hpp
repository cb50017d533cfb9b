// Arithmetic in GF(256) with polynomial 0x11D (RFC 6330 section 5.7), and the tables the kernels
// use. The field's logarithms are derived at compile time from its generator 2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace wzp::fec::gf256 {

struct LogTables {
  std::array<std::uint8_t, 512> exp{};  // doubled, so that log a + log b needs no modulo
  std::array<std::uint16_t, 256> log{};
};

constexpr LogTables make_log_tables() {
  LogTables t;
  unsigned x = 1;
  for (unsigned i = 0; i < 255; ++i) {
    t.exp[i] = static_cast<std::uint8_t>(x);
    t.exp[i + 255] = static_cast<std::uint8_t>(x);
    t.log[x] = static_cast<std::uint16_t>(i);
    x <<= 1;
    if ((x & 0x100) != 0) x ^= 0x11d;
  }
  return t;
}

inline constexpr LogTables kLog = make_log_tables();

constexpr std::uint8_t mul(std::uint8_t a, std::uint8_t b) noexcept {
  if (a == 0 || b == 0) return 0;
  return kLog.exp[kLog.log[a] + kLog.log[b]];
}

/// Requires: a != 0.
constexpr std::uint8_t inverse(std::uint8_t a) noexcept { return kLog.exp[255 - kLog.log[a]]; }

/// alpha^n, n < 510.
constexpr std::uint8_t power_of_alpha(unsigned n) noexcept { return kLog.exp[n]; }

/// Gauss-Jordan: makes the first `rank` columns of a matrix of `height` rows of `width` bytes
/// those of a unit matrix, by row operations on all columns. False if they have not full rank.
bool reduce_to_unit(std::uint8_t* matrix, std::size_t height, std::size_t width,
                    std::size_t rank) noexcept;

/// Products of c with all low and all high nibbles: what PSHUFB and TBL look up. 8 KiB.
struct alignas(32) NibbleTable {
  std::uint8_t low[16];
  std::uint8_t high[16];
};
struct NibbleTables {
  NibbleTable of[256];
};
extern const NibbleTables kNibbleTables;  // NOLINT(readability-identifier-naming): a constant

/// Multiplication by c as an 8x8 bit matrix in the layout of GF2P8AFFINEQB. 2 KiB.
struct AffineMatrices {
  std::uint64_t of[256];
};
extern const AffineMatrices kAffineMatrices;  // NOLINT(readability-identifier-naming): a constant

}  // namespace wzp::fec::gf256
