// The inner loops over symbol bytes, one implementation per instruction set, chosen at run time.
//
// All sizes are multiples of kKernelAlignment: buffers of this library are padded to it, so the
// loops have no tails. Pointers need no alignment. All implementations give the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wzp::fec {

inline constexpr std::size_t kKernelAlignment = 64;

/// rows[r] = initial[r] + sum over s of coefficients[r][s] * sources[s], in GF(256).
/// Outputs overlap neither each other nor the sources; rows[r] may be initial[r].
struct DenseProduct {
  const std::uint8_t* coefficients;
  std::size_t coefficient_stride;
  const std::uint8_t* const* sources;
  std::size_t source_count;
  const std::uint8_t* const* initial;  // null: zeros
  std::uint8_t* const* rows;
  std::size_t row_count;
  std::size_t size;
};

/// target = initial + sum of the symbols base[index * stride]; initial may be null.
struct GatherSum {
  std::uint8_t* target;
  const std::uint8_t* initial;
  const std::uint8_t* base;
  std::size_t stride;
  const std::uint32_t* indices;
  std::size_t count;
  std::size_t size;
};

/// The sums of the HDPC constraints (RFC 6330 section 5.3.3.3) over `count` symbols: with
/// v_j = alpha * v_(j-1) + symbol_j, adds v_j to the two sums named by pairs[j] for all but the
/// last j, and alpha^h * v_last to each sum h.
struct HdpcPair {
  std::uint8_t first, second;
};
struct HdpcSum {
  const std::uint8_t* symbols;
  std::size_t symbol_stride;
  std::size_t count;
  const HdpcPair* pairs;
  std::uint8_t* sums;
  std::size_t sum_stride;
  std::size_t sum_count;
  std::size_t size;
};

struct Kernel {
  const char* name;
  /// For large K, a replay of the plan takes as long as the dense product for this many repair
  /// symbols (measured on Zen 5; NEON is an estimate).
  std::uint32_t replay_cost;
  void (*dense_product)(const DenseProduct&);
  void (*gather_sum)(const GatherSum&);
  void (*hdpc_sum)(const HdpcSum&);
};

// NOLINTBEGIN(readability-identifier-naming): constants, although not constexpr here.
extern const Kernel kScalarKernel;
// Each is null where this build has no such code.
extern const Kernel* const kSsse3Kernel;
extern const Kernel* const kAvx2Kernel;
extern const Kernel* const kGfni256Kernel;
extern const Kernel* const kGfni512Kernel;
extern const Kernel* const kNeonKernel;
// NOLINTEND(readability-identifier-naming)

}  // namespace wzp::fec
