/// \file
/// Two participants: their transcript, the keys between them, and the messages Auth and Sealed.
/// Pure functions; who is active and who is pending is decided elsewhere. Format: docs/wire/e2e.md,
/// "Pairs".
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "wzp/crypto/aead.hpp"
#include "wzp/crypto/e2e_hello.hpp"
#include "wzp/crypto/errc.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/hash.hpp"
#include "wzp/crypto/identity.hpp"

namespace wzp::crypto::e2e {

/// kLow is the side whose identity || instance is smaller, byte by byte.
enum class Side : std::uint8_t { kLow, kHigh };
[[nodiscard]] constexpr Side other(Side side) noexcept {
  return side == Side::kLow ? Side::kHigh : Side::kLow;
}
[[nodiscard]] WZP_CRYPTO_EXPORT Side side_of(const Hello& own, const Hello& peer) noexcept;

using PairId = std::array<std::byte, 8>;

/// T = SHA-256("wzp-e2e/1 pair" || lp(room) || lp(Hello_L) || lp(Hello_H)), over the Hellos' bytes
/// as received. Room: at most 65,535 bytes of lower-case ASCII.
[[nodiscard]] WZP_CRYPTO_EXPORT Sha256Hash pair_transcript(std::string_view room,
                                                           ByteView hello_low, ByteView hello_high);
/// The first 8 bytes of the transcript.
[[nodiscard]] inline PairId pair_id(const Sha256Hash& transcript) noexcept {
  PairId id{};
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = transcript[i];
  return id;
}

/// prk = Extract(T, shared || psk); without a room secret psk is 32 zero bytes.
[[nodiscard]] WZP_CRYPTO_EXPORT Secret<32> pair_prk(const Sha256Hash& transcript,
                                                    const Secret<32>& shared,
                                                    const Secret<32>& psk);

/// What one side seals with.
struct SideKeys {
  AeadKey auth;
  AeadKey message;
};
struct PairKeys {
  SideKeys low;
  SideKeys high;
  [[nodiscard]] const SideKeys& of(Side side) const noexcept {
    return side == Side::kLow ? low : high;
  }
};
/// auth_L || auth_H || msg_L || msg_H = Expand(prk, "wzp-e2e/1 keys", 128).
[[nodiscard]] WZP_CRYPTO_EXPORT PairKeys pair_keys(const Secret<32>& prk);

/// Ed25519 over "wzp-e2e/1 auth" || 'L' or 'H' || T.
[[nodiscard]] WZP_CRYPTO_EXPORT Signature sign_pair(const Identity& me, Side side,
                                                    const Sha256Hash& transcript);
[[nodiscard]] WZP_CRYPTO_EXPORT bool verify_pair(const IdentityKey& signer, Side side,
                                                 const Sha256Hash& transcript,
                                                 const Signature& signature);

/// 02 | have u8 | lp(Hello or empty) | pair[8] | box(signature[64]). Views of the message.
struct AuthView {
  bool have = false;  ///< The sender has this pair active.
  ByteView hello;     ///< Empty: the listed Hello is meant.
  PairId pair{};
  ByteView aad;  ///< All bytes before the box.
  ByteView box;  ///< 80 bytes.
};
/// Errors: kTruncated; kMalformed for another first byte, have above 1, a Hello of more than 400
/// bytes, or bytes left over.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<AuthView> parse_auth(ByteView bytes) noexcept;
[[nodiscard]] WZP_CRYPTO_EXPORT std::vector<std::byte> seal_auth(const AeadKey& auth_key, bool have,
                                                                 ByteView hello, const PairId& pair,
                                                                 const Signature& signature);
[[nodiscard]] WZP_CRYPTO_EXPORT Result<Signature> open_auth(const AeadKey& auth_key,
                                                            const AuthView& auth) noexcept;

/// What a Sealed message holds. Other values are possible on the wire: ignore them.
enum class SealedKind : std::uint8_t {
  kSenderKey = 1,
  kKeyRequest = 2,
  kBye = 3,
  kProfile = 4,
  kSignal = 5,
};

/// 03 | pair[8] | ctr u32 | box(kind u8 | content). Views of the message.
struct SealedView {
  PairId pair{};
  std::uint32_t counter = 0;
  ByteView aad;  ///< All bytes before the box.
  ByteView box;  ///< At least 17 bytes.
};
/// What was in the box. Wiped when it goes, since it may be a key.
struct SealedContent {
  SecretBytes bytes;  ///< kind and content.
  [[nodiscard]] SealedKind kind() const noexcept {
    return static_cast<SealedKind>(bytes.reveal().front());
  }
  [[nodiscard]] ByteView content() const noexcept { return bytes.reveal().subspan(1); }
};
/// Errors: kTruncated, kMalformed for another first byte.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<SealedView> parse_sealed(ByteView bytes) noexcept;
/// Each (key, counter) seals once.
[[nodiscard]] WZP_CRYPTO_EXPORT std::vector<std::byte> seal_message(const AeadKey& message_key,
                                                                    const PairId& pair,
                                                                    std::uint32_t counter,
                                                                    SealedKind kind,
                                                                    ByteView content);
/// Replays are the caller's to refuse, by the counter. Error: kAuthenticationFailed.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<SealedContent> open_message(const AeadKey& message_key,
                                                                   const SealedView& sealed);

}  // namespace wzp::crypto::e2e
