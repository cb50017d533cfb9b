/// \file
/// A protected two-party packet channel ("session/2"): what two peers that negotiated it use in
/// place of the reference's packet encryption.
///
/// Each direction has its own key; the packet number travels with the packet, so loss, duplication
/// and reordering do no harm; replays are refused; and both sides replace the keys on the way, so
/// that keys stolen later do not open what was sent before. Format: docs/wire/session.md.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "wzp/crypto/aead.hpp"
#include "wzp/crypto/errc.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/handshake.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::crypto {

/// What the Rekey signal carries. A peer's signature may have any length.
struct RekeyMessage {
  std::array<std::byte, 32> new_ephemeral_pub{};
  std::vector<std::byte> signature;
  bool operator==(const RekeyMessage&) const = default;
};

/// How many packets met which end. Each packet given to open() counts in one of them.
struct SessionCounters {
  std::uint64_t opened = 0;
  std::uint64_t truncated = 0;
  std::uint64_t unknown_epoch = 0;
  std::uint64_t replayed = 0;
  std::uint64_t authentication_failed = 0;
};

/// One end of the channel. Sans-I/O; movable; one thread at a time.
///
///     Session session(std::move(keys));
///     auto size = session.seal(header, payload, buffer);
///     ...
///     auto plain = session.open(header, datagram, buffer, now);
///
/// Nothing unauthenticated changes its state, counters apart. seal() and open() do not allocate.
class WZP_CRYPTO_EXPORT Session {
 public:
  /// epoch u8 || number u32 || ciphertext || tag[16].
  static constexpr std::size_t kOverhead = 1 + 4 + kTagSize;
  /// Packets, sent and received, after which new keys are due.
  static constexpr std::uint64_t kRekeyAfterPackets = 65536;
  /// How long packets under the key before the current one still open, once the peer moved on.
  static constexpr std::chrono::seconds kPreviousKeyLife{2};

  explicit Session(EstablishedKeys keys);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// Writes plaintext.size() + kOverhead bytes and returns that size. `plaintext` may lie at
  /// `out` + 5 for sealing in place. Errors: kNoRoom, kKeyExhausted (4,294,967,295 packets without
  /// a rekey).
  [[nodiscard]] Result<std::size_t> seal(ByteView aad, ByteView plaintext,
                                         MutableBytes out) noexcept;
  /// Returns the size of the plaintext. Errors: kTruncated, kNoRoom, kUnknownEpoch, kReplayed,
  /// kAuthenticationFailed.
  [[nodiscard]] Result<std::size_t> open(ByteView aad, ByteView sealed, MutableBytes out,
                                         Instant now) noexcept;

  /// True from kRekeyAfterPackets packets after the last rekey on, until a new one is started.
  [[nodiscard]] bool rekey_due() const noexcept;
  /// Draws a new key pair and returns what to send to the peer. Error: kRekeyPending, also while
  /// the peer is not yet known to hold the current keys. Sending the same message again is
  /// harmless.
  [[nodiscard]] Result<RekeyMessage> start_rekey(const Identity& me, Rng& rng);
  /// Takes the peer's Rekey signal: an answer to ours (returns nothing to send; send a packet soon,
  /// an empty one will do, since the peer changes its sending key when it sees one), the peer's own
  /// start (returns the answer to send), or one that crossed ours (the caller's wins).
  /// Errors, with nothing changed: kSignatureInvalid, kBadPublicKey.
  [[nodiscard]] Result<std::optional<RekeyMessage>> handle_rekey(const RekeyMessage& message,
                                                                 const Identity& me, Rng& rng);

  /// When handle_timeout() is to be called; kNever if nothing waits.
  [[nodiscard]] Instant next_deadline() const noexcept;
  /// Wipes the previous key when its time has come.
  void handle_timeout(Instant now) noexcept;

  /// Rekeys completed. The epoch byte of a packet is this modulo 256.
  [[nodiscard]] std::uint32_t epoch() const noexcept;
  [[nodiscard]] const SessionCounters& counters() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::crypto
