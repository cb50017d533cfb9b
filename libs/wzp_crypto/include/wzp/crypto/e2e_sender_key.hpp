/// \file
/// A sender's secrets: generations, the ratchet within one, and the media keys they give.
/// Format: docs/wire/e2e.md, "A sender's keys".
#pragma once

#include <array>
#include <cstdint>

#include "wzp/crypto/aead.hpp"
#include "wzp/crypto/e2e_hello.hpp"
#include "wzp/crypto/errc.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/secret.hpp"
#include "wzp/proto/serial.hpp"

namespace wzp::crypto::e2e {

/// A generation seals packets with counter 0 up to, not including, this: the 16 bits of the header
/// fix the nonce without inference.
inline constexpr std::uint16_t kGenerationPackets = 61440;
/// From here on a new generation is prepared.
inline constexpr std::uint16_t kGenerationNearlyUsed = 49152;
inline constexpr std::uint8_t kLastStep = 15;

/// Names a secret: generation, and ratchet steps within it (0-15).
struct KeyStep {
  std::uint32_t generation = 0;
  std::uint8_t step = 0;
  auto operator<=>(const KeyStep&) const = default;

  /// (1 + generation mod 15) << 4 | step: never 0, so never a reference packet's reserved byte.
  [[nodiscard]] constexpr std::uint8_t epoch() const noexcept {
    return static_cast<std::uint8_t>((1 + generation % 15) << 4 | step);
  }
};

/// Packet layouts have keys of their own.
enum class Layout : std::uint8_t { kPlain = 1, kMedia = 2, kControl = 3 };

/// S(gen, i + 1) = Expand(S(gen, i), "wzp-e2e/1 ratchet", 32).
[[nodiscard]] WZP_CRYPTO_EXPORT Secret<32> next_step(const Secret<32>& secret);

/// key || salt = Expand(S(gen, step), "wzp-e2e/1 media" || layout || identity || instance || gen ||
/// step, 44), the sender's identity and instance. A packet's nonce is NumberedKey::nonce(c).
[[nodiscard]] WZP_CRYPTO_EXPORT NumberedKey media_key(const Secret<32>& secret, Layout layout,
                                                      const IdentityKey& sender,
                                                      const InstanceId& instance, KeyStep at);

/// The packet counter c within a generation that started at `start`.
[[nodiscard]] constexpr std::uint16_t packet_counter(SeqNo16 seq, SeqNo16 start) noexcept {
  return static_cast<std::uint16_t>(seq.value() - start.value());
}

/// Content of a Sealed message of kind 1: gen u32, step u8, start u16, next u16, secret[32].
struct SenderKey {
  KeyStep at;
  SeqNo16 start;           ///< Sequence number at which c is 0.
  std::uint16_t next = 0;  ///< c of the first packet the receiver may accept.
  Secret<32> secret;
};
inline constexpr std::size_t kSenderKeySize = 4 + 1 + 2 + 2 + 32;

/// Errors: kTruncated; kMalformed for a step above 15 or bytes left over.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<SenderKey> parse_sender_key(ByteView content) noexcept;
[[nodiscard]] WZP_CRYPTO_EXPORT Secret<kSenderKeySize> write_sender_key(
    const SenderKey& key) noexcept;

}  // namespace wzp::crypto::e2e
