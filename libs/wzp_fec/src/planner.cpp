// Making a SolvePlan: peeling and the dense rest. See solve_plan.hpp.
#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "gf256.hpp"
#include "solve_plan.hpp"

namespace wzp::fec {
namespace {

constexpr std::uint32_t kUsed = UINT32_MAX;
constexpr std::size_t kHdpcLanes = 16;  // H <= 16 for every K'

HdpcPair hdpc_pair(const CodeParameters& params, std::uint32_t j) noexcept {
  const std::uint32_t first = rfc_random(j + 1, 6, params.h);
  const std::uint32_t second = (first + rfc_random(j + 1, 7, params.h - 1) + 1) % params.h;
  return {static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(second)};
}

// The dense part costs the cube of this. Symbols as they come need about 1.4 P; only a set of
// symbols chosen for it needs much more, and a block of 2000 symbols or fewer never reaches the
// limit.
std::size_t inactive_limit(const CodeParameters& params) {
  return std::max<std::size_t>(2200, std::size_t{8} * params.p);
}

void add_words(std::uint64_t* to, const std::uint64_t* from, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) to[i] ^= from[i];
}
bool test_bit(const std::uint64_t* words, std::size_t bit) {
  return (words[bit / 64] >> (bit % 64) & 1) != 0;
}
void flip_bit(std::uint64_t* words, std::size_t bit) {
  words[bit / 64] ^= std::uint64_t{1} << (bit % 64);
}
template <class F>
void for_each_bit(const std::uint64_t* words, std::size_t n, F&& f) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::uint64_t w = words[i]; w != 0; w &= w - 1) {
      f(static_cast<std::uint32_t>(i * 64 + static_cast<std::size_t>(std::countr_zero(w))));
    }
  }
}

}  // namespace

bool Planner::plan(const CodeParameters& params, std::span<const KnownRow> known, SolvePlan& plan) {
  params_ = params;
  plan.params = params;
  build_rows(known);
  build_columns();
  if (!peel()) return false;
  write_sparse_part(known, plan);
  find_dependence(plan);
  write_hdpc_columns(plan);
  reduce_hdpc_rows();
  reduce_rest_rows(plan);
  const std::uint32_t rank = eliminate_binary(plan);
  return solve_free(plan, rank);
}

void Planner::build_rows(std::span<const KnownRow> known) {
  const CodeParameters& c = params_;
  rows_.clear();
  // LDPC rows (section 5.3.3.3): row i holds the columns j < B that enter it, B + i, and two of P.
  for (std::uint32_t i = 0; i < c.s; ++i) {
    for (std::uint32_t group = 0; group * c.s < c.b; ++group) {
      for (std::uint32_t k = 0; k < 3; ++k) {
        // column group*S + x enters rows x + k*(group+1)
        const std::uint32_t shift = k * (group + 1) % c.s;
        const std::uint32_t column = group * c.s + (i + c.s - shift) % c.s;
        if (column < c.b) rows_.items.push_back(column);
      }
    }
    rows_.items.push_back(c.b + i);
    rows_.items.push_back(c.w + i % c.p);
    rows_.items.push_back(c.w + (i + 1) % c.p);
    rows_.end_list();
  }
  std::array<std::uint32_t, kMaxRowWeight> neighbours{};
  for (const KnownRow& row : known) {
    const std::uint32_t n = lt_neighbours(c, row.isi, neighbours);
    rows_.items.insert(rows_.items.end(), neighbours.begin(), neighbours.begin() + n);
    rows_.end_list();
  }
}

void Planner::build_columns() {
  const std::uint32_t w = params_.w;
  columns_.begins.assign(w + 1, 0);
  for (const std::uint32_t c : rows_.items) {
    if (c < w) ++columns_.begins[c + 1];
  }
  for (std::uint32_t c = 0; c < w; ++c) columns_.begins[c + 1] += columns_.begins[c];
  columns_.items.resize(columns_.begins[w]);
  size_.assign(columns_.begins.begin(), columns_.begins.end() - 1);  // here: where to write next
  degree_.assign(rows_.size(), 0);
  for (std::uint32_t r = 0; r < rows_.size(); ++r) {
    for (const std::uint32_t c : rows_[r]) {
      if (c >= w) continue;
      columns_.items[size_[c]++] = r;
      ++degree_[r];
    }
  }
}

