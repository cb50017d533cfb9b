#include "heap_watch.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace wzp::crypto::test {
namespace {

std::atomic<std::size_t> allocation_count{0};
const unsigned char* watched = nullptr;
std::size_t watched_size = 0;
Freed watched_state = Freed::kNot;

void* allocate(std::size_t size) {
  ++allocation_count;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}

void release(void* p) noexcept {
  if (p != nullptr && p == watched) {
    watched_state = Freed::kWiped;
    for (std::size_t i = 0; i < watched_size; ++i) {
      if (watched[i] != 0) watched_state = Freed::kDirty;
    }
    watched = nullptr;
  }
  std::free(p);
}

}  // namespace

std::size_t allocations() noexcept { return allocation_count; }

void watch_block(const void* p, std::size_t size) noexcept {
  watched = static_cast<const unsigned char*>(p);
  watched_size = size;
  watched_state = Freed::kNot;
}

Freed watched_block() noexcept { return watched_state; }

}  // namespace wzp::crypto::test

void* operator new(std::size_t size) { return wzp::crypto::test::allocate(size); }
void* operator new[](std::size_t size) { return wzp::crypto::test::allocate(size); }
void operator delete(void* p) noexcept { wzp::crypto::test::release(p); }
void operator delete[](void* p) noexcept { wzp::crypto::test::release(p); }
void operator delete(void* p, std::size_t) noexcept { wzp::crypto::test::release(p); }
void operator delete[](void* p, std::size_t) noexcept { wzp::crypto::test::release(p); }
