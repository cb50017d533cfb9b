// The numbers RFC 6330 derives from K, and the rows of its constraint matrix.
//
// Names follow the RFC: K' source symbols after padding, S LDPC and H HDPC constraints, W of the
// L intermediate symbols take part in LT encoding, the other P = L - W are "permanently inactive".
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace wzp::fec {

inline constexpr std::uint32_t kMaxSourceSymbols = 56403;
/// Encoding symbol ids travel in 24 bits (RFC 6330 section 3.2).
inline constexpr std::uint32_t kMaxEncodingSymbolId = (1U << 24) - 1;
/// At most 30 LT neighbours and 3 among the permanently inactive symbols.
inline constexpr std::uint32_t kMaxRowWeight = 33;

struct CodeParameters {
  std::uint32_t k_prime, j, s, h, w;
  std::uint32_t l;   ///< K' + S + H: intermediate symbols.
  std::uint32_t p;   ///< L - W.
  std::uint32_t p1;  ///< Smallest prime >= P.
  std::uint32_t b;   ///< W - S.

  /// Row of the table for the smallest K' >= k. Requires: 1 <= k <= kMaxSourceSymbols.
  static CodeParameters for_source_symbols(std::uint32_t k) noexcept;
};

/// Section 5.3.5.4.
struct Tuple {
  std::uint32_t d, a, b, d1, a1, b1;
};

/// Section 5.3.5.1. Requires: m > 0.
std::uint32_t rfc_random(std::uint32_t y, std::uint32_t i, std::uint32_t m) noexcept;
Tuple rfc_tuple(const CodeParameters& params, std::uint32_t isi) noexcept;

/// The intermediate symbols whose sum is the encoding symbol `isi` (section 5.3.5.3), unordered and
/// without repetitions. Returns how many were written.
std::uint32_t lt_neighbours(const CodeParameters& params, std::uint32_t isi,
                            std::array<std::uint32_t, kMaxRowWeight>& out) noexcept;

}  // namespace wzp::fec
