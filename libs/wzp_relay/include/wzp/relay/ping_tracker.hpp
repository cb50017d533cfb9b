/// \file
/// Keep-alive pings of one participant: when to send one, and when to give up.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "wzp/proto/rng.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/relay/export.hpp"

namespace wzp::relay {

struct PingConfig {
  std::chrono::milliseconds interval{15'000};
  /// Added to the interval, drawn anew for each wait, so that pings do not come in step.
  std::chrono::milliseconds min_jitter{1'000};
  std::chrono::milliseconds max_jitter{5'000};
  std::chrono::milliseconds pong_timeout{5'000};
};

/// A ping is due when nothing arrived for interval plus jitter. Its eight random bytes must come
/// back within the timeout. Sans I/O; does nothing until start().
class WZP_RELAY_EXPORT PingTracker {
 public:
  explicit PingTracker(const PingConfig& config) noexcept : config_(config) {}

  void start(Instant now, Rng& rng);
  /// Anything arrived: the wait begins again, as long as it was. Never moves next_deadline() to an
  /// earlier time.
  void handle_frame(Instant now) noexcept;
  /// A pong with other bytes than those of the ping that is out is ignored.
  void handle_pong(std::uint64_t data) noexcept;

  enum class Action : std::uint8_t { kNone, kSendPing, kGiveUp };
  /// What is due. After kSendPing send ping_data(); after kGiveUp close the connection.
  [[nodiscard]] Action poll(Instant now, Rng& rng);
  [[nodiscard]] std::uint64_t ping_data() const noexcept { return sent_.value_or(0); }
  [[nodiscard]] Instant next_deadline() const noexcept;

 private:
  void draw_wait(Instant now, Rng& rng);

  PingConfig config_;
  Duration wait_{0};
  Instant next_ping_ = kNever;
  Instant give_up_at_ = kNever;
  std::optional<std::uint64_t> sent_;
};

}  // namespace wzp::relay
