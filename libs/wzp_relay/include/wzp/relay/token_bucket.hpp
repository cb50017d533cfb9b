/// \file
/// A rate limit with a burst.
#pragma once

#include <algorithm>
#include <chrono>

#include "wzp/proto/time.hpp"

namespace wzp::relay {

struct Rate {
  double per_second = 0;
  double burst = 0;  ///< What may be taken at once after a pause. Less than one portion: nothing.
};

/// Fills with `per_second` up to `burst`, and starts full. A take that finds too little takes
/// nothing. `now` never goes back.
class TokenBucket {
 public:
  explicit TokenBucket(const Rate& rate) noexcept : rate_(rate), tokens_(rate.burst) {}

  [[nodiscard]] bool take(Instant now, double amount = 1) noexcept {
    const std::chrono::duration<double> passed = now - filled_;
    tokens_ = std::min(rate_.burst, tokens_ + passed.count() * rate_.per_second);
    filled_ = now;
    if (tokens_ < amount) return false;
    tokens_ -= amount;
    return true;
  }

  /// Changes the burst; what it grew by is there at once.
  void set_burst(double burst) noexcept {
    tokens_ = std::min(burst, tokens_ + std::max(0.0, burst - rate_.burst));
    rate_.burst = burst;
  }

 private:
  Rate rate_;
  double tokens_;
  Instant filled_{};
};

}  // namespace wzp::relay