bool Planner::peel() {
  state_.assign(params_.l, ColumnState::kActive);
  order_.assign(params_.l, 0);
  pivot_rows_.clear();
  pivot_columns_.clear();
  inactive_columns_.clear();
  ready_lt_.clear();
  ready_ldpc_.clear();
  for (std::uint32_t c = params_.w; c < params_.l; ++c) {
    state_[c] = ColumnState::kInactive;
    order_[c] = static_cast<std::uint32_t>(inactive_columns_.size());
    inactive_columns_.push_back(c);
  }
  active_columns_ = params_.w;
  parent_.resize(params_.w);
  std::iota(parent_.begin(), parent_.end(), 0U);
  heaviest_ = parent_;
  size_.assign(params_.w, 1);
  components_.clear();
  for (std::uint32_t r = 0; r < rows_.size(); ++r) {
    if (degree_[r] == 1) (r < params_.s ? ready_ldpc_ : ready_lt_).push_back(r);
    if (degree_[r] == 2) link(r);
  }
  while (active_columns_ > 0) {
    // The light LT rows first: what is left over serves as a rest row, used once instead of twice.
    auto& ready = !ready_lt_.empty() ? ready_lt_ : ready_ldpc_;
    if (ready.empty()) {
      if (inactive_columns_.size() >= inactive_limit(params_)) return false;
      inactivate(column_to_inactivate());
      continue;
    }
    const std::uint32_t row = ready.back();
    ready.pop_back();
    if (degree_[row] == 1) solve_column(row);
  }
  return true;
}

void Planner::solve_column(std::uint32_t row) {
  std::uint32_t column = 0;
  for (const std::uint32_t c : rows_[row]) {
    if (state_[c] == ColumnState::kActive) column = c;
  }
  state_[column] = ColumnState::kSolved;
  order_[column] = static_cast<std::uint32_t>(pivot_rows_.size());
  pivot_rows_.push_back(row);
  pivot_columns_.push_back(column);
  degree_[row] = kUsed;
  detach(column);
}

void Planner::inactivate(std::uint32_t column) {
  state_[column] = ColumnState::kInactive;
  order_[column] = static_cast<std::uint32_t>(inactive_columns_.size());
  inactive_columns_.push_back(column);
  detach(column);
}

void Planner::detach(std::uint32_t column) {
  --active_columns_;
  for (const std::uint32_t r : columns_[column]) {
    if (degree_[r] == kUsed) continue;
    --degree_[r];
    if (degree_[r] == 1) (r < params_.s ? ready_ldpc_ : ready_lt_).push_back(r);
    if (degree_[r] == 2) link(r);
  }
}

std::uint32_t Planner::find_root(std::uint32_t column) {
  while (parent_[column] != column) {
    parent_[column] = parent_[parent_[column]];
    column = parent_[column];
  }
  return column;
}

// Rows with two active columns are edges of a graph. Making one column of a component inactive
// solves all of it, so components only ever grow until they vanish as a whole, and a union-find
// serves.
void Planner::link(std::uint32_t row) {
  std::uint32_t ends[2] = {};
  std::uint32_t n = 0;
  for (const std::uint32_t c : rows_[row]) {
    if (state_[c] == ColumnState::kActive && n < 2) ends[n++] = find_root(c);
  }
  if (ends[0] == ends[1]) return;
  if (size_[ends[0]] < size_[ends[1]]) std::swap(ends[0], ends[1]);
  const auto [root, child] = ends;
  parent_[child] = root;
  size_[root] += size_[child];
  if (columns_[heaviest_[child]].size() > columns_[heaviest_[root]].size()) {
    heaviest_[root] = heaviest_[child];
  }
  components_.push_back({size_[root], root});
  std::push_heap(components_.begin(), components_.end());
}

// From the largest component its heaviest column (RFC 6330 section 5.4.2.2 takes any).
std::uint32_t Planner::column_to_inactivate() {
  while (!components_.empty()) {
    const Component top = components_.front();
    const std::uint32_t column = heaviest_[top.root];
    if (parent_[top.root] == top.root && size_[top.root] == top.size &&
        state_[column] == ColumnState::kActive) {
      return column;
    }
    std::pop_heap(components_.begin(), components_.end());
    components_.pop_back();
  }
  // No row has two active columns.
  std::uint32_t best = kUsed;
  for (std::uint32_t c = 0; c < params_.w; ++c) {
    if (state_[c] != ColumnState::kActive) continue;
    if (best == kUsed || columns_[c].size() > columns_[best].size()) best = c;
  }
  return best;
}

