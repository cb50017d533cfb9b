// Which way of computing is faster: the dense product or the intermediate symbols. The constants
// are measured (bench-fec --crossover prints what they are made from); the bytes do not depend on
// them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "block_code.hpp"
#include "kernel.hpp"

namespace wzp::fec {

inline constexpr std::size_t kMaxSymbolSize = 65535;
/// Symbols are replayed this many bytes at a time, so that the intermediate ones stay in cache.
inline constexpr std::size_t kReplayTile = 512;

/// False where the dense product always wins, so that no memory need be set aside for the other.
[[nodiscard]] bool plan_may_be_faster(const BlockCode& code) noexcept;

/// Whether `symbols` repair symbols come faster from the dense product than from a new replay.
[[nodiscard]] bool dense_is_faster(const BlockCode& code, const Kernel& kernel,
                                   std::uint32_t symbols) noexcept;

/// replay() over symbols of any size.
void replay_in_tiles(const SolvePlan& plan, const Kernel& kernel, ConstSymbolArray known,
                     SymbolArray intermediate, SymbolArray scratch, std::size_t size);

}  // namespace wzp::fec
