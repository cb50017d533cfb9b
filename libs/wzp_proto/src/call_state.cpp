#include "wzp/proto/call_state.hpp"

#include <algorithm>

namespace wzp::proto {
namespace {

constexpr std::array<std::string_view, 6> kStateNames = {"Idle",   "Connecting", "Handshaking",
                                                         "Active", "Rekeying",   "Closed"};
constexpr std::array<std::string_view, 7> kEventNames = {
    "Initiate",      "Connected", "HandshakeComplete", "RekeyStart",
    "RekeyComplete", "Terminate", "ConnectionLost"};

}  // namespace

std::string_view name(SessionState state) noexcept {
  return kStateNames[static_cast<std::size_t>(state)];
}
std::string_view name(SessionEvent event) noexcept {
  return kEventNames[static_cast<std::size_t>(event)];
}

std::optional<SessionState> session_state_from_name(std::string_view text) noexcept {
  const auto* it = std::find(kStateNames.begin(), kStateNames.end(), text);
  if (it == kStateNames.end()) return std::nullopt;
  return static_cast<SessionState>(it - kStateNames.begin());
}

std::optional<SessionState> next_state(SessionState from, SessionEvent event) noexcept {
  using S = SessionState;
  const bool open = from != S::kIdle && from != S::kClosed;
  const auto only = [&](S required, S next) {
    return from == required ? std::optional(next) : std::nullopt;
  };
  switch (event) {
    case SessionEvent::kInitiate:
      return only(S::kIdle, S::kConnecting);
    case SessionEvent::kConnected:
      return only(S::kConnecting, S::kHandshaking);
    case SessionEvent::kHandshakeComplete:
      return only(S::kHandshaking, S::kActive);
    case SessionEvent::kRekeyStart:
      return only(S::kActive, S::kRekeying);
    case SessionEvent::kRekeyComplete:
      return only(S::kRekeying, S::kActive);
    case SessionEvent::kTerminate:
    case SessionEvent::kConnectionLost:
      return open ? std::optional(S::kClosed) : std::nullopt;
  }
  return std::nullopt;
}

Result<SessionState> CallStateMachine::handle(SessionEvent event, Instant now) noexcept {
  const auto next = next_state(state_, event);
  if (!next) return Unexpected(Errc::kNotAllowed);
  if (event == SessionEvent::kRekeyComplete) ++rekeys_;
  if (event == SessionEvent::kTerminate) reason_ = TerminateReason::kLocalHangup;
  state_ = *next;
  since_ = now;
  return state_;
}

Result<SessionState> CallStateMachine::terminate(TerminateReason reason, Instant now) noexcept {
  auto result = handle(SessionEvent::kTerminate, now);
  if (result) reason_ = reason;
  return result;
}

}  // namespace wzp::proto
