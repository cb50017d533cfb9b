/// \file
/// How a signal travels inside the featherChat messenger's call messages. Format:
/// docs/wire/signals.md, "featherChat".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wzp/proto/signal.hpp"

namespace wzp::proto {

/// The text of CallSignal.payload.
struct FeatherChatPayload {
  Signal signal;
  std::optional<std::string> relay_addr;  ///< host:port
  std::optional<std::string> room;        ///< The name people see.
  bool operator==(const FeatherChatPayload&) const = default;
};

/// Strict like parse_signal(); an unknown signal is refused (kUnknownName).
[[nodiscard]] WZP_PROTO_EXPORT Result<FeatherChatPayload> parse_featherchat_payload(ByteView json);
[[nodiscard]] WZP_PROTO_EXPORT std::string write_featherchat_payload(
    const FeatherChatPayload& payload);

/// The signal_type of a signal: "Offer", "Answer", "IceCandidate", "Hangup", "Hold", "Unhold",
/// "Mute", "Unmute" or "Transfer". The reference calls everything else "Offer", which rings at the
/// other side; here such signals have none and are not to be sent that way.
[[nodiscard]] WZP_PROTO_EXPORT std::optional<std::string_view> featherchat_signal_type(
    const Signal& signal) noexcept;

}  // namespace wzp::proto
