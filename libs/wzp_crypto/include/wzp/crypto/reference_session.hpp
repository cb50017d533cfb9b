/// \file
/// The packet encryption of the reference system, byte for byte.
///
/// For its check values and for tools that must read it. DO NOT protect anything with it: both
/// directions use one key with the same nonces, and one lost packet ends decryption for good.
/// `Session` is the safe one. Format: docs/wire/session.md, "Reference packet encryption".
#pragma once

#include "wzp/crypto/aead.hpp"
#include "wzp/crypto/errc.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/session_key.hpp"

namespace wzp::crypto {

/// session_id[4] || counter u32 || direction || 00 00 00.
[[nodiscard]] WZP_CRYPTO_EXPORT AeadNonce reference_nonce(const SessionId& session,
                                                          std::uint32_t counter,
                                                          std::uint8_t direction) noexcept;

/// Counts its own seals and its own successful opens, each from 0, wrapping; direction always 0.
class WZP_CRYPTO_EXPORT ReferenceSession {
 public:
  explicit ReferenceSession(Secret<32> key);

  /// Writes ciphertext || tag[16]. Error: kNoRoom, with nothing counted.
  [[nodiscard]] Result<std::size_t> seal(ByteView aad, ByteView plaintext,
                                         MutableBytes out) noexcept;
  /// The n-th packet opened must be the n-th sealed. A failure is not counted.
  [[nodiscard]] Result<std::size_t> open(ByteView aad, ByteView sealed, MutableBytes out) noexcept;
  /// Replaces the key by next_session_key() of it; both counters restart at 0.
  void rekey(const Secret<32>& shared);

  [[nodiscard]] const SessionId& id() const noexcept { return id_; }

 private:
  Secret<32> key_;
  SessionId id_;
  std::uint32_t sealed_ = 0;
  std::uint32_t opened_ = 0;
};

}  // namespace wzp::crypto
