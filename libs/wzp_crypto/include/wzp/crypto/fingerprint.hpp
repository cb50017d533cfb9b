/// \file
/// Fingerprints: the short public name of an identity.
#pragma once

#include <array>
#include <compare>
#include <string>
#include <string_view>

#include "wzp/crypto/errc.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/keys.hpp"

namespace wzp::crypto {

/// The first 16 bytes of SHA-256 over the Ed25519 public key.
struct WZP_CRYPTO_EXPORT Fingerprint {
  std::array<std::byte, 16> bytes{};

  [[nodiscard]] static Fingerprint of(const IdentityKey& key);
  /// Drops every character that is not a hex digit; needs an even number of digits, at least 32;
  /// the first 32 count. (So a `0x` in front makes the number odd, and fails.)
  [[nodiscard]] static Result<Fingerprint> parse(std::string_view text) noexcept;

  /// Eight groups of four lower-case digits joined by colons: 39 characters.
  [[nodiscard]] std::string to_text() const;
  /// 32 lower-case digits.
  [[nodiscard]] std::string to_plain_text() const;

  auto operator<=>(const Fingerprint&) const = default;
};

}  // namespace wzp::crypto
