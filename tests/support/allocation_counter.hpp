/// \file
/// Counts heap allocations, those of C libraries included. A test program that links
/// allocation_counter.cpp has its malloc replaced.
#pragma once

#include <cstddef>

namespace wzp::test {

/// True where malloc itself is counted; false under sanitizers, which bring their own.
[[nodiscard]] bool allocations_are_counted() noexcept;
/// malloc, calloc, realloc and aligned_alloc calls of this thread so far, operator new included.
[[nodiscard]] std::size_t allocations() noexcept;

/// How many `work` makes; 0 where they are not counted.
template <class Work>
std::size_t allocations_of(Work&& work) {
  const std::size_t before = allocations();
  work();
  return allocations() - before;
}

}  // namespace wzp::test
