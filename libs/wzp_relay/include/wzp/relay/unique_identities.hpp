/// \file
/// How many different identities a day saw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>

#include "wzp/crypto/fingerprint.hpp"

namespace wzp::relay {

/// Counts each identity once a day, relay-wide. The day is passed in; a new one begins at zero.
/// Memory is bounded: identities above `limit` on one day are not told apart and not counted.
class UniqueIdentities {
 public:
  explicit UniqueIdentities(std::size_t limit = 1'000'000) noexcept : limit_(limit) {}

  void set_day(std::uint32_t day) {
    if (day == day_) return;
    day_ = day;
    seen_.clear();
  }
  /// Whether this is the first time today.
  bool add(const crypto::Fingerprint& identity) {
    return seen_.size() < limit_ && seen_.insert(identity).second;
  }
  [[nodiscard]] std::size_t count() const noexcept { return seen_.size(); }

 private:
  std::size_t limit_;
  std::uint32_t day_ = 0;
  std::set<crypto::Fingerprint> seen_;
};

}  // namespace wzp::relay
