#include "memory_search.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

namespace wzp::crypto::test {
namespace {

constexpr std::size_t kWindow = 1 << 16;
constexpr std::size_t kLongestPattern = 64;
// Read through the kernel: guard pages and shadow memory then are errors, not crashes. Static, and
// left out of the search.
unsigned char window[kWindow];

bool is_inverted_at(const unsigned char* at, ByteView pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (static_cast<unsigned char>(~at[i]) != std::to_integer<unsigned char>(pattern[i])) {
      return false;
    }
  }
  return true;
}

std::size_t places_in(int memory, std::uint64_t begin, std::uint64_t end, ByteView pattern) {
  std::size_t places = 0;
  for (std::uint64_t at = begin; at < end; at += kWindow - kLongestPattern) {
    const std::size_t want = std::min<std::uint64_t>(kWindow, end - at);
    const ssize_t got = ::pread(memory, window, want, static_cast<off_t>(at));
    for (ssize_t i = 0; i + static_cast<ssize_t>(pattern.size()) <= got; ++i) {
      places += is_inverted_at(window + i, pattern) ? 1U : 0U;
    }
  }
  std::memset(window, 0, sizeof window);
  return places;
}

}  // namespace

std::size_t places_of_inverted(ByteView pattern) {
  constexpr std::uint64_t kLargest = 512 << 20;  // Beyond: a sanitizer's own reservations.
  std::FILE* maps = std::fopen("/proc/self/maps", "r");
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  std::size_t places = 0;
  char line[512];
  while (maps != nullptr && std::fgets(line, sizeof line, maps) != nullptr) {
    std::uint64_t begin = 0, end = 0, inode = 0;
    char mode[8] = {};
    if (std::sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*x %*s %" SCNu64, &begin, &end, mode,
                    &inode) != 4) {
      continue;
    }
    if (mode[0] != 'r' || mode[1] != 'w' || inode != 0 || end - begin > kLargest) continue;
    places += places_in(memory, begin, end, pattern);
  }
  if (maps != nullptr) std::fclose(maps);
  ::close(memory);
  return places;
}

}  // namespace wzp::crypto::test
