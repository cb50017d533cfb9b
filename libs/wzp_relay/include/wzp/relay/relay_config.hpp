/// \file
/// The limits of a relay.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "wzp/crypto/fingerprint.hpp"
#include "wzp/relay/ping_tracker.hpp"
#include "wzp/relay/token_bucket.hpp"

namespace wzp::relay {

/// Who may join which room. Keys are names as in the SNI (usually crypto::room_hash). A room that
/// is not listed is open to all.
using RoomAcl = std::map<std::string, std::set<crypto::Fingerprint>>;

struct RelayConfig {
  std::size_t max_participants = 10'000;  ///< Admitted at once; more are refused with a reason.
  std::size_t max_room_size = 128;
  /// From the end of the TLS handshake to a verified CallOffer.
  std::chrono::milliseconds admission_timeout{10'000};
  /// The first signal must be an AuthToken, and somebody must call Relay::handle_token_verdict().
  /// Then admission_timeout counts for the token, and once more for the offer after the verdict.
  bool require_token = false;
  std::chrono::milliseconds token_check_timeout{8'000};  ///< From a token to the verdict.

  /// Datagrams of one participant. What is above is dropped and counted. A voice stream with all
  /// its repair packets is 100 packets and 15,000 bytes a second.
  Rate ingress_packets{1'000, 2'000};
  Rate ingress_bytes{500'000, 1'000'000};
  Rate signals{200, 1'500};     ///< All signals of one participant, before they are parsed.
  Rate pings{5, 10};            ///< Its own pings that are answered.
  Rate room_queries{1, 1};      ///< That are answered.
  Rate peer_signals{100, 200};  ///< PeerSignal and SendTo; plus 8 of burst per room member.
  Rate room_signals{10, 40};    ///< Hold, Mute, QualityUpdate and kin, before they are copied.
  /// In a busy room packets to one receiver wait so long for others to share a datagram with; 0:
  /// they never do. In a room that is not busy they leave at once.
  std::chrono::microseconds coalesce{2'000};
  std::uint32_t busy_packets_per_second = 1'000;  ///< From a room's members together.
  Rate identity_takeovers{0.2, 4};  ///< Of one identity, by its connections from each other.
  PingConfig keep_alive;            ///< Towards participants that list any feature.

  /// Refuses offers that are not bound to their connection (docs/wire/e2e.md, "Binding to the
  /// relay"). Reference clients cannot bind theirs.
  bool require_binding = false;
  /// Web origins whose pages may bind an offer by a challenge, as "https://host".
  std::set<std::string> origins;
  std::chrono::milliseconds challenge_lifetime{30'000};

  std::size_t max_parked = 4;  ///< Parked connections of one identity; then the oldest is closed.
  RoomAcl acl;
  /// Whoever brings no Hello of end-to-end encryption is refused: in all rooms, or in these.
  bool require_e2e = false;
  std::set<std::string> e2e_rooms;  ///< Names as in the SNI.
};

}  // namespace wzp::relay
