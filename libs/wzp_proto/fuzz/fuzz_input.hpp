// Cuts a fuzzer's input into the values a stateful target needs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "wzp/proto/bytes.hpp"

namespace wzp::fuzz {

/// A property that must hold for every input, in every build.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken property: %s\n", what);
  std::abort();
}

inline ByteView view_of(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

inline bool equal(ByteView a, ByteView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

/// Like a ByteReader that yields zeros at the end.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : reader_(view_of(data, size)) {}

  [[nodiscard]] bool done() const { return !reader_.ok() || reader_.remaining() == 0; }
  std::uint8_t u8() { return reader_.u8(); }
  std::uint16_t u16() { return reader_.u16(); }
  std::uint32_t u32() { return reader_.u32(); }
  /// Up to n bytes.
  ByteView take(std::size_t n) { return reader_.take(std::min(n, reader_.remaining())); }

 private:
  ByteReader reader_;
};

}  // namespace wzp::fuzz
