// What this test program knows about its heap: its operator new and delete are replaced.
#pragma once

#include <cstddef>

namespace wzp::crypto::test {

/// Calls of operator new so far.
std::size_t allocations() noexcept;

/// From now on, remember whether the block at `p` is all zeros at the moment it is freed.
void watch_block(const void* p, std::size_t size) noexcept;
enum class Freed { kNot, kWiped, kDirty };
Freed watched_block() noexcept;

}  // namespace wzp::crypto::test
