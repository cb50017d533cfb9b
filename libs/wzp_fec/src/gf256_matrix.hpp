// Inverting the square systems of dense decoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernel.hpp"

namespace wzp::fec {

/// Rows of one coefficient per unknown, one row per equation, at least as many as unknowns. After
/// invert() its first rows are the inverse of the equations `order()` names first.
/// Memory is taken once, for the largest system.
class LinearSystem {
 public:
  LinearSystem() = default;
  LinearSystem(std::size_t max_equations, std::size_t max_unknowns);

  /// Starts a system; all coefficients are to be written through row().
  void start(std::size_t equations, std::size_t unknowns) noexcept;
  [[nodiscard]] std::uint8_t* row(std::size_t i) noexcept { return rows_[i]; }

  /// False if the equations do not determine the unknowns; the system is then spoilt.
  bool invert(const Kernel& kernel) noexcept;

  /// Equation order()[i] belongs to column i of the inverse.
  [[nodiscard]] std::span<const std::uint32_t> order() const noexcept { return order_; }
  [[nodiscard]] const std::uint8_t* inverse() const noexcept { return rows_[0]; }
  [[nodiscard]] std::size_t stride() const noexcept { return stride_; }
  [[nodiscard]] std::size_t unknowns() const noexcept { return unknowns_; }

 private:
  void swap_rows(std::size_t a, std::size_t b) noexcept;
  void eliminate(const Kernel& kernel, std::size_t pivot) noexcept;

  std::vector<std::uint8_t> memory_;
  std::vector<std::uint8_t*> rows_;
  std::vector<std::uint8_t> factors_;
  std::vector<std::uint32_t> order_;
  std::size_t equations_ = 0, unknowns_ = 0, stride_ = 0;
};

}  // namespace wzp::fec