void Planner::write_sparse_part(std::span<const KnownRow> known, SolvePlan& plan) {
  const auto value_of = [&](std::uint32_t row) {
    return row < params_.s ? SolvePlan::kZeroValue : known[row - params_.s].position;
  };
  plan.pivots.clear();
  plan.pivot_indices.clear();
  for (std::size_t t = 0; t < pivot_rows_.size(); ++t) {
    auto& items = plan.pivot_indices.items;
    const std::size_t begin = items.size();
    for (const std::uint32_t c : rows_[pivot_rows_[t]]) {
      if (state_[c] == ColumnState::kSolved && c != pivot_columns_[t]) items.push_back(c);
    }
    const auto solved = static_cast<std::uint32_t>(items.size() - begin);
    for (const std::uint32_t c : rows_[pivot_rows_[t]]) {
      if (state_[c] == ColumnState::kInactive) items.push_back(c);
    }
    plan.pivot_indices.end_list();
    plan.pivots.push_back({pivot_columns_[t], value_of(pivot_rows_[t]), solved});
  }
  plan.rest_values.clear();
  plan.rest_indices.clear();
  for (std::uint32_t r = 0; r < rows_.size(); ++r) {
    if (degree_[r] == kUsed) continue;
    plan.rest_values.push_back(value_of(r));
    for (const std::uint32_t c : rows_[r]) {
      if (state_[c] == ColumnState::kSolved) plan.rest_indices.items.push_back(c);
    }
    plan.rest_indices.end_list();
  }
}

// What each solved column owes to the inactive ones.
void Planner::find_dependence(const SolvePlan& plan) {
  words_ = (inactive_columns_.size() + 63) / 64;
  dependence_.assign(pivot_rows_.size() * words_, 0);
  for (std::size_t t = 0; t < plan.pivots.size(); ++t) {
    std::uint64_t* set = &dependence_[t * words_];
    const auto indices = plan.pivot_indices[t];
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const std::uint32_t order = order_[indices[i]];
      if (i < plan.pivots[t].solved) {
        add_words(set, &dependence_[order * words_], words_);
      } else {
        flip_bit(set, order);
      }
    }
  }
}

// Columns of G_HDPC from the last to the first: G_j = alpha * G_(j+1) + MT_j.
void Planner::write_hdpc_columns(SolvePlan& plan) {
  const std::uint32_t count = params_.k_prime + params_.s;
  hdpc_columns_.assign(std::size_t{count} * kHdpcLanes, 0);
  for (std::uint32_t h = 0; h < params_.h; ++h) {
    hdpc_columns_[(count - 1) * kHdpcLanes + h] = gf256::power_of_alpha(h);
  }
  plan.hdpc_pairs.resize(count - 1);
  for (std::uint32_t j = count - 1; j-- > 0;) {
    std::uint8_t* column = &hdpc_columns_[std::size_t{j} * kHdpcLanes];
    const std::uint8_t* next = column + kHdpcLanes;
    for (std::size_t h = 0; h < kHdpcLanes; ++h) {
      column[h] = static_cast<std::uint8_t>((next[h] << 1) ^ ((next[h] & 0x80) != 0 ? 0x1d : 0));
    }
    const HdpcPair pair = plan.hdpc_pairs[j] = hdpc_pair(params_, j);
    column[pair.first] ^= 1;
    column[pair.second] ^= 1;
  }
}

// HDPC rows over the inactive columns alone.
void Planner::reduce_hdpc_rows() {
  const std::uint32_t count = params_.k_prime + params_.s;
  hdpc_dense_.assign(inactive_columns_.size() * kHdpcLanes, 0);
  const auto add_column = [&](std::size_t inactive, std::uint32_t column) {
    std::uint8_t* to = &hdpc_dense_[inactive * kHdpcLanes];
    std::uint64_t from[2];
    std::uint64_t sum[2];
    std::memcpy(from, &hdpc_columns_[std::size_t{column} * kHdpcLanes], kHdpcLanes);
    std::memcpy(sum, to, kHdpcLanes);
    sum[0] ^= from[0];
    sum[1] ^= from[1];
    std::memcpy(to, sum, kHdpcLanes);
  };
  for (std::size_t t = 0; t < pivot_columns_.size(); ++t) {
    for_each_bit(&dependence_[t * words_], words_,
                 [&](std::uint32_t bit) { add_column(bit, pivot_columns_[t]); });
  }
  for (std::size_t i = 0; i < inactive_columns_.size(); ++i) {
    const std::uint32_t column = inactive_columns_[i];
    if (column < count) {
      add_column(i, column);
    } else {
      hdpc_dense_[i * kHdpcLanes + (column - count)] ^= 1;
    }
  }
}

