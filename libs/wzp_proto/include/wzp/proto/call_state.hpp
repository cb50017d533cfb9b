/// \file
/// The life of one call or relay session, as states and allowed events.
///
///            Initiate       Connected       HandshakeComplete     RekeyStart
///     Idle ----------> Connecting -----> Handshaking -----> Active -------> Rekeying
///                           |                 |              | ^  RekeyComplete |
///                           +--- Terminate, ConnectionLost --+ +----------------+
///                                             v
///                                           Closed
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "wzp/proto/errc.hpp"
#include "wzp/proto/export.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::proto {

enum class SessionState : std::uint8_t {
  kIdle,
  kConnecting,
  kHandshaking,
  kActive,
  kRekeying,
  kClosed,
};

enum class SessionEvent : std::uint8_t {
  kInitiate,
  kConnected,
  kHandshakeComplete,
  kRekeyStart,
  kRekeyComplete,
  kTerminate,  ///< See CallStateMachine::terminate for the reason.
  kConnectionLost,
};

enum class TerminateReason : std::uint8_t { kLocalHangup, kRemoteHangup, kTimeout, kError };

/// The JSON form: the plain name, "Handshaking".
[[nodiscard]] WZP_PROTO_EXPORT std::string_view name(SessionState state) noexcept;
[[nodiscard]] WZP_PROTO_EXPORT std::string_view name(SessionEvent event) noexcept;
[[nodiscard]] WZP_PROTO_EXPORT std::optional<SessionState> session_state_from_name(
    std::string_view text) noexcept;

/// A small value; the id is opaque and given by the creator.
class WZP_PROTO_EXPORT CallStateMachine {
 public:
  using Id = std::array<std::byte, 16>;

  CallStateMachine(const Id& id, Instant now) noexcept : id_(id), since_(now) {}

  /// Applies an event. \return the new state, or kNotAllowed with nothing changed. kTerminate
  /// stands for a local hang-up.
  Result<SessionState> handle(SessionEvent event, Instant now) noexcept;
  /// kTerminate with its reason, which close_reason() then tells.
  Result<SessionState> terminate(TerminateReason reason, Instant now) noexcept;

  [[nodiscard]] SessionState state() const noexcept { return state_; }
  [[nodiscard]] const Id& id() const noexcept { return id_; }
  /// Media may flow in Active and Rekeying.
  [[nodiscard]] bool is_media_active() const noexcept {
    return state_ == SessionState::kActive || state_ == SessionState::kRekeying;
  }
  [[nodiscard]] std::uint32_t rekey_count() const noexcept { return rekeys_; }
  /// Time in the present state, never negative.
  [[nodiscard]] Duration time_in_state(Instant now) const noexcept {
    return now > since_ ? now - since_ : Duration(0);
  }
  /// Why it was terminated; nothing while open, or when the connection was lost.
  [[nodiscard]] std::optional<TerminateReason> close_reason() const noexcept { return reason_; }

 private:
  Id id_;
  SessionState state_ = SessionState::kIdle;
  Instant since_;
  std::uint32_t rekeys_ = 0;
  std::optional<TerminateReason> reason_;
};

/// The state an event leads to, if it is allowed.
[[nodiscard]] WZP_PROTO_EXPORT std::optional<SessionState> next_state(SessionState from,
                                                                      SessionEvent event) noexcept;

}  // namespace wzp::proto
