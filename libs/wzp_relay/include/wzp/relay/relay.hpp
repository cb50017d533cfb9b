/// \file
/// The relay core: admits participants, keeps rooms, passes media on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wzp/crypto/fingerprint.hpp"
#include "wzp/crypto/identity.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/relay/export.hpp"
#include "wzp/transport/endpoint.hpp"

namespace wzp::relay {

struct RelayConfig {
  std::size_t max_participants = 10'000;  ///< Admitted at once; more are refused with a reason.
  std::size_t max_room_size = 128;
  /// From the end of the TLS handshake to a verified CallOffer.
  std::chrono::milliseconds admission_timeout{10'000};
};

/// What the relay did since it was made. Every packet in is forwarded or counted as dropped.
struct RelayCounters {
  std::uint64_t joined = 0;
  std::uint64_t left = 0;
  std::uint64_t refused_bad_offer = 0;      ///< First signal not a CallOffer, or not genuine.
  std::uint64_t refused_limit = 0;          ///< Relay or room full.
  std::uint64_t refused_reserved_name = 0;  ///< SNI starts with '_'.
  std::uint64_t refused_timeout = 0;        ///< No offer within admission_timeout.

  std::uint64_t media_in = 0;
  std::uint64_t media_malformed = 0;    ///< Not a media packet: dropped, the connection stays.
  std::uint64_t media_before_join = 0;  ///< Dropped.
  std::uint64_t media_forwarded = 0;    ///< Copies handed to receivers.
  std::uint64_t media_bytes_forwarded = 0;
  std::uint64_t media_not_sent = 0;         ///< Copies a receiver's path had no room for.
  std::uint64_t media_sealed_withheld = 0;  ///< Copies of sealed packets not for legacy receivers.

  std::uint64_t signals_in = 0;
  std::uint64_t signals_malformed = 0;
  std::uint64_t signals_unknown = 0;
  std::uint64_t signals_ignored = 0;  ///< Known, but without meaning for a relay.
  std::uint64_t signals_not_sent = 0;
};

struct ParticipantInfo {
  std::string room;
  StreamId stream;
  crypto::Fingerprint fingerprint;
  transport::SocketAddress remote;
  std::vector<std::string> features;  ///< Empty: a reference client.
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
  virtual void on_refused(const transport::SocketAddress& remote, std::string_view why);
  /// Something that could not be used came from a participant; at most once a second for each.
  virtual void on_bad_input(const transport::SocketAddress& remote, std::string_view what);
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

  [[nodiscard]] const RelayCounters& counters() const noexcept;
  [[nodiscard]] std::size_t participant_count() const noexcept;
  [[nodiscard]] std::vector<RoomInfo> rooms() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::relay
