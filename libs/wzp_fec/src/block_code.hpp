// The code for one K': what encoders and decoders of all blocks of that size share.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "code_parameters.hpp"
#include "solve_plan.hpp"

namespace wzp::fec {

/// Immutable once made. Up to kMaxDenseSymbols it holds the dense form of the code: each repair
/// symbol as a row of coefficients over the source symbols (they depend on K' and the symbol's id
/// alone). Always it holds the plan for computing intermediate symbols from the source symbols.
class BlockCode {
 public:
  static constexpr std::uint32_t kMaxDenseSymbols = 520;

  /// The code for K' of k. Codes are kept in a process-wide store of bounded size, so that blocks
  /// of the same size share one; it is locked only here. Requires: 1 <= k <= kMaxSourceSymbols.
  static std::shared_ptr<const BlockCode> for_source_symbols(std::uint32_t k);

  explicit BlockCode(const CodeParameters& params);

  [[nodiscard]] const CodeParameters& params() const noexcept { return params_; }
  [[nodiscard]] const SolvePlan& plan() const noexcept { return plan_; }
  [[nodiscard]] bool has_dense_form() const noexcept { return !inverse_.empty(); }

  /// Coefficients of internal symbol K' + number over the K' source symbols. Points to a stored
  /// row, or to `room` (K' bytes) after computing it there. Requires: has_dense_form().
  const std::uint8_t* repair_row(std::uint32_t number, std::uint8_t* room) const noexcept;

  /// `count` such rows one after the other, or null if they are not all stored.
  [[nodiscard]] const std::uint8_t* stored_rows(std::uint32_t first,
                                                std::uint32_t count) const noexcept {
    const bool stored = first < stored_rows_ && count <= stored_rows_ - first;
    return stored ? &rows_[std::size_t{first} * params_.k_prime] : nullptr;
  }

  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  void invert();

  CodeParameters params_;
  SolvePlan plan_;
  std::vector<std::uint8_t> inverse_;  // L x K': intermediate symbols over source symbols
  std::vector<std::uint8_t> rows_;     // the first repair symbols over source symbols
  std::uint32_t stored_rows_ = 0;
};

}  // namespace wzp::fec
