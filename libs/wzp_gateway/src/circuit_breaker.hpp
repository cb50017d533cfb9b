/// \file
/// Stops asking a service that does not answer.
#pragma once

#include <chrono>
#include <cstddef>

#include "wzp/proto/time.hpp"

namespace wzp::gateway {

/// After `failures` in a row nothing is asked for `pause`; then a single question decides whether
/// the next pause begins.
class CircuitBreaker {
 public:
  CircuitBreaker(std::size_t failures, std::chrono::milliseconds pause) noexcept
      : limit_(failures), pause_(pause) {}

  /// Whether to ask now. After true, on_success() or on_failure() must follow.
  [[nodiscard]] bool allow(Instant now) noexcept {
    if (failures_ < limit_) return true;
    if (is_trying_ || now < open_until_) return false;
    is_trying_ = true;
    return true;
  }
  void on_success() noexcept {
    failures_ = 0;
    is_trying_ = false;
  }
  void on_failure(Instant now) noexcept {
    is_trying_ = false;
    if (failures_ < limit_) ++failures_;
    if (failures_ >= limit_) open_until_ = now + pause_;
  }
  [[nodiscard]] bool is_open() const noexcept { return failures_ >= limit_; }

 private:
  std::size_t limit_;
  std::chrono::milliseconds pause_;
  std::size_t failures_ = 0;
  Instant open_until_{};
  bool is_trying_ = false;
};

}  // namespace wzp::gateway
