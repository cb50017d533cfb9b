/// \file
/// ChaCha20-Poly1305 (RFC 8439): sealing and opening with a 16-byte tag, and with an 8-byte one.
///
/// A (key, nonce) pair must seal once only. Nothing here allocates. Output may start exactly where
/// the input starts (in place); any other overlap is not allowed.
#pragma once

#include <array>

#include "wzp/crypto/errc.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/secret.hpp"

namespace wzp::crypto {

using AeadKey = Secret<32>;
using AeadNonce = std::array<std::byte, 12>;
inline constexpr std::size_t kTagSize = 16;
inline constexpr std::size_t kShortTagSize = 8;

/// Writes ciphertext || tag[16] and returns its size, plaintext.size() + 16. Error: kNoRoom.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<std::size_t> seal(const AeadKey& key, const AeadNonce& nonce,
                                                         ByteView aad, ByteView plaintext,
                                                         MutableBytes out) noexcept;

/// Opens what seal() wrote and returns the size of the plaintext. `out` is unspecified on failure.
/// Errors: kTruncated, kNoRoom, kAuthenticationFailed.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<std::size_t> open(const AeadKey& key, const AeadNonce& nonce,
                                                         ByteView aad, ByteView sealed,
                                                         MutableBytes out) noexcept;

/// Like seal(), but keeps only the first 8 bytes of the tag.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<std::size_t> seal_short(const AeadKey& key,
                                                               const AeadNonce& nonce, ByteView aad,
                                                               ByteView plaintext,
                                                               MutableBytes out) noexcept;

/// Opens what seal_short() wrote. Nothing is decrypted before the tag is found right.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<std::size_t> open_short(const AeadKey& key,
                                                               const AeadNonce& nonce, ByteView aad,
                                                               ByteView sealed,
                                                               MutableBytes out) noexcept;

/// A key with the salt its nonces are made from: nonce = salt XOR (0[8] || number).
struct NumberedKey {
  AeadKey key;
  Secret<12> salt;

  /// From the 44 bytes key[32] || salt[12] that derivations of this project give.
  [[nodiscard]] static NumberedKey from(const Secret<44>& bytes) noexcept {
    return {AeadKey(bytes.reveal().first<32>()), Secret<12>(bytes.reveal().last<12>())};
  }
  [[nodiscard]] AeadNonce nonce(std::uint32_t number) const noexcept {
    AeadNonce out{};
    for (std::size_t i = 0; i < 12; ++i) out[i] = salt.reveal()[i];
    for (std::size_t i = 0; i < 4; ++i)
      out[8 + i] ^= static_cast<std::byte>(number >> (24 - 8 * i));
    return out;
  }
};

}  // namespace wzp::crypto
