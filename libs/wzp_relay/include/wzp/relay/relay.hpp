/// \file
/// The relay core: admits participants, keeps rooms, passes media on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wzp/crypto/fingerprint.hpp"
#include "wzp/crypto/identity.hpp"
#include "wzp/proto/expected.hpp"
#include "wzp/proto/quality_report.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/relay/counters.hpp"
#include "wzp/relay/export.hpp"
#include "wzp/relay/guest.hpp"
#include "wzp/relay/relay_config.hpp"
#include "wzp/relay/token_check.hpp"
#include "wzp/transport/endpoint.hpp"

namespace wzp::relay {

struct ParticipantInfo {
  std::string room;
  StreamId stream;
  crypto::Fingerprint fingerprint;
  transport::SocketAddress remote;
  std::vector<std::string> features;   ///< Empty: a reference client.
  std::optional<std::string> alias;    ///< As the authentication service says.
  bool has_hello = false;              ///< Takes part in end-to-end encryption.
  std::uint64_t packets_received = 0;  ///< From it.
};

/// The latest quality report a participant sent, readable by relays whatever else is sealed.
struct SessionQuality {
  std::string session_id;  ///< 32 hex digits, random.
  proto::QualityReport report;
};

/// Who is here, by how their sound is protected.
struct ParticipantKinds {
  std::size_t encrypted = 0;  ///< Brought a Hello.
  std::size_t clear = 0;      ///< Reference clients and others without.
  std::size_t gateways = 0;   ///< Guests.
};

/// How a relay ends gracefully.
struct DrainConfig {
  std::chrono::milliseconds deadline{2'000};      ///< Then whoever is left is closed.
  std::chrono::milliseconds reconnect_in{1'000};  ///< What clients are told: when to come back,
  std::chrono::milliseconds try_for{60'000};      ///< and for how long to try.
};

struct RoomInfo {
  std::string name;
  std::vector<ParticipantInfo> participants;
};

/// Told what happens, for logs. Called while the relay works: it must not call the relay back.
class WZP_RELAY_EXPORT RelayObserver {
 public:
  virtual ~RelayObserver();
  virtual void on_joined(const ParticipantInfo& who, std::size_t room_size);
  virtual void on_left(const ParticipantInfo& who, std::string_view why, std::size_t room_size);
  virtual void on_refused(const transport::SocketAddress& remote, EndReason reason,
                          std::string_view why);
  virtual void on_waiting_for_token(const transport::SocketAddress& remote);
  virtual void on_authenticated(const transport::SocketAddress& remote,
                                const crypto::Fingerprint& fingerprint, std::string_view alias);
  /// The offer was good; on_joined() follows.
  virtual void on_handshake(const transport::SocketAddress& remote, Duration elapsed);
  virtual void on_room_closed(std::string_view room);
  /// Something that could not be used came from a participant; at most once a second for each.
  virtual void on_bad_input(const transport::SocketAddress& remote, std::string_view what);
  /// Another connection of the identity is the active one, or this one is again.
  virtual void on_parked(const ParticipantInfo& who);
  virtual void on_promoted(const ParticipantInfo& who);
};

/// Serves all connections of one endpoint. Sans I/O and single-threaded; a driver calls it once per
/// turn:
///
///     driver.start([&](Instant now) { relay.handle_turn(now); });
///
/// The SNI of a connection names its room. The first signal must be a CallOffer whose signature
/// verifies; the answer admits to the room. A participant that lists the feature `stream-id` gets
/// RoomUpdates, and media in trunk frames that name the sender; one that does not (a reference
/// client) gets plain media packets and no further signal.
///
/// One connection of an identity is active at a time, on the whole relay: the newest, or the one
/// that sent Preferred. The others are told and parked (in no room, their media is dropped), and
/// become active again when the active one leaves.
class WZP_RELAY_EXPORT Relay {
 public:
  /// All references must outlive the relay; `observer` may be null.
  Relay(transport::Endpoint& endpoint, const crypto::Identity& identity, Rng& rng,
        const RelayConfig& config, RelayObserver* observer = nullptr);
  ~Relay();
  Relay(Relay&&) noexcept;
  Relay& operator=(Relay&&) noexcept;

  /// Takes the endpoint's events, acts on them and on what is due.
  void handle_turn(Instant now);
  /// When handle_turn() is wanted even without input.
  [[nodiscard]] Instant next_deadline() const;

  /// Closes every connection with a reason. New ones are no concern of this object: stop the
  /// driver.
  void shut_down(Instant now);

  /// Tells capable participants to come back later (Restarting), refuses everybody new, and at the
  /// deadline, served by handle_turn(), does shut_down(). A second call changes nothing.
  void start_drain(Instant now, const DrainConfig& config = {});
  [[nodiscard]] bool is_draining() const noexcept;
  /// Draining, and nobody is connected any more.
  [[nodiscard]] bool is_drained() const noexcept;

  /// The next token to be checked: RelayConfig::require_token. Each is taken once.
  [[nodiscard]] std::optional<TokenCheck> poll_token_check();
  /// The verdict about it. Comes too late for somebody who has gone: ignored.
  void handle_token_verdict(const TokenCheck& check, const TokenVerdict& verdict, Instant now);

  /// Takes somebody in who is not on QUIC; authentication is the caller's business. Guests count as
  /// participants, against every limit, and are announced as unencrypted.
  [[nodiscard]] Expected<GuestAdmission, GuestRefusal> add_guest(Guest& guest,
                                                                 const GuestRequest& request,
                                                                 Instant now);
  /// One media packet of a guest, in plain form (docs/wire/media.md).
  void handle_guest_media(GuestId guest, ByteView packet, Instant now);
  /// The guest has gone. Exactly once for each admission.
  void remove_guest(GuestId guest, EndReason reason, std::string_view why, Instant now);

  /// Other limits from now on: for rooms at once, for rates of participants who come. Whoever is in
  /// stays in.
  void reconfigure(const RelayConfig& config);

  /// Days since 1970-01-01 in UTC: with a new one the identities seen today are forgotten. To be
  /// called before the first turn and at every change.
  void set_utc_day(std::uint32_t day);
  [[nodiscard]] std::size_t unique_identities_today() const noexcept;

  [[nodiscard]] const RelayCounters& counters() const noexcept;
  [[nodiscard]] std::size_t participant_count() const noexcept;
  [[nodiscard]] std::vector<RoomInfo> rooms() const;
  [[nodiscard]] std::size_t room_count() const noexcept;
  [[nodiscard]] ParticipantKinds participant_kinds() const;
  [[nodiscard]] std::vector<SessionQuality> session_qualities() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::relay
