/// \file
/// Signals: the JSON messages between client, relay and participants.
///
/// One struct per message and one variant of them all. The JSON text is exactly that of the
/// reference system (externally tagged, members in the order of the structs); our own messages and
/// members follow the same style. Every message, its direction and limits: docs/wire/signals.md.
///
///     auto signal = parse_signal(as_byte_view(text));
///     if (!signal) return count(signal.error());
///     if (const auto* ping = std::get_if<Ping>(&*signal))
///     reply(write_signal(Pong{ping->timestamp_ms}));
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/errc.hpp"
#include "wzp/proto/quality_profile.hpp"
#include "wzp/proto/quality_report.hpp"
#include "wzp/proto/serial.hpp"

namespace wzp::proto {

using Bytes = std::vector<std::byte>;
using Bytes32 = std::array<std::byte, 32>;

// Limits of parse_signal(). Beyond them a message is refused, with kTooLong, kTooDeep or kTooMany.
inline constexpr std::size_t kMaxSignalBytes = 1'048'576;  ///< Of JSON text, as the reference.
inline constexpr std::size_t kMaxSignalDepth = 16;         ///< Nested arrays and objects.
inline constexpr std::size_t kMaxSignalValues = 65'536;    ///< JSON values in one text.
inline constexpr std::size_t kMaxObjectMembers = 128;      ///< Members of one object.
inline constexpr std::size_t kMaxHelloBytes = 400;
inline constexpr std::size_t kMaxPeerBodyBytes = 1024;  ///< PeerSignal and SendTo.
inline constexpr std::size_t kMaxFeatures = 32;
inline constexpr std::size_t kMaxFeatureNameBytes = 64;
inline constexpr std::size_t kMaxAliasBytes = 64;

// -- Call set-up ---------------------------------------------------------------------------------

/// Ties a handshake to the connection or the web origin it travels on. JSON: "sig" is base64.
struct Binding {
  std::string kind;  ///< "exporter" or "origin"; in an answer "exporter".
  Bytes sig;         ///< Ed25519 signature, 64 bytes to be valid.
  std::optional<std::string> origin;
  bool operator==(const Binding&) const = default;
};

/// Client to relay, first or after AuthToken.
struct CallOffer {
  Bytes32 identity_pub{};
  Bytes32 ephemeral_pub{};
  Bytes signature;  ///< Any length when parsed; 64 bytes to verify.
  std::vector<QualityProfile> supported_profiles;
  // Ours; left out of the JSON when empty.
  std::vector<std::string> features;  ///< Unknown names are kept. See FeatureSet.
  Bytes hello;                        ///< e2e/1 Hello, opaque here. JSON: base64.
  std::optional<Binding> binding;
  /// Parsing only: entries of the list that could not be read and were skipped.
  std::uint32_t unreadable_profiles = 0;
  bool operator==(const CallOffer&) const = default;
};

/// Relay to client, in reply to CallOffer.
struct CallAnswer {
  Bytes32 identity_pub{};
  Bytes32 ephemeral_pub{};
  Bytes signature;
  QualityProfile chosen_profile;
  // Ours, as in CallOffer.
  std::vector<std::string> features;
  Bytes hello;
  std::optional<Binding> binding;
  bool operator==(const CallAnswer&) const = default;
};

struct IceCandidate {
  std::string candidate;
  bool operator==(const IceCandidate&) const = default;
};

struct Rekey {
  Bytes32 new_ephemeral_pub{};
  Bytes signature;
  bool operator==(const Rekey&) const = default;
};

struct AuthToken {
  std::string token;
  bool operator==(const AuthToken&) const = default;
};

/// Client to relay: asks for a Challenge, for a binding of kind "origin".
struct ChallengeRequest {
  bool operator==(const ChallengeRequest&) const = default;
};

/// Relay to client. JSON: base64.
struct Challenge {
  Bytes32 challenge{};
  bool operator==(const Challenge&) const = default;
};

// -- During a call -------------------------------------------------------------------------------

struct QualityUpdate {
  QualityReport report;
  QualityProfile recommended_profile;
  bool operator==(const QualityUpdate&) const = default;
};

struct Ping {
  std::uint64_t timestamp_ms = 0;  ///< The sender's milliseconds since the Unix epoch.
  bool operator==(const Ping&) const = default;
};

struct Pong {
  std::uint64_t timestamp_ms = 0;  ///< Copied from the Ping.
  bool operator==(const Pong&) const = default;
};

enum class HangupReason : std::uint8_t { kNormal, kBusy, kDeclined, kTimeout, kError };

struct Hangup {
  HangupReason reason = HangupReason::kNormal;
  bool operator==(const Hangup&) const = default;
};

struct Hold {
  bool operator==(const Hold&) const = default;
};
struct Unhold {
  bool operator==(const Unhold&) const = default;
};
struct Mute {
  bool operator==(const Mute&) const = default;
};
struct Unmute {
  bool operator==(const Unmute&) const = default;
};

struct Transfer {
  std::string target_fingerprint;
  std::optional<std::string> relay_addr;
  bool operator==(const Transfer&) const = default;
};
struct TransferAck {
  bool operator==(const TransferAck&) const = default;
};

// -- Relays --------------------------------------------------------------------------------------

struct PresenceUpdate {
  std::vector<std::string> fingerprints;
  std::string relay_addr;  ///< host:port
  bool operator==(const PresenceUpdate&) const = default;
};
struct RouteQuery {
  std::string fingerprint;
  std::uint8_t ttl = 0;
  bool operator==(const RouteQuery&) const = default;
};
struct RouteResponse {
  std::string fingerprint;
  bool found = false;
  std::vector<std::string> relay_chain;
  bool operator==(const RouteResponse&) const = default;
};
struct SessionForward {
  std::string session_id;
  std::string target_fingerprint;
  std::string source_relay;
  bool operator==(const SessionForward&) const = default;
};
struct SessionForwardAck {
  std::string session_id;
  std::string room_name;
  bool operator==(const SessionForwardAck&) const = default;
};

// -- Rooms (ours; feature "stream-id") -----------------------------------------------------------

/// One participant as the relay claims it to be.
struct RoomParticipant {
  StreamId stream;  ///< Not 0, unique in the room.
  Bytes hello;      ///< Copied from the participant's CallOffer; empty for a legacy one.
  std::vector<std::string> features;
  std::string fingerprint;
  std::optional<std::string> alias;
  bool operator==(const RoomParticipant&) const = default;
};

/// Relay to client: who is in the room. In full when `base` is 0, otherwise the changes to
/// revision `base`.
struct RoomUpdate {
  std::uint64_t rev = 0;
  std::uint64_t base = 0;
  StreamId you;
  std::vector<RoomParticipant> participants;  ///< Full: all. Changes: new or changed ones.
  std::vector<StreamId> left;
  bool operator==(const RoomUpdate&) const = default;
};

/// Client to relay: send the room in full.
struct RoomQuery {
  bool operator==(const RoomQuery&) const = default;
};

/// Participant to participant through the relay, which overwrites `from` and never reads `body`.
struct PeerSignal {
  StreamId to;
  StreamId from;
  Bytes body;  ///< At most kMaxPeerBodyBytes. JSON: base64.
  bool operator==(const PeerSignal&) const = default;
};

// -- Relay to client notices and addressing by fingerprint (ours) --------------------------------

/// Relay to client: it will be gone; come back after `reconnect_in_ms`, try for `try_for_ms`.
struct Restarting {
  std::uint32_t reconnect_in_ms = 0;
  std::uint32_t try_for_ms = 0;
  bool operator==(const Restarting&) const = default;
};

/// Relay to client: somebody you exchanged packets with left this relay.
struct EndpointGone {
  std::string fingerprint;
  bool operator==(const EndpointGone&) const = default;
};

/// Client to relay: of several connections of one identity, this one is (not) to be the active one.
struct Preferred {
  bool preferred = true;
  bool operator==(const Preferred&) const = default;
};

/// Towards the relay `fingerprint` names the receiver, towards a client the sender.
struct SendTo {
  std::string fingerprint;
  Bytes body;  ///< At most kMaxPeerBodyBytes. JSON: base64.
  bool operator==(const SendTo&) const = default;
};

/// Status, version 1: a text for people; empty means healthy again.
struct Health {
  std::string problem;
  bool operator==(const Health&) const = default;
};

enum class StatusKind : std::uint8_t {
  kHealthy,
  kSameIdentityConnected,  ///< Another connection took this identity; this one is parked.
  kUnknown,                ///< A kind this version does not know; its name is in Status::name.
};

/// Status, version 2 (feature "status/2"): typed. Unknown kinds survive a round trip.
struct Status {
  StatusKind kind = StatusKind::kHealthy;
  std::string name;  ///< Only for kUnknown: the kind as it was on the wire.
  bool operator==(const Status&) const = default;
};

/// Why something was refused. Codes: docs/wire/signals.md, "Error codes".
struct ErrorNotice {
  std::string code;    ///< For programs: "auth-required".
  std::string reason;  ///< For people.
  bool operator==(const ErrorNotice&) const = default;
};

/// A message of a name this version does not know. Never an error: newer peers may send it.
struct UnknownSignal {
  std::string name;
  std::string text;  ///< The whole JSON text, so that it can be passed on unchanged.
  bool operator==(const UnknownSignal&) const = default;
};

using Signal =
    std::variant<CallOffer, CallAnswer, IceCandidate, Rekey, QualityUpdate, Ping, Pong, Hangup,
                 AuthToken, Hold, Unhold, Mute, Unmute, Transfer, TransferAck, PresenceUpdate,
                 RouteQuery, RouteResponse, SessionForward, SessionForwardAck,
                 // ours
                 RoomUpdate, RoomQuery, PeerSignal, ChallengeRequest, Challenge, Restarting,
                 EndpointGone, Preferred, SendTo, Health, Status, ErrorNotice, UnknownSignal>;

/// Parses one JSON text. Unknown members are ignored at any depth of the known structures, unknown
/// messages become UnknownSignal, unreadable entries of a profile list are skipped and counted;
/// everything else is as strict as the reference (docs/wire/signals.md, "Strictness").
/// Never throws on any input (short of memory running out) and allocates in proportion to the text.
/// \param detail if not null and parsing fails, receives what was expected where, for logs.
[[nodiscard]] WZP_PROTO_EXPORT Result<Signal> parse_signal(ByteView json,
                                                           std::string* detail = nullptr);

/// The JSON text, byte for byte that of the reference for its messages. Texts in the signal must be
/// UTF-8.
[[nodiscard]] WZP_PROTO_EXPORT std::string write_signal(const Signal& signal);

/// The message's name as in JSON ("CallOffer").
[[nodiscard]] WZP_PROTO_EXPORT std::string_view signal_name(const Signal& signal) noexcept;

/// The text of a Status for peers that know version 1 only; empty for kHealthy.
[[nodiscard]] WZP_PROTO_EXPORT std::string status_text(const Status& status);

}  // namespace wzp::proto
