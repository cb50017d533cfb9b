// Counts heap allocations of this whole program, C libraries included.
#pragma once

#include <cstddef>

// True where malloc itself is counted; false under sanitizers, which bring their own.
bool allocations_are_counted();
// malloc, calloc, realloc and aligned_alloc calls so far, operator new included.
std::size_t allocations();
