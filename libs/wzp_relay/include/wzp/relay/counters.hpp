/// \file
/// What a relay counts, and every way a connection to it can end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wzp/relay/export.hpp"
#include "wzp/relay/histogram.hpp"

namespace wzp::relay {

/// Why a connection ended. The first cause counts: a refused peer that then closes was refused.
enum class EndReason : std::uint8_t {
  kHungUp,            ///< The participant sent Hangup.
  kPeerClosed,        ///< The peer closed the connection without one.
  kIdleTimeout,       ///< Nothing arrived for QUIC's idle timeout.
  kPongTimeout,       ///< A keep-alive ping was not answered.
  kTransportError,    ///< Anything else QUIC or TLS ended it for.
  kBadOffer,          ///< First signal no CallOffer, or not genuine.
  kReservedName,      ///< The SNI starts with '_'.
  kAdmissionTimeout,  ///< No offer in time.
  kRelayFull,
  kRoomFull,
  kNotAuthorized,  ///< Not on the list of the room.
  kIdentityLimit,  ///< Too many connections of one identity; the oldest parked one goes.
  kDraining,       ///< Came while the relay was about to end.
  kShutdown,
  kBadBinding,  ///< Its offer was made for another connection, or for none where one is required.
  kAuthFailed,  ///< No token, a bad one, or one of another identity.
  kAuthUnavailable,  ///< The service that checks tokens gave no answer.
  kE2eRequired,      ///< Came without end-to-end encryption to a room that requires it.
};
inline constexpr std::size_t kEndReasonCount = 18;
/// "hung_up" and so on: for metric labels.
[[nodiscard]] WZP_RELAY_EXPORT std::string_view name(EndReason reason) noexcept;

/// What the relay did since it was made. Every packet in is forwarded or counted as dropped.
struct RelayCounters {
  std::uint64_t joined = 0;
  std::uint64_t left = 0;
  std::uint64_t refused_bad_offer = 0;      ///< First signal not a CallOffer, or not genuine.
  std::uint64_t refused_limit = 0;          ///< Relay or room full.
  std::uint64_t refused_reserved_name = 0;  ///< SNI starts with '_'.
  std::uint64_t refused_timeout = 0;        ///< No offer within admission_timeout.
  std::uint64_t refused_not_authorized = 0;
  std::uint64_t refused_draining = 0;
  std::uint64_t refused_bad_binding = 0;  ///< Forged, or missing and required.
  std::uint64_t bound = 0;                ///< Offers whose binding was verified.
  std::uint64_t challenges_sent = 0;
  std::uint64_t refused_auth = 0;  ///< For the token, or for want of a verdict.
  std::uint64_t refused_e2e_required = 0;
  std::uint64_t auth_ok = 0;      ///< Tokens accepted, of the right identity or not.
  std::uint64_t auth_failed = 0;  ///< Other verdicts.

  std::uint64_t accepts = 0;      ///< Connections whose handshake was completed.
  std::uint64_t disconnects = 0;  ///< Ends of those. The difference is open now.
  std::array<std::uint64_t, kEndReasonCount> ended{};  ///< disconnects, by EndReason.
  std::uint64_t unique_identities = 0;  ///< Identities new on their UTC day, of all days.

  std::uint64_t media_in = 0;
  std::uint64_t media_malformed = 0;    ///< Not a media packet: dropped, the connection stays.
  std::uint64_t media_before_join = 0;  ///< Dropped.
  std::uint64_t media_limited = 0;      ///< Above RelayConfig::ingress: dropped.
  std::uint64_t media_parked = 0;       ///< Of a connection that is parked: dropped.
  std::uint64_t media_forwarded = 0;    ///< Copies handed to receivers.
  std::uint64_t media_bytes_forwarded = 0;
  std::uint64_t media_not_sent = 0;         ///< Copies a receiver's path had no room for.
  std::uint64_t media_sealed_withheld = 0;  ///< Copies of sealed packets not for legacy receivers.
  std::uint64_t media_clear_withheld =
      0;  ///< Copies in clear of one who seals, not for others who do.

  std::uint64_t signals_in = 0;
  std::uint64_t signals_malformed = 0;
  std::uint64_t signals_limited = 0;  ///< Above one of the rates of signals: dropped.
  std::uint64_t signals_unknown = 0;
  std::uint64_t signals_ignored = 0;    ///< Known, but without meaning here or without receivers.
  std::uint64_t signals_forwarded = 0;  ///< Copies of Hold, Mute, Transfer and kin.
  std::uint64_t signals_not_sent = 0;
  std::uint64_t peer_signals_forwarded = 0;
  std::uint64_t send_to_forwarded = 0;  ///< Signals and datagrams.
  std::uint64_t undeliverable = 0;      ///< PeerSignal and SendTo to somebody who is not there.
  std::uint64_t endpoint_gone_sent = 0;

  std::uint64_t pings_sent = 0;  ///< Keep-alives.
  std::uint64_t pings_answered = 0;
  std::uint64_t pong_timeouts = 0;

  std::uint64_t parked = 0;    ///< Connections another one took the identity from.
  std::uint64_t promoted = 0;  ///< Parked connections that became the active one again.
  std::uint64_t takeovers_limited = 0;

  /// From the handshake, or the verdict about the token, to admission; in seconds.
  Histogram<10> handshake_seconds{
      std::array{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5}};
};

}  // namespace wzp::relay
