#include "block_code.hpp"

#include <algorithm>
#include <mutex>

#include "kernel_dispatch.hpp"
#include "symbol_buffer.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::fec {
namespace {

constexpr std::uint32_t kMaxStoredRows = 64;

// Recently used codes. Which is a cache of constants, not state: nothing observable depends on it.
class CodeStore {
 public:
  std::shared_ptr<const BlockCode> get(const CodeParameters& params) {
    const std::scoped_lock lock(mutex_);
    const auto it = std::find_if(codes_.begin(), codes_.end(), [&](const auto& code) {
      return code->params().k_prime == params.k_prime;
    });
    if (it != codes_.end()) {
      std::rotate(codes_.begin(), it, it + 1);
    } else {
      codes_.insert(codes_.begin(), std::make_shared<const BlockCode>(params));
      drop_least_recent();
    }
    return codes_.front();
  }

 private:
  static constexpr std::size_t kMaxBytes = std::size_t{48} << 20;

  void drop_least_recent() {
    std::size_t total = 0;
    for (std::size_t i = 0; i < codes_.size(); ++i) {
      total += codes_[i]->bytes();
      if (i > 0 && total > kMaxBytes) {
        codes_.resize(i);
        return;
      }
    }
  }

  std::mutex mutex_;
  std::vector<std::shared_ptr<const BlockCode>> codes_;  // most recently used first
};

}  // namespace

std::shared_ptr<const BlockCode> BlockCode::for_source_symbols(std::uint32_t k) {
  static CodeStore store;
  return store.get(CodeParameters::for_source_symbols(k));
}

BlockCode::BlockCode(const CodeParameters& params) : params_(params) {
  std::vector<KnownRow> known(params.k_prime);
  for (std::uint32_t i = 0; i < params.k_prime; ++i) known[i] = {i, i};
  const bool solved = Planner().plan(params, known, plan_);
  WZP_ASSERT(solved);  // true for every K' of the table; a test tries them all
  static_cast<void>(solved);
  if (params.k_prime <= kMaxDenseSymbols) invert();
}

// The intermediate symbols of the unit vectors are the columns of the inverse.
void BlockCode::invert() {
  const std::uint32_t k = params_.k_prime;
  const SymbolBuffer units(k, k);
  for (std::uint32_t i = 0; i < k; ++i) units[i][i] = 1;
  const SymbolBuffer intermediate(params_.l, k);
  const SymbolBuffer scratch(plan_.scratch_symbols(), k);
  replay(plan_, fastest_kernel_code(), units.array(), intermediate.array(), scratch.array(),
         units.stride());
  inverse_.resize(std::size_t{params_.l} * k);
  for (std::uint32_t i = 0; i < params_.l; ++i) {
    std::copy_n(intermediate[i], k, &inverse_[std::size_t{i} * k]);
  }
  const std::uint32_t rows = std::min(kMaxStoredRows, 2 * k);
  rows_.resize(std::size_t{rows} * k);
  for (std::uint32_t i = 0; i < rows; ++i) repair_row(i, &rows_[std::size_t{i} * k]);
  stored_rows_ = rows;
}

const std::uint8_t* BlockCode::repair_row(std::uint32_t number, std::uint8_t* room) const noexcept {
  const std::uint32_t k = params_.k_prime;
  if (number < stored_rows_) return &rows_[std::size_t{number} * k];
  std::array<std::uint32_t, kMaxRowWeight> neighbours{};
  const std::uint32_t n = lt_neighbours(params_, k + number, neighbours);
  std::copy_n(&inverse_[std::size_t{neighbours[0]} * k], k, room);
  for (std::uint32_t i = 1; i < n; ++i) {
    const std::uint8_t* row = &inverse_[std::size_t{neighbours[i]} * k];
    for (std::uint32_t c = 0; c < k; ++c) room[c] ^= row[c];
  }
  return room;
}

std::size_t BlockCode::bytes() const noexcept {
  return sizeof(*this) + plan_.bytes() + inverse_.capacity() + rows_.capacity();
}

}  // namespace wzp::fec
