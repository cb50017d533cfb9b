/// \file
/// Bytes as hexadecimal text. Not in constant time: for public values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wzp/crypto/export.hpp"
#include "wzp/proto/bytes.hpp"

namespace wzp::crypto {

/// Two lower-case digits per byte.
[[nodiscard]] WZP_CRYPTO_EXPORT std::string to_hex(ByteView bytes);

/// The value of one digit of either case.
[[nodiscard]] constexpr std::optional<std::uint8_t> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

/// Fills all of `out` from exactly twice as many digits of either case; false, with `out`
/// unspecified, for anything else.
[[nodiscard]] WZP_CRYPTO_EXPORT bool from_hex(std::string_view text, MutableBytes out) noexcept;

}  // namespace wzp::crypto
