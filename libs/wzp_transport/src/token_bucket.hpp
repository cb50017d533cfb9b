// A rate limit.
#pragma once

#include <algorithm>
#include <cstdint>

#include "wzp/proto/time.hpp"

namespace wzp::transport {

// Lets `per_second` calls of take() through per second, at most a tenth of a second's worth at once
// (and at least one).
class TokenBucket {
 public:
  explicit TokenBucket(std::uint32_t per_second)
      : per_second_(per_second), burst_(std::max(1.0, per_second / 10.0)), tokens_(burst_) {}

  [[nodiscard]] bool take(Instant now) noexcept {
    if (now > filled_at_) {
      const double seconds = std::chrono::duration<double>(now - filled_at_).count();
      tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
      filled_at_ = now;
    }
    if (per_second_ == 0 || tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  Instant filled_at_{};
};

}  // namespace wzp::transport
