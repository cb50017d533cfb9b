#include "way.hpp"

#include <algorithm>

namespace wzp::fec {
namespace {

// Below this K' even as many repair symbols as source symbols come faster from the product.
constexpr std::uint32_t kAlwaysDense = 64;

}  // namespace

bool plan_may_be_faster(const BlockCode& code) noexcept {
  return !code.has_dense_form() || code.params().k_prime > kAlwaysDense;
}

bool dense_is_faster(const BlockCode& code, const Kernel& kernel, std::uint32_t symbols) noexcept {
  if (!plan_may_be_faster(code)) return true;
  if (!code.has_dense_form()) return false;
  // A replay costs about kernel.replay_cost products per source symbol.
  return symbols <= kernel.replay_cost;
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
