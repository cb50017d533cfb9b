/// \file
/// The call handshake: two signed ephemeral keys, one shared secret.
///
/// The caller (client) sends an offer, the callee (relay) answers. Both sides verify. The classes
/// know no JSON: `HandshakeOffer` and `HandshakeAnswer` carry what the CallOffer and CallAnswer
/// signals carry. Format: docs/wire/session.md, "Call handshake".
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "wzp/crypto/errc.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/identity.hpp"
#include "wzp/crypto/key_exchange.hpp"
#include "wzp/crypto/secret.hpp"
#include "wzp/crypto/session_key.hpp"

namespace wzp::crypto {

/// The cryptographic members of a CallOffer. A peer's signature may have any length.
struct HandshakeOffer {
  std::array<std::byte, 32> identity_pub{};
  std::array<std::byte, 32> ephemeral_pub{};
  std::vector<std::byte> signature;
  bool operator==(const HandshakeOffer&) const = default;
};

/// The cryptographic members of a CallAnswer. A peer's signature may have any length.
struct HandshakeAnswer {
  std::array<std::byte, 32> identity_pub{};
  std::array<std::byte, 32> ephemeral_pub{};
  std::vector<std::byte> signature;
  bool operator==(const HandshakeAnswer&) const = default;
};

enum class Role : std::uint8_t { kCaller, kCallee };

/// What a finished handshake leaves: equal on both sides except for `role` and `peer`.
struct EstablishedKeys {
  Role role = Role::kCaller;
  IdentityKey peer;  ///< Proved to hold its key; whether it is the right one is for you to check.
  Secret<32> session_key;
  /// SHA-256 over both identities and both ephemeral keys. Not secret.
  Sha256Hash transcript{};
};

/// The client's side.
///
///     auto caller = CallerHandshake::start(me, system_rng());
///     send(to_signal(caller.offer()));
///     auto keys = caller.finish(from_signal(answer));
class WZP_CRYPTO_EXPORT CallerHandshake {
 public:
  /// Draws an ephemeral key and signs it. Keeps nothing of the identity but its public key.
  [[nodiscard]] static CallerHandshake start(const Identity& me, Rng& rng);

  CallerHandshake(CallerHandshake&&) noexcept;
  CallerHandshake& operator=(CallerHandshake&&) noexcept;
  ~CallerHandshake();

  [[nodiscard]] const HandshakeOffer& offer() const noexcept;
  /// kSignatureInvalid, kBadPublicKey: nothing changed, another answer may be tried. After a
  /// success the ephemeral secret is wiped and every further call returns kAlreadyUsed.
  [[nodiscard]] Result<EstablishedKeys> finish(const HandshakeAnswer& answer);

 private:
  struct Impl;
  explicit CallerHandshake(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// The relay's side: it has nothing to wait for, so it is one step.
class WZP_CRYPTO_EXPORT CalleeHandshake {
 public:
  /// Verifies the offer, draws an ephemeral key, derives. kSignatureInvalid or kBadPublicKey.
  [[nodiscard]] static Result<CalleeHandshake> accept(const Identity& me,
                                                      const HandshakeOffer& offer, Rng& rng);

  [[nodiscard]] const HandshakeAnswer& answer() const noexcept { return answer_; }
  [[nodiscard]] const EstablishedKeys& keys() const noexcept { return keys_; }
  /// Hands the keys over; keys() holds zeros afterwards.
  [[nodiscard]] EstablishedKeys take_keys() noexcept { return std::move(keys_); }

 private:
  CalleeHandshake(HandshakeAnswer answer, EstablishedKeys keys) noexcept
      : answer_(std::move(answer)), keys_(std::move(keys)) {}
  HandshakeAnswer answer_;
  EstablishedKeys keys_;
};

}  // namespace wzp::crypto
