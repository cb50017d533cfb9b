// One deadline per connection slot, for thousands of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "wzp/proto/time.hpp"

namespace wzp::transport {

// A hierarchical wheel: three levels of 256 buckets, 1 ms, 256 ms and 65 s wide. Setting, moving
// and cancelling a deadline are O(1); a deadline fires up to 1 ms late.
class TimerWheel {
 public:
  TimerWheel();

  // Sets or moves the deadline of `slot`; kNever cancels.
  void set(std::uint32_t slot, Instant deadline, Instant now);
  void cancel(std::uint32_t slot) noexcept;

  // When advance() has something to do, possibly only internally; kNever if nothing is set.
  [[nodiscard]] Instant next() const noexcept;
  // Moves to `now` and appends the slots that are due, which are then unset, to `due`.
  void advance(Instant now, std::vector<std::uint32_t>& due);

 private:
  static constexpr int kLevels = 3;
  static constexpr int kBits = 8;
  static constexpr std::uint32_t kBuckets = 1U << kBits;
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::size_t kAllBuckets = std::size_t{kLevels} * kBuckets;

  struct Node {
    std::uint64_t tick = 0;
    std::uint32_t next = kNone;
    std::uint32_t previous = kNone;
    std::uint32_t bucket = kNone;  // level * kBuckets + index
  };
  [[nodiscard]] std::uint32_t bucket_for(std::uint64_t tick) const noexcept;
  void link(std::uint32_t slot);
  void unlink(std::uint32_t slot) noexcept;
  void move_to(std::uint64_t tick);
  void spread(int level);
  void expire_bucket(std::vector<std::uint32_t>& due);
  [[nodiscard]] std::uint64_t next_tick() const noexcept;
  [[nodiscard]] std::uint64_t next_tick(int level) const noexcept;

  std::vector<Node> nodes_;
  std::array<std::uint32_t, kAllBuckets> heads_;
  std::array<std::uint64_t, kAllBuckets / 64> occupied_{};
  std::uint64_t tick_ = 0;  // everything before has fired
  std::size_t set_count_ = 0;
};

}  // namespace wzp::transport
