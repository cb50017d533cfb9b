#include "wzp/relay/ping_tracker.hpp"

#include <algorithm>

namespace wzp::relay {

void PingTracker::start(Instant now, Rng& rng) { draw_wait(now, rng); }

void PingTracker::draw_wait(Instant now, Rng& rng) {
  const std::chrono::duration<double, std::milli> span = config_.max_jitter - config_.min_jitter;
  wait_ = config_.interval + config_.min_jitter +
          std::chrono::duration_cast<Duration>(span * rng.next_unit());
  next_ping_ = now + wait_;
}

void PingTracker::handle_frame(Instant now) noexcept {
  if (next_ping_ != kNever) next_ping_ = now + wait_;
}

void PingTracker::handle_pong(std::uint64_t data) noexcept {
  if (sent_ != data) return;
  sent_.reset();
  give_up_at_ = kNever;
}

PingTracker::Action PingTracker::poll(Instant now, Rng& rng) {
  if (give_up_at_ <= now) {
    next_ping_ = give_up_at_ = kNever;
    return Action::kGiveUp;
  }
  if (next_ping_ > now) return Action::kNone;
  sent_ = rng.next_u64();
  give_up_at_ = now + config_.pong_timeout;
  draw_wait(now, rng);
  return Action::kSendPing;
}

Instant PingTracker::next_deadline() const noexcept { return std::min(next_ping_, give_up_at_); }

}  // namespace wzp::relay
