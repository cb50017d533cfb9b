/// \file
/// Public keys and signatures as distinct types, so that they can't be swapped.
#pragma once

#include <array>
#include <compare>
#include <cstddef>

namespace wzp::crypto {

/// An Ed25519 public key (RFC 8032): who somebody is.
struct IdentityKey {
  std::array<std::byte, 32> bytes{};
  auto operator<=>(const IdentityKey&) const = default;
};

/// An X25519 public key (RFC 7748): one half of a key agreement.
struct ExchangeKey {
  std::array<std::byte, 32> bytes{};
  auto operator<=>(const ExchangeKey&) const = default;
};

/// An Ed25519 signature.
struct Signature {
  std::array<std::byte, 64> bytes{};
  auto operator<=>(const Signature&) const = default;
};

}  // namespace wzp::crypto
