// Which of the last 1024 packet numbers were seen: tells duplicates from late packets, and lost
// packets from silence.
#pragma once

#include <bitset>
#include <cstddef>
#include <optional>

#include "wzp/proto/serial.hpp"

namespace wzp::proto {

class SequenceWindow {
 public:
  static constexpr int kSize = 1024;

  enum class Outcome { kNewest, kOlder, kSeen, kTooOld };

  /// Notes a number and says what it was before.
  Outcome mark(SeqNo16 seq) noexcept {
    if (!newest_) {
      newest_ = seq;
      seen_.reset();
      seen_.set(index(seq));
      return Outcome::kNewest;
    }
    const int ahead = seq.distance_from(*newest_);
    if (ahead > 0) {
      advance(ahead);
      seen_.set(index(seq));
      return Outcome::kNewest;
    }
    if (-ahead >= kSize) return Outcome::kTooOld;
    if (seen_.test(index(seq))) return Outcome::kSeen;
    seen_.set(index(seq));
    return Outcome::kOlder;
  }

  [[nodiscard]] std::optional<SeqNo16> newest() const noexcept { return newest_; }

  /// Numbers strictly between the two that were not seen; 0 if `to` is not newer than `from`.
  /// Numbers that left the window count as seen.
  [[nodiscard]] int missing_between(SeqNo16 from, SeqNo16 to) const noexcept {
    int missing = 0;
    const int steps = to.distance_from(from);
    for (int i = 1; i < steps; ++i) {
      const SeqNo16 seq = from + i;
      const int behind = newest_->distance_from(seq);
      if (behind >= 0 && behind < kSize && !seen_.test(index(seq))) ++missing;
    }
    return missing;
  }

  void clear() noexcept { newest_.reset(); }

 private:
  static std::size_t index(SeqNo16 seq) noexcept { return seq.value() % kSize; }

  void advance(int steps) noexcept {
    if (steps >= kSize) {
      seen_.reset();
    } else {
      for (int i = 1; i <= steps; ++i) seen_.reset(index(*newest_ + i));
    }
    newest_ = *newest_ + steps;
  }

  std::bitset<kSize> seen_;
  std::optional<SeqNo16> newest_;
};

}  // namespace wzp::proto
