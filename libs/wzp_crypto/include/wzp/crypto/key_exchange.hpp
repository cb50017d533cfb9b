/// \file
/// X25519 (RFC 7748) key agreement that refuses keys of low order.
#pragma once

#include "wzp/crypto/errc.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/keys.hpp"
#include "wzp/crypto/secret.hpp"

namespace wzp::crypto {

/// The public half of a secret scalar (clamped on use).
[[nodiscard]] WZP_CRYPTO_EXPORT ExchangeKey exchange_public_key(const Secret<32>& secret) noexcept;

/// What both sides compute. kBadPublicKey if the result would be all zeros, that is, known to
/// everybody. The result is not uniform: derive keys from it with HKDF.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<Secret<32>> agree(const Secret<32>& own,
                                                         const ExchangeKey& peer) noexcept;

/// A secret scalar and its public half.
class WZP_CRYPTO_EXPORT ExchangeKeyPair {
 public:
  [[nodiscard]] static ExchangeKeyPair generate(Rng& rng);
  explicit ExchangeKeyPair(Secret<32> secret) noexcept;

  [[nodiscard]] const ExchangeKey& public_key() const noexcept { return public_; }
  [[nodiscard]] Result<Secret<32>> agree_with(const ExchangeKey& peer) const noexcept {
    return agree(secret_, peer);
  }

 private:
  Secret<32> secret_;
  ExchangeKey public_;
};

}  // namespace wzp::crypto
