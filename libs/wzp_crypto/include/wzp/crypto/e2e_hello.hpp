/// \file
/// The Hello of end-to-end encryption: who a participant is, and one half of every key agreement
/// with it. Format: docs/wire/e2e.md, "Pairs".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "wzp/crypto/errc.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/keys.hpp"
#include "wzp/proto/bytes.hpp"

namespace wzp::crypto::e2e {

/// Random, one per connection.
struct InstanceId {
  std::array<std::byte, 16> bytes{};
  auto operator<=>(const InstanceId&) const = default;
};

/// 01 | version 01 | flags u8 | n u32 | instance[16] | identity[32] | ephemeral[32] | lp(features)
struct Hello {
  bool holds_room_secret = false;         ///< Flag bit 0.
  bool allows_unencrypted_peers = false;  ///< Flag bit 1.
  std::uint32_t n = 1;                    ///< 1 in the offer, one more at each renewal.
  InstanceId instance;
  IdentityKey identity;
  ExchangeKey ephemeral;
  std::string features;  ///< Separated by spaces.
  bool operator==(const Hello&) const = default;
};

inline constexpr std::size_t kMaxHelloSize = 400;

/// Unknown flags and whatever follows the features are ignored (but covered by the transcript, so
/// keep the bytes). Errors: kTruncated; kMalformed for another first byte or version, n = 0, or
/// more than 400 bytes.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<Hello> parse_hello(ByteView bytes);

/// Requires: features short enough that the whole has at most 400 bytes.
[[nodiscard]] WZP_CRYPTO_EXPORT std::vector<std::byte> write_hello(const Hello& hello);

}  // namespace wzp::crypto::e2e
