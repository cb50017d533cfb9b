#include "tcp_flow.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace wzp::test {
namespace {

constexpr double kCubicC = 0.4;
constexpr double kCubicBeta = 0.7;
constexpr double kRenoBeta = 0.5;
constexpr std::size_t kReordering = 3;  // segments acknowledged behind one make it lost

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

std::optional<std::uint64_t> TcpFlow::poll(Instant now) {
  take_acks(now);
  const Duration timeout = std::max(Duration(std::chrono::milliseconds(400)), 3 * smoothed_rtt_);
  if (!in_flight_.empty() && now - in_flight_.front().sent > timeout) {
    for (const InFlight& f : in_flight_) to_repeat_.push_back(f.segment);
    in_flight_.clear();
    threshold_ = std::max(2.0, window_ * kRenoBeta);
    window_ = 1;
    in_epoch_ = false;
    ++loss_events_;
  }
  if (static_cast<double>(in_flight_.size()) >= window_) return std::nullopt;
  std::uint64_t segment = next_;
  if (to_repeat_.empty()) {
    ++next_;
  } else {
    segment = to_repeat_.front();
    to_repeat_.pop_front();
  }
  in_flight_.push_back({segment, now});
  return segment;
}

void TcpFlow::on_arrival(std::uint64_t segment, Instant now) {
  for (const InFlight& f : in_flight_) {
    if (f.segment == segment) {
      acks_.push_back({segment, now + ack_delay_, now + ack_delay_ - f.sent});
      return;
    }
  }
}

void TcpFlow::take_acks(Instant now) {
  while (!acks_.empty() && acks_.front().at <= now) {
    on_ack(acks_.front(), now);
    acks_.pop_front();
  }
}

void TcpFlow::on_ack(const Ack& ack, Instant now) {
  const auto it = std::find_if(in_flight_.begin(), in_flight_.end(),
                               [&](const InFlight& f) { return f.segment == ack.segment; });
  if (it == in_flight_.end()) return;
  const auto behind = static_cast<std::size_t>(it - in_flight_.begin());
  in_flight_.erase(it);
  ++acknowledged_count_;
  smoothed_rtt_ += (ack.rtt - smoothed_rtt_) / 8;
  if (behind >= kReordering) find_losses(now);
  grow(now);
}

// Everything sent kReordering segments before what was acknowledged just now.
void TcpFlow::find_losses(Instant now) {
  to_repeat_.push_back(in_flight_.front().segment);
  in_flight_.pop_front();
  if (now < recovery_until_) return;
  recovery_until_ = now + smoothed_rtt_;
  ++loss_events_;
  reduce(growth_ == Growth::kCubic ? kCubicBeta : kRenoBeta, now);
}

void TcpFlow::reduce(double factor, Instant now) {
  window_before_loss_ = window_;
  window_ = std::max(2.0, window_ * factor);
  threshold_ = window_;
  epoch_ = now;
  in_epoch_ = true;
}

void TcpFlow::grow(Instant now) {
  if (window_ < threshold_) {
    window_ += 1;
  } else if (growth_ == Growth::kReno || !in_epoch_) {
    window_ += 1 / window_;
  } else {
    const double k = std::cbrt(window_before_loss_ * (1 - kCubicBeta) / kCubicC);
    const double t = seconds(now - epoch_ + smoothed_rtt_);
    const double target = kCubicC * std::pow(t - k, 3) + window_before_loss_;
    const double reno = 1 / window_;
    window_ += std::clamp((target - window_) / window_, 0.5 * reno, 0.5);
  }
}

}  // namespace wzp::test