// Rest rows over the inactive columns, each followed by a unit vector that will record
// combinations.
void Planner::reduce_rest_rows(const SolvePlan& plan) {
  const std::size_t rest = plan.rest_values.size();
  dense_words_ = words_ + (rest + 63) / 64;
  dense_.assign(rest * dense_words_, 0);
  std::size_t i = 0;
  for (std::uint32_t r = 0; r < rows_.size(); ++r) {
    if (degree_[r] == kUsed) continue;
    std::uint64_t* row = &dense_[i * dense_words_];
    for (const std::uint32_t c : rows_[r]) {
      if (state_[c] == ColumnState::kSolved) {
        add_words(row, &dependence_[order_[c] * words_], words_);
      } else {
        flip_bit(row, order_[c]);
      }
    }
    flip_bit(row + words_, i);
    ++i;
  }
}

// Gauss-Jordan over GF(2). Afterwards row i < rank has a single bound column, and perhaps free
// ones.
std::uint32_t Planner::eliminate_binary(SolvePlan& plan) {
  const std::size_t rest = plan.rest_values.size();
  plan.bound_columns.clear();
  plan.free_columns.clear();
  std::uint32_t rank = 0;
  for (std::uint32_t c = 0; c < inactive_columns_.size(); ++c) {
    std::size_t pivot = rank;
    while (pivot < rest && !test_bit(&dense_[pivot * dense_words_], c)) ++pivot;
    if (pivot == rest) {
      plan.free_columns.push_back(c);
      continue;
    }
    std::uint64_t* row = &dense_[rank * dense_words_];
    if (pivot != rank) {
      std::swap_ranges(row, row + dense_words_, &dense_[pivot * dense_words_]);
    }
    for (std::size_t r = 0; r < rest; ++r) {
      std::uint64_t* other = &dense_[r * dense_words_];
      if (r != rank && test_bit(other, c)) add_words(other, row, dense_words_);
    }
    plan.bound_columns.push_back(c);
    ++rank;
  }
  return rank;
}

// Which rest rows make up each bound column, and which free columns it owes to.
void Planner::write_combinations(SolvePlan& plan, std::uint32_t rank) const {
  plan.z_rows.clear();
  plan.bound_free.clear();
  for (std::uint32_t i = 0; i < rank; ++i) {
    const std::uint64_t* row = &dense_[i * dense_words_];
    for_each_bit(row + words_, dense_words_ - words_,
                 [&](std::uint32_t bit) { plan.z_rows.items.push_back(bit); });
    plan.z_rows.end_list();
    for (std::uint32_t q = 0; q < plan.free_columns.size(); ++q) {
      if (test_bit(row, plan.free_columns[q])) plan.bound_free.items.push_back(q);
    }
    plan.bound_free.end_list();
  }
}

// The free columns from the HDPC rows, over GF(256): at most H of them. Rows
// [n | unit | g] of "n * free = sums + g * Z" are reduced to [unit | n^-1 | n^-1 g].
bool Planner::solve_free(SolvePlan& plan, std::uint32_t rank) {
  const std::size_t free = plan.free_columns.size();
  const std::size_t height = params_.h;
  if (free > height) return false;
  write_combinations(plan, rank);
  const std::size_t width = free + height + rank;
  system_.assign(height * width, 0);
  for (std::size_t h = 0; h < height; ++h) {
    std::uint8_t* row = &system_[h * width];
    for (std::size_t q = 0; q < free; ++q) {
      row[q] = hdpc_dense_[plan.free_columns[q] * kHdpcLanes + h];
    }
    row[free + h] = 1;
    for (std::uint32_t i = 0; i < rank; ++i) {
      const std::uint8_t g = hdpc_dense_[plan.bound_columns[i] * kHdpcLanes + h];
      row[free + height + i] = g;
      for (const std::uint32_t q : plan.bound_free[i]) row[q] ^= g;
    }
  }
  if (!gf256::reduce_to_unit(system_.data(), height, width, free)) return false;
  plan.free_coefficients.resize(free * (height + rank));
  for (std::size_t q = 0; q < free; ++q) {
    std::copy_n(&system_[q * width + free], height + rank,
                &plan.free_coefficients[q * (height + rank)]);
  }
  // From here on columns, not numbers of inactive columns.
  for (std::uint32_t& q : plan.bound_free.items) q = inactive_columns_[plan.free_columns[q]];
  for (std::uint32_t& c : plan.bound_columns) c = inactive_columns_[c];
  for (std::uint32_t& c : plan.free_columns) c = inactive_columns_[c];
  return true;
}

}  // namespace wzp::fec
