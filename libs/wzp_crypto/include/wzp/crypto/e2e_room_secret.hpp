/// \file
/// Room secrets: what two participants must share besides the room's name to get each other's keys.
/// Format: docs/wire/e2e.md, "Room secret".
#pragma once

#include <array>
#include <string_view>

#include "wzp/crypto/errc.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/secret.hpp"

namespace wzp::crypto::e2e {

/// 16 random bytes, written `wzs1.` and 22 base64url characters.
class WZP_CRYPTO_EXPORT Invite {
 public:
  [[nodiscard]] static Invite generate(Rng& rng);
  [[nodiscard]] static Invite from_bytes(std::span<const std::byte, 16> bytes) noexcept;
  /// Error: kBadInvite.
  [[nodiscard]] static Result<Invite> parse(std::string_view text);

  [[nodiscard]] SecretBytes text() const;
  /// Expand(Extract("wzp-e2e/1 psk", bytes), lp(room), 32).
  [[nodiscard]] Secret<32> psk(std::string_view room) const;

 private:
  explicit Invite(Secret<16> bytes) noexcept;
  Secret<16> bytes_;
};

/// The key of a passphrase, which is UTF-8 and is brought into NFC first, so that it does not
/// matter how its letters are composed: Argon2id, 3 passes, 64 MiB, salt SHA-256("wzp-e2e/1 psk" ||
/// lp(room))[0..16]. Takes about 0.1 s. Errors: kWeakPassphrase below 16 bytes, kMalformed if it is
/// no UTF-8.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<Secret<32>> psk_from_passphrase(std::string_view passphrase,
                                                                       std::string_view room);

/// The key of whatever the user gave: an invite if it begins with `wzs1.`, else a passphrase.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<Secret<32>> psk_from_text(std::string_view text,
                                                                 std::string_view room);

}  // namespace wzp::crypto::e2e
