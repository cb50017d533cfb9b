/// \file
/// An identity: the key pairs derived from a seed.
#pragma once

#include <memory>

#include "wzp/crypto/export.hpp"
#include "wzp/crypto/fingerprint.hpp"
#include "wzp/crypto/hash.hpp"
#include "wzp/crypto/keys.hpp"
#include "wzp/crypto/seed.hpp"

namespace wzp::crypto {

/// Signs as the owner of a seed. Ed25519 with HKDF label "warzone-ed25519", and a static X25519 key
/// with "warzone-x25519", which calls do not use.
///
/// The secret keys lie in memory of their own that is kept out of swap and core dumps where the
/// system allows. Movable; safe to use from several threads at once.
class WZP_CRYPTO_EXPORT Identity {
 public:
  [[nodiscard]] static Identity from_seed(const Seed& seed);
  /// With a fresh seed that nobody keeps.
  [[nodiscard]] static Identity ephemeral(Rng& rng);

  Identity(Identity&&) noexcept;
  Identity& operator=(Identity&&) noexcept;
  ~Identity();

  [[nodiscard]] const IdentityKey& public_key() const noexcept;
  [[nodiscard]] const ExchangeKey& exchange_key() const noexcept;
  [[nodiscard]] Fingerprint fingerprint() const;
  /// Ed25519 over the parts joined. Deterministic (RFC 8032).
  [[nodiscard]] Signature sign(Parts message) const;

 private:
  struct Impl;
  explicit Identity(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// True if `signature` has 64 bytes and is valid for the parts joined. Refuses public keys of small
/// order and encodings that are not canonical.
[[nodiscard]] WZP_CRYPTO_EXPORT bool verify(const IdentityKey& signer, Parts message,
                                            ByteView signature);

}  // namespace wzp::crypto
