// Constants of RFC 6330 and of the field GF(256) it works in.
#pragma once

#include <array>
#include <cstdint>

namespace wzp::fec {

/// One line of the table of section 5.6.
struct SystematicRow {
  std::uint32_t k_prime;  ///< Extended number of source symbols K'.
  std::uint32_t j;        ///< Systematic index J(K').
  std::uint32_t s;        ///< Number of LDPC symbols.
  std::uint32_t h;        ///< Number of HDPC symbols.
  std::uint32_t w;        ///< Number of LT symbols.
};

// NOLINTBEGIN(readability-identifier-naming): constants, although not constexpr here.
extern const std::array<std::array<std::uint32_t, 256>, 4> kRandomTables;  // V0..V3
extern const std::array<std::uint32_t, 31> kDegreeThresholds;              // f[0]..f[30]
extern const std::array<SystematicRow, 477> kSystematicRows;
// NOLINTEND(readability-identifier-naming)

}  // namespace wzp::fec
