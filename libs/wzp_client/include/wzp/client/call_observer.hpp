/// \file
/// What a call tells: who is there, how we stand with them, what was sealed and opened.
#pragma once

#include <string>
#include <string_view>

#include "wzp/client/export.hpp"
#include "wzp/crypto/e2e_media_error.hpp"
#include "wzp/crypto/e2e_room_session.hpp"
#include "wzp/crypto/keys.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::client {

/// Somebody else in the room. Until it is proven (see `lock`) all of this is the relay's claim.
struct RemoteParticipant {
  StreamId stream;
  std::string fingerprint;
  bool is_legacy = false;  ///< Cannot encrypt: a reference client.
  /// Zeros for a legacy participant. Its words: crypto::e2e::identity_words(), which takes 10 ms.
  crypto::IdentityKey identity;
  std::string alias;  ///< What it calls itself; sealed, unless it is a legacy participant.
  crypto::e2e::Lock lock = crypto::e2e::Lock::kUnencrypted;
  bool heard = false;  ///< We hold its key.
  bool allows_unencrypted_peers = false;
};

/// The relay, as its answer proves.
struct RelayIdentity {
  crypto::IdentityKey identity;
  /// It signed for this very connection. If not, somebody may be passing its answers on: a relay of
  /// the reference, or one in the path that keeps the binding away.
  bool is_bound = false;
};

/// Told what happens, for display. Called while the call works: it must not call back.
class WZP_CLIENT_EXPORT CallObserver {
 public:
  virtual ~CallObserver();
  /// Before on_active().
  virtual void on_relay(const RelayIdentity& relay);
  virtual void on_active(std::string_view relay_fingerprint, bool relay_names_streams);
  /// A participant proved who it is.
  virtual void on_joined(const RemoteParticipant& who);
  /// One that had joined left or fell silent; or one that cannot encrypt left.
  virtual void on_left(const RemoteParticipant& who);
  /// Whether it holds our key has changed.
  virtual void on_lock_changed(const RemoteParticipant& who);
  /// It says what it calls itself.
  virtual void on_alias(const RemoteParticipant& who);
  /// The keys with one participant were renewed.
  virtual void on_rekeyed(const RemoteParticipant& who);
  /// Our own media key was replaced: somebody left, or it was in use for long.
  virtual void on_key_changed();
  /// Somebody is there who cannot encrypt: neither heard nor sent to, unless that was allowed.
  virtual void on_unencrypted_peer(const RemoteParticipant& who);
  /// No keys could be agreed on. `why` is for programs, no_keys_text() for people.
  virtual void on_no_keys(const RemoteParticipant& who, crypto::e2e::NoKeys why);
  /// So many forged packets came under its name that a key was given up.
  virtual void on_interference(const RemoteParticipant& who);
  /// A signal for us alone, from somebody proven.
  virtual void on_signal(const RemoteParticipant& who, std::string_view json);
  /// The last of a stream whose sender has left was played.
  virtual void on_played_out(StreamId stream);
};

/// Why there are no keys with somebody, in one line without its name.
[[nodiscard]] WZP_CLIENT_EXPORT std::string_view no_keys_text(crypto::e2e::NoKeys why) noexcept;
/// "locked", "proven", "no keys", "not encrypted".
[[nodiscard]] WZP_CLIENT_EXPORT std::string_view name(crypto::e2e::Lock lock) noexcept;

/// Told of every packet sealed, opened and refused, for measurements and tests. Must not call back.
class WZP_CLIENT_EXPORT MediaProbe {
 public:
  virtual ~MediaProbe();
  virtual void on_sealed(const crypto::e2e::MediaPacket& packet, Instant now);
  virtual void on_opened(StreamId from, const crypto::e2e::MediaPacket& packet, Instant now);
  virtual void on_refused(StreamId from, crypto::e2e::MediaError why, Instant now);
};

}  // namespace wzp::client
