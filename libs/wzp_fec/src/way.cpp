#include "way.hpp"

#include <algorithm>

namespace wzp::fec {
namespace {

// Up to this K' the product wins even for as many repair symbols as source symbols.
constexpr std::uint32_t kAlwaysDense = 32;

}  // namespace

bool plan_may_be_faster(const BlockCode& code) noexcept {
  return !code.has_dense_form() || code.params().k_prime > kAlwaysDense;
}

bool dense_is_faster(const BlockCode& code, const Kernel& kernel, std::uint32_t symbols) noexcept {
  if (!plan_may_be_faster(code)) return true;
  if (!code.has_dense_form()) return false;
  // Replays of small blocks are dearer: measured break-even points lie near cost * (1 + cost / K'),
  // with GFNI-512 at R = 130 for K' = 69, 83 for 101, 65 for 257 and 61 for 511.
  const std::uint32_t cost = kernel.replay_cost;
  return symbols <= cost + cost * cost / code.params().k_prime;
}

void replay_in_tiles(const SolvePlan& plan, const Kernel& kernel, ConstSymbolArray known,
                     SymbolArray intermediate, SymbolArray scratch, std::size_t size) {
  for (std::size_t offset = 0; offset < size; offset += kReplayTile) {
    replay(plan, kernel, {known.data + offset, known.stride},
           {intermediate.data + offset, intermediate.stride}, scratch,
           std::min(kReplayTile, size - offset));
  }
}

}  // namespace wzp::fec
