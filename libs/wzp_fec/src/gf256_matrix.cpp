#include "gf256_matrix.hpp"

#include <algorithm>
#include <utility>

#include "gf256.hpp"

namespace wzp::fec {
namespace {

constexpr std::size_t padded_row(std::size_t n) {
  return (n + kKernelAlignment - 1) / kKernelAlignment * kKernelAlignment;
}

}  // namespace

LinearSystem::LinearSystem(std::size_t max_equations, std::size_t max_unknowns)
    : memory_(max_equations * padded_row(max_unknowns)),
      rows_(max_equations),
      factors_(max_equations),
      order_(max_equations) {}

void LinearSystem::start(std::size_t equations, std::size_t unknowns) noexcept {
  equations_ = equations;
  unknowns_ = unknowns;
  stride_ = padded_row(unknowns);
  for (std::size_t i = 0; i < equations; ++i) {
    rows_[i] = &memory_[i * stride_];
    order_[i] = static_cast<std::uint32_t>(i);
    std::fill_n(rows_[i] + unknowns, stride_ - unknowns, std::uint8_t{0});
  }
}

// In place: after q steps the first q columns hold the inverse so far, the others what is left.
bool LinearSystem::invert(const Kernel& kernel) noexcept {
  for (std::size_t q = 0; q < unknowns_; ++q) {
    std::size_t pivot = q;
    while (pivot < equations_ && rows_[pivot][q] == 0) ++pivot;
    if (pivot == equations_) return false;
    if (pivot != q) swap_rows(pivot, q);
    eliminate(kernel, q);
  }
  return true;
}

// Contents, not pointers: the inverse must lie in rows one stride apart.
void LinearSystem::swap_rows(std::size_t a, std::size_t b) noexcept {
  std::swap_ranges(rows_[a], rows_[a] + unknowns_, rows_[b]);
  std::swap(order_[a], order_[b]);
}

void LinearSystem::eliminate(const Kernel& kernel, std::size_t pivot) noexcept {
  std::uint8_t* row = rows_[pivot];
  const std::uint8_t scale = gf256::inverse(row[pivot]);
  row[pivot] = 1;
  for (std::size_t c = 0; c < unknowns_; ++c) row[c] = gf256::mul(row[c], scale);
  for (std::size_t r = 0; r < equations_; ++r) {
    factors_[r] = r == pivot ? std::uint8_t{0} : rows_[r][pivot];
    if (r != pivot) rows_[r][pivot] = 0;
  }
  const std::uint8_t* source = row;
  kernel.dense_product(
      {factors_.data(), 1, &source, 1, rows_.data(), rows_.data(), equations_, stride_});
}

}  // namespace wzp::fec
