// Pieces from which the formulas of end-to-end encryption are put together.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "wzp/proto/bytes.hpp"

namespace wzp::crypto::e2e {

/// A label as it stands in a formula: with one zero byte at its end.
template <std::size_t N>
[[nodiscard]] inline ByteView label(const char (&text)[N]) noexcept {
  return as_byte_view({text, N});
}

[[nodiscard]] inline std::array<std::byte, 2> be16(std::size_t value) noexcept {
  return {static_cast<std::byte>(value >> 8), static_cast<std::byte>(value)};
}
[[nodiscard]] inline std::array<std::byte, 4> be32(std::uint32_t value) noexcept {
  std::array<std::byte, 4> out{};
  ByteWriter(out).u32(value);
  return out;
}
[[nodiscard]] inline std::array<std::byte, 1> one(std::uint8_t value) noexcept {
  return {std::byte{value}};
}

}  // namespace wzp::crypto::e2e
