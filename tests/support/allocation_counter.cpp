#include "allocation_counter.hpp"

#include <cstdlib>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WZP_SANITIZED 1
#endif
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(WZP_SANITIZED)
#define WZP_COUNT_MALLOC 1
#endif

namespace {
thread_local std::size_t count = 0;
}

std::size_t wzp::test::allocations() noexcept { return count; }

#if defined(WZP_COUNT_MALLOC)
bool wzp::test::allocations_are_counted() noexcept { return true; }

// glibc exports its allocator under these names so that a program may put its own in front.
extern "C" {
void* __libc_malloc(std::size_t);                 // NOLINT
void* __libc_calloc(std::size_t, std::size_t);    // NOLINT
void* __libc_realloc(void*, std::size_t);         // NOLINT
void* __libc_memalign(std::size_t, std::size_t);  // NOLINT

void* malloc(std::size_t size) {
  ++count;
  return __libc_malloc(size);
}
void* calloc(std::size_t n, std::size_t size) {
  ++count;
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t size) {
  ++count;
  return __libc_realloc(p, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++count;
  return __libc_memalign(alignment, size);
}
}
#else
bool wzp::test::allocations_are_counted() noexcept { return false; }
#endif
