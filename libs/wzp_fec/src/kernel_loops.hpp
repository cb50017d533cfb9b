// The loops of kernel.hpp over an abstract vector type V; included once by each kernel_*.cpp, which
// is compiled for its own instruction set. Everything here is in an unnamed namespace and uses no
// library templates, so that no function compiled for a newer CPU can be linked into another file.
//
// V supplies: Reg, Split (a source prepared for multiplication), Factor (a coefficient prepared),
// kWidth, kMaxRows and kMaxColumns (accumulators that fit the register file), load, store, zero,
// add, split, factor, times, times_alpha.
#pragma once

#include "gf256.hpp"
#include "kernel.hpp"

namespace wzp::fec {
namespace {

// One tile: kRows outputs times kColumns vectors, all accumulators in registers.
template <class V, int kRows, int kColumns>
inline void dense_tile(const DenseProduct& p, std::size_t row, std::size_t offset) {
  typename V::Reg acc[kRows][kColumns];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
      acc[r][c] =
          p.initial == nullptr ? V::zero() : V::load(p.initial[row + r] + offset + c * V::kWidth);
    }
  }
  const std::uint8_t* coefficient = p.coefficients + row * p.coefficient_stride;
  for (std::size_t s = 0; s < p.source_count; ++s, ++coefficient) {
    typename V::Split split[kColumns];
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
      split[c] = V::split(V::load(p.sources[s] + offset + c * V::kWidth));
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const typename V::Factor factor = V::factor(coefficient[r * p.coefficient_stride]);
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; ++c) {
        acc[r][c] = V::add(acc[r][c], V::times(split[c], factor));
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
      V::store(p.rows[row + r] + offset + c * V::kWidth, acc[r][c]);
    }
  }
}

// As wide as the register file allows, then narrower: sizes are multiples of kKernelAlignment.
template <class V, int kRows, int kColumns>
inline std::size_t dense_columns(const DenseProduct& p, std::size_t row, std::size_t offset) {
  for (; offset + kColumns * V::kWidth <= p.size; offset += kColumns * V::kWidth) {
    dense_tile<V, kRows, kColumns>(p, row, offset);
  }
  if constexpr (kColumns > 1) {
    return dense_columns<V, kRows, kColumns / 2>(p, row, offset);
  } else {
    return offset;
  }
}

template <class V, int kRows>
inline void dense_rows(const DenseProduct& p, std::size_t row) {
  while (row + kRows <= p.row_count) {
    dense_columns<V, kRows, V::kMaxColumns>(p, row, 0);
    row += kRows;
  }
  if constexpr (kRows > 1) {
    if (row < p.row_count) dense_rows<V, kRows - 1>(p, row);
  }
}

template <class V>
void dense_product(const DenseProduct& p) {
  dense_rows<V, V::kMaxRows>(p, 0);
}

template <class V, int kColumns>
inline void gather_tile(const GatherSum& g, std::size_t offset) {
  typename V::Reg acc[kColumns];
#pragma GCC unroll 8
  for (int c = 0; c < kColumns; ++c) {
    acc[c] = g.initial == nullptr ? V::zero() : V::load(g.initial + offset + c * V::kWidth);
  }
  for (std::size_t i = 0; i < g.count; ++i) {
    const std::uint8_t* symbol = g.base + g.indices[i] * g.stride + offset;
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) acc[c] = V::add(acc[c], V::load(symbol + c * V::kWidth));
  }
#pragma GCC unroll 8
  for (int c = 0; c < kColumns; ++c) V::store(g.target + offset + c * V::kWidth, acc[c]);
}

template <class V>
void gather_sum(const GatherSum& g) {
  constexpr std::size_t kWide = 4 * V::kWidth;
  std::size_t offset = 0;
  for (; offset + kWide <= g.size; offset += kWide) gather_tile<V, 4>(g, offset);
  for (; offset < g.size; offset += V::kWidth) gather_tile<V, 1>(g, offset);
}

template <class V, int kColumns>
inline void add_to(std::uint8_t* target, const typename V::Reg (&v)[kColumns]) {
#pragma GCC unroll 8
  for (int c = 0; c < kColumns; ++c) {
    V::store(target + c * V::kWidth, V::add(V::load(target + c * V::kWidth), v[c]));
  }
}

template <class V, int kColumns>
inline void hdpc_tile(const HdpcSum& h, std::size_t offset) {
  typename V::Reg v[kColumns];
#pragma GCC unroll 8
  for (int c = 0; c < kColumns; ++c) v[c] = V::zero();
  for (std::size_t j = 0; j < h.count; ++j) {
    const std::uint8_t* symbol = h.symbols + j * h.symbol_stride + offset;
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
      v[c] = V::add(V::times_alpha(v[c]), V::load(symbol + c * V::kWidth));
    }
    if (j + 1 == h.count) break;
    add_to<V, kColumns>(h.sums + h.pairs[j].first * h.sum_stride + offset, v);
    add_to<V, kColumns>(h.sums + h.pairs[j].second * h.sum_stride + offset, v);
  }
  for (std::size_t i = 0; i < h.sum_count; ++i) {
    add_to<V, kColumns>(h.sums + i * h.sum_stride + offset, v);
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) v[c] = V::times_alpha(v[c]);
  }
}

template <class V>
void hdpc_sum(const HdpcSum& h) {
  constexpr std::size_t kWide = 4 * V::kWidth;
  std::size_t offset = 0;
  for (; offset + kWide <= h.size; offset += kWide) hdpc_tile<V, 4>(h, offset);
  for (; offset < h.size; offset += V::kWidth) hdpc_tile<V, 1>(h, offset);
}

template <class V>
constexpr Kernel make_kernel(const char* name, std::uint32_t replay_cost) {
  return Kernel{name, replay_cost, dense_product<V>, gather_sum<V>, hdpc_sum<V>};
}

}  // namespace
}  // namespace wzp::fec
