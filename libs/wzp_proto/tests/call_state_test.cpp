#include "wzp/proto/call_state.hpp"

#include <catch2/catch_test_macros.hpp>
#include <vector>

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;
using S = SessionState;
using E = SessionEvent;

namespace {

constexpr Instant kNow = Instant(1h);

CallStateMachine machine_in(S state) {
  CallStateMachine m({}, kNow);
  const std::vector<E> path = {E::kInitiate, E::kConnected, E::kHandshakeComplete, E::kRekeyStart};
  for (const E event : path) {
    if (m.state() == state) break;
    if (state == S::kClosed && m.state() == S::kActive) break;
    REQUIRE(m.handle(event, kNow).has_value());
  }
  if (state == S::kClosed) REQUIRE(m.handle(E::kConnectionLost, kNow).has_value());
  REQUIRE(m.state() == state);
  return m;
}

}  // namespace

TEST_CASE("the session state machine allows exactly the transitions of its table") {
  constexpr int kNone = -1;
  // Rows: from; columns: events in order of SessionEvent.
  const int table[6][7] = {
      {1, kNone, kNone, kNone, kNone, kNone, kNone},  // Idle
      {kNone, 2, kNone, kNone, kNone, 5, 5},          // Connecting
      {kNone, kNone, 3, kNone, kNone, 5, 5},          // Handshaking
      {kNone, kNone, kNone, 4, kNone, 5, 5},          // Active
      {kNone, kNone, kNone, kNone, 3, 5, 5},          // Rekeying
      {kNone, kNone, kNone, kNone, kNone, kNone, kNone},
  };
  for (int from = 0; from < 6; ++from) {
    for (int event = 0; event < 7; ++event) {
      CAPTURE(from, event);
      CallStateMachine m = machine_in(static_cast<S>(from));
      const auto result = m.handle(static_cast<E>(event), kNow + 1s);
      const int expected = table[from][event];
      REQUIRE(result.has_value() == (expected != kNone));
      if (expected == kNone) {
        CHECK(result.error() == Errc::kNotAllowed);
        CHECK(m.state() == static_cast<S>(from));
        CHECK(m.time_in_state(kNow + 5s) == 5s);
      } else {
        CHECK(*result == static_cast<S>(expected));
        CHECK(m.time_in_state(kNow + 5s) == 4s);
      }
    }
  }
}

TEST_CASE("media flows in Active and Rekeying, and rekeys are counted when complete") {
  for (int state = 0; state < 6; ++state) {
    const auto s = static_cast<S>(state);
    CHECK(machine_in(s).is_media_active() == (s == S::kActive || s == S::kRekeying));
  }
  CallStateMachine m = machine_in(S::kRekeying);
  CHECK(m.rekey_count() == 0);
  REQUIRE(m.handle(E::kRekeyComplete, kNow).has_value());
  CHECK(m.rekey_count() == 1);
}

TEST_CASE("a terminated session knows why, and time in state is never negative") {
  CallStateMachine m = machine_in(S::kActive);
  CHECK_FALSE(m.close_reason().has_value());
  REQUIRE(m.terminate(TerminateReason::kRemoteHangup, kNow + 1s).has_value());
  CHECK(m.close_reason() == TerminateReason::kRemoteHangup);
  CHECK(m.time_in_state(kNow) == 0s);
  CHECK(m.terminate(TerminateReason::kTimeout, kNow).error() == Errc::kNotAllowed);
  CHECK(m.close_reason() == TerminateReason::kRemoteHangup);
  CHECK_FALSE(machine_in(S::kClosed).close_reason().has_value());
}

TEST_CASE("states are named as in JSON") {
  CHECK(name(S::kHandshaking) == "Handshaking");
  CHECK(session_state_from_name("Rekeying") == S::kRekeying);
  CHECK_FALSE(session_state_from_name("rekeying").has_value());
  CHECK(name(E::kConnectionLost) == "ConnectionLost");
}
