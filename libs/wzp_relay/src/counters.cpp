#include "wzp/relay/counters.hpp"

namespace wzp::relay {

std::string_view name(EndReason reason) noexcept {
  static constexpr std::array<std::string_view, kEndReasonCount> kNames{
      "hung_up",        "peer_closed",      "idle_timeout",      "pong_timeout", "transport_error",
      "bad_offer",      "reserved_name",    "admission_timeout", "relay_full",   "room_full",
      "not_authorized", "identity_limit",   "draining",          "shutdown",     "bad_binding",
      "auth_failed",    "auth_unavailable", "e2e_required"};
  const auto index = static_cast<std::size_t>(reason);
  return index < kNames.size() ? kNames[index] : "unknown";
}

}  // namespace wzp::relay
