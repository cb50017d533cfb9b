// Names of signals, and of the enumerators inside them, as in JSON.
#pragma once

#include <array>
#include <string_view>
#include <variant>

#include "wzp/proto/signal.hpp"

namespace wzp::proto {

/// In the order of the variant; the last alternative, UnknownSignal, has no name of its own.
inline constexpr std::array<std::string_view, std::variant_size_v<Signal> - 1> kSignalNames = {
    "CallOffer",     "CallAnswer",    "IceCandidate",   "Rekey",
    "QualityUpdate", "Ping",          "Pong",           "Hangup",
    "AuthToken",     "Hold",          "Unhold",         "Mute",
    "Unmute",        "Transfer",      "TransferAck",    "PresenceUpdate",
    "RouteQuery",    "RouteResponse", "SessionForward", "SessionForwardAck",
    "RoomUpdate",    "RoomQuery",     "PeerSignal",     "ChallengeRequest",
    "Challenge",     "Restarting",    "EndpointGone",   "Preferred",
    "SendTo",        "Health",        "Status",         "Error"};
static_assert(!kSignalNames.back().empty());

inline constexpr std::array<std::string_view, 5> kHangupReasonNames = {"Normal", "Busy", "Declined",
                                                                       "Timeout", "Error"};
inline constexpr std::array<std::string_view, 2> kStatusKindNames = {"Healthy",
                                                                     "SameIdentityConnected"};

}  // namespace wzp::proto
