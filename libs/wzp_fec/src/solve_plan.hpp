// Solving the constraint matrix of RFC 6330 once, and replaying the solution on symbols.
//
// A plan depends only on which encoding symbols are known, not on their bytes. It is made by
// peeling
// ("inactivation decoding", RFC 6330 section 5.4.2): columns are solved one after the other from
// rows with a single unknown; where no such row exists, a column is declared inactive and treated
// as known. What remains is a small dense system over the inactive columns.
//
// Unlike the RFC's description no row is ever added to another: a solved column is the sum of its
// row's known value, of columns solved before it and of inactive ones. So a replay touches each row
// of the sparse matrix twice (without and with the inactive columns), which is close to its weight.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "code_parameters.hpp"
#include "kernel.hpp"

namespace wzp::fec {

/// Row lists of different lengths in one array.
struct IndexLists {
  std::vector<std::uint32_t> begins;  // one more than lists
  std::vector<std::uint32_t> items;

  void clear() {
    begins.assign(1, 0);
    items.clear();
  }
  void end_list() { begins.push_back(static_cast<std::uint32_t>(items.size())); }
  [[nodiscard]] std::span<const std::uint32_t> operator[](std::size_t i) const {
    return std::span(items).subspan(begins[i], begins[i + 1] - begins[i]);
  }
  [[nodiscard]] std::size_t size() const { return begins.size() - 1; }
};

/// How to compute all L intermediate symbols from the known encoding symbols.
struct SolvePlan {
  /// The value of a row whose symbol is known to be zero.
  static constexpr std::uint32_t kZeroValue = UINT32_MAX;

  struct Pivot {
    std::uint32_t column;
    std::uint32_t value;   ///< Position of its known symbol, or kZeroValue.
    std::uint32_t solved;  ///< This many of its indices are solved columns, the rest inactive.
  };

  CodeParameters params{};
  std::vector<Pivot> pivots;  ///< In the order of solving.
  IndexLists pivot_indices;   ///< Per pivot: columns solved before it, then inactive ones.

  std::vector<HdpcPair> hdpc_pairs;  ///< Of the K'+S-1 first columns (the RFC's matrix MT).

  std::vector<std::uint32_t> rest_values;  ///< Rows that solved no column: their known symbols,
  IndexLists rest_indices;                 ///< and their solved columns.

  // The dense part. With Y the reduced rest rows, Z_i = sum of Y over z_rows[i]:
  // free = free_coefficients * (hdpc sums, Z); bound_i = Z_i + sum of
  // free over bound_free[i].
  IndexLists z_rows;
  std::vector<std::uint32_t> bound_columns;
  std::vector<std::uint32_t> free_columns;
  std::vector<std::uint8_t> free_coefficients;  ///< free x (H + bound), row-major.
  IndexLists bound_free;                        ///< Columns.

  [[nodiscard]] std::size_t scratch_symbols() const {
    return rest_values.size() + z_rows.size() + params.h;
  }
  [[nodiscard]] std::size_t bytes() const;
};

/// Symbols in memory: symbol i starts at data + i * stride. Strides are multiples of
/// kKernelAlignment, padding bytes are zero.
struct SymbolArray {
  std::uint8_t* data = nullptr;
  std::size_t stride = 0;
  [[nodiscard]] std::uint8_t* operator[](std::size_t i) const { return data + i * stride; }
};
struct ConstSymbolArray {
  const std::uint8_t* data = nullptr;
  std::size_t stride = 0;
  ConstSymbolArray() = default;
  ConstSymbolArray(const std::uint8_t* d, std::size_t s) : data(d), stride(s) {}
  ConstSymbolArray(SymbolArray a) : data(a.data), stride(a.stride) {}  // NOLINT: a view of less
  [[nodiscard]] const std::uint8_t* operator[](std::size_t i) const { return data + i * stride; }
};

/// An encoding symbol that is known when a plan is replayed.
struct KnownRow {
  std::uint32_t isi;       ///< Internal symbol id.
  std::uint32_t position;  ///< Where its bytes will be, or SolvePlan::kZeroValue (padding symbols).
};

/// Makes plans; keeps its working memory from one plan to the next.
class Planner {
 public:
  /// False if these symbols do not determine the intermediate ones; `plan` is then unusable.
  bool plan(const CodeParameters& params, std::span<const KnownRow> known, SolvePlan& plan);

 private:
  enum class ColumnState : std::uint8_t { kActive, kSolved, kInactive };
  struct Component {
    std::uint32_t size, root;
    auto operator<=>(const Component&) const = default;
  };

  void build_rows(std::span<const KnownRow> known);
  void build_columns();
  [[nodiscard]] bool peel();
  void solve_column(std::uint32_t row);
  void inactivate(std::uint32_t column);
  void detach(std::uint32_t column);
  [[nodiscard]] std::uint32_t column_to_inactivate();
  void link(std::uint32_t row);
  std::uint32_t find_root(std::uint32_t column);
  void write_sparse_part(std::span<const KnownRow> known, SolvePlan& plan);
  void find_dependence(const SolvePlan& plan);
  void write_hdpc_columns(SolvePlan& plan);
  void reduce_hdpc_rows();
  void reduce_rest_rows(const SolvePlan& plan);
  std::uint32_t eliminate_binary(SolvePlan& plan);
  void write_combinations(SolvePlan& plan, std::uint32_t rank) const;
  bool solve_free(SolvePlan& plan, std::uint32_t rank);

  CodeParameters params_{};
  IndexLists rows_;                    // LDPC rows, then LT rows
  IndexLists columns_;                 // rows of each column below W
  std::vector<std::uint32_t> degree_;  // active columns of a row; kUsed once it is a pivot
  std::vector<ColumnState> state_;
  std::vector<std::uint32_t> order_;  // pivot or inactive number of a column
  std::vector<std::uint32_t> pivot_rows_, pivot_columns_, inactive_columns_;
  std::vector<std::uint32_t> ready_lt_, ready_ldpc_;     // rows with one active column
  std::vector<std::uint32_t> parent_, size_, heaviest_;  // union-find over columns
  std::vector<Component> components_;                    // heap, with outdated entries
  std::vector<std::uint64_t> dependence_;                // per pivot: set of inactive columns
  std::vector<std::uint64_t> dense_;        // rest rows: coefficients, then combination
  std::vector<std::uint8_t> hdpc_columns_;  // 16 bytes per column
  std::vector<std::uint8_t> hdpc_dense_;    // 16 bytes per inactive column
  std::vector<std::uint8_t> system_;        // for the free columns
  std::size_t words_ = 0, dense_words_ = 0;
  std::uint32_t active_columns_ = 0;
};

/// Computes intermediate symbols 0..L-1. `scratch` has room for plan.scratch_symbols() symbols,
/// `size` is a multiple of kKernelAlignment and at most each stride.
void replay(const SolvePlan& plan, const Kernel& kernel, ConstSymbolArray known,
            SymbolArray intermediate, SymbolArray scratch, std::size_t size);

}  // namespace wzp::fec
