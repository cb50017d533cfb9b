// Replaying a plan on symbols: only sums and products of whole symbols, no decisions.
#include "solve_plan.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace wzp::fec {
namespace {

class Replay {
 public:
  Replay(const SolvePlan& plan, const Kernel& kernel, ConstSymbolArray known, SymbolArray c,
         SymbolArray scratch, std::size_t size)
      : plan_(plan), kernel_(kernel), known_(known), c_(c), sums_(scratch), size_(size) {
    z_ = {scratch[plan.params.h], scratch.stride};
    y_ = {scratch[plan.params.h + plan.z_rows.size()], scratch.stride};
  }

  void run() const {
    solve_without_inactive();
    sum_hdpc();
    solve_inactive();
    solve_with_inactive();
  }

 private:
  // Each solved column as if the inactive ones were zero.
  void solve_without_inactive() const {
    for (const std::uint32_t column : plan_.bound_columns) std::memset(c_[column], 0, size_);
    for (const std::uint32_t column : plan_.free_columns) std::memset(c_[column], 0, size_);
    for (std::size_t t = 0; t < plan_.pivots.size(); ++t) {
      const SolvePlan::Pivot& pivot = plan_.pivots[t];
      gather(c_[pivot.column], value(pivot.value), c_, plan_.pivot_indices[t].first(pivot.solved));
    }
  }

  void sum_hdpc() const {
    for (std::size_t h = 0; h < plan_.params.h; ++h) std::memset(sums_[h], 0, size_);
    kernel_.hdpc_sum({c_.data, c_.stride, plan_.hdpc_pairs.size() + 1, plan_.hdpc_pairs.data(),
                      sums_.data, sums_.stride, plan_.params.h, size_});
  }

  void solve_inactive() const {
    for (std::size_t i = 0; i < plan_.rest_values.size(); ++i) {
      gather(y_[i], value(plan_.rest_values[i]), c_, plan_.rest_indices[i]);
    }
    for (std::size_t i = 0; i < plan_.z_rows.size(); ++i) {
      gather(z_[i], nullptr, y_, plan_.z_rows[i]);
    }
    solve_free();
    for (std::size_t i = 0; i < plan_.bound_columns.size(); ++i) {
      gather(c_[plan_.bound_columns[i]], z_[i], c_, plan_.bound_free[i]);
    }
  }

  // free columns = coefficients * (HDPC sums, Z), some sources at a time.
  void solve_free() const {
    constexpr std::size_t kAtATime = 64;
    const std::size_t sources = plan_.params.h + plan_.z_rows.size();
    std::array<std::uint8_t*, 16> rows{};
    const std::size_t free = plan_.free_columns.size();
    for (std::size_t q = 0; q < free; ++q) rows[q] = c_[plan_.free_columns[q]];
    std::array<const std::uint8_t*, kAtATime> from{};
    for (std::size_t begin = 0; begin < sources; begin += kAtATime) {
      const std::size_t n = std::min(kAtATime, sources - begin);
      for (std::size_t i = 0; i < n; ++i) from[i] = sums_[begin + i];
      kernel_.dense_product({plan_.free_coefficients.data() + begin, sources, from.data(), n,
                             begin == 0 ? nullptr : rows.data(), rows.data(), free, size_});
    }
  }

  void solve_with_inactive() const {
    for (std::size_t t = 0; t < plan_.pivots.size(); ++t) {
      const SolvePlan::Pivot& pivot = plan_.pivots[t];
      gather(c_[pivot.column], value(pivot.value), c_, plan_.pivot_indices[t]);
    }
  }

  void gather(std::uint8_t* target, const std::uint8_t* initial, ConstSymbolArray from,
              std::span<const std::uint32_t> indices) const {
    kernel_.gather_sum(
        {target, initial, from.data, from.stride, indices.data(), indices.size(), size_});
  }
  [[nodiscard]] const std::uint8_t* value(std::uint32_t position) const {
    return position == SolvePlan::kZeroValue ? nullptr : known_[position];
  }

  const SolvePlan& plan_;
  const Kernel& kernel_;
  ConstSymbolArray known_;
  SymbolArray c_;
  SymbolArray sums_, z_, y_;  // parts of the scratch memory, one after the other
  std::size_t size_;
};

}  // namespace

std::size_t SolvePlan::bytes() const {
  const auto of = [](const auto& v) { return v.capacity() * sizeof(v[0]); };
  const auto of_lists = [&](const IndexLists& l) { return of(l.begins) + of(l.items); };
  return of(pivots) + of_lists(pivot_indices) + of(hdpc_pairs) + of(rest_values) +
         of_lists(rest_indices) + of_lists(z_rows) + of(bound_columns) + of(free_columns) +
         of(free_coefficients) + of_lists(bound_free);
}

void replay(const SolvePlan& plan, const Kernel& kernel, ConstSymbolArray known,
            SymbolArray intermediate, SymbolArray scratch, std::size_t size) {
  Replay(plan, kernel, known, intermediate, scratch, size).run();
}

}  // namespace wzp::fec
