// The pairs of one peer: pending (not authenticated), active (used for sending) and previous
// (receiving only). Who calls what when is docs/wire/e2e.md, "The handshake".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "wzp/crypto/e2e_pair.hpp"
#include "wzp/crypto/key_exchange.hpp"
#include "wzp/crypto/replay_window.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::crypto::e2e {

using Bytes = std::vector<std::byte>;

/// Our half of every pair.
struct OwnSide {
  const Identity* identity;
  std::string room;
  Secret<32> psk;
  Hello hello;
  Bytes hello_bytes;
  ExchangeKeyPair ephemeral;
};

[[nodiscard]] Sha256Hash transcript_with(const OwnSide& own, ByteView peer_hello,
                                         const Hello& peer);

/// One agreement. Its message keys seal each counter once, so a Pair that was active is never
/// derived a second time: see PairSlots::knows().
struct Pair {
  Sha256Hash transcript{};
  PairId id{};
  Side side = Side::kLow;
  std::uint32_t own_n = 0;
  Hello peer;
  Bytes peer_hello;
  Bytes own_hello;  // As Auth carries it: empty for the listed one.
  PairKeys keys;
  Signature signature;
  std::uint32_t next_counter = 0;
  CounterWindow<64> seen;
  std::optional<Instant> auth_sent;

  /// Error: kBadPublicKey.
  [[nodiscard]] static Result<Pair> derive(const OwnSide& own, ByteView peer_hello,
                                           const Hello& peer);
  [[nodiscard]] Bytes auth(bool have) const;
  [[nodiscard]] bool proves_peer(const AuthView& auth) const;
  [[nodiscard]] Bytes seal(SealedKind kind, ByteView content);
};

struct PairSlots {
  std::optional<Pair> pending, active, previous;
  Instant previous_until = kNever;

  static constexpr std::chrono::seconds kPreviousLife{10};

  /// previous <- active <- pending.
  void promote(Instant now);
  void expire(Instant now);
  /// The pair a Sealed message is opened with; null if none is authenticated.
  [[nodiscard]] Pair* opening(const PairId& id, Instant now) noexcept;
  [[nodiscard]] Pair* with(const Sha256Hash& transcript) noexcept;
};

}  // namespace wzp::crypto::e2e
