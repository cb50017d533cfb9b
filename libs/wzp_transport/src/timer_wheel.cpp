#include "timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace wzp::transport {
namespace {

constexpr std::int64_t kTickNanoseconds = 1'000'000;

Instant instant_of(std::uint64_t tick) noexcept {
  return Instant(Duration(static_cast<std::int64_t>(tick) * kTickNanoseconds));
}

std::uint64_t tick_before(Instant t) noexcept {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(t.time_since_epoch().count(), 0) /
                                    kTickNanoseconds);
}

std::uint64_t tick_after(Instant t) noexcept {
  const std::uint64_t before = tick_before(t);
  return instant_of(before) < t ? before + 1 : before;
}

}  // namespace

TimerWheel::TimerWheel() { heads_.fill(kNone); }

std::uint32_t TimerWheel::bucket_for(std::uint64_t tick) const noexcept {
  const std::uint64_t ahead = tick - tick_;
  for (int level = 0; level < kLevels - 1; ++level) {
    if (ahead < (1ULL << (kBits * (level + 1)))) {
      return static_cast<std::uint32_t>(level * kBuckets + ((tick >> (kBits * level)) % kBuckets));
    }
  }
  // Beyond the last level's horizon a deadline waits in its farthest bucket and is placed anew
  // there.
  const std::uint64_t farthest = std::min<std::uint64_t>(
      tick, tick_ + (1ULL << (kBits * kLevels)) - (1ULL << (kBits * (kLevels - 1))));
  return static_cast<std::uint32_t>((kLevels - 1) * kBuckets +
                                    ((farthest >> (kBits * (kLevels - 1))) % kBuckets));
}

void TimerWheel::link(std::uint32_t slot) {
  Node& node = nodes_[slot];
  node.bucket = bucket_for(node.tick);
  node.previous = kNone;
  node.next = heads_[node.bucket];
  if (node.next != kNone) nodes_[node.next].previous = slot;
  heads_[node.bucket] = slot;
  occupied_[node.bucket / 64] |= 1ULL << (node.bucket % 64);
  ++set_count_;
}

void TimerWheel::unlink(std::uint32_t slot) noexcept {
  Node& node = nodes_[slot];
  if (node.bucket == kNone) return;
  if (node.previous != kNone) nodes_[node.previous].next = node.next;
  if (node.next != kNone) nodes_[node.next].previous = node.previous;
  if (heads_[node.bucket] == slot) heads_[node.bucket] = node.next;
  if (heads_[node.bucket] == kNone) occupied_[node.bucket / 64] &= ~(1ULL << (node.bucket % 64));
  node.bucket = kNone;
  --set_count_;
}

void TimerWheel::cancel(std::uint32_t slot) noexcept {
  if (slot < nodes_.size()) unlink(slot);
}

void TimerWheel::set(std::uint32_t slot, Instant deadline, Instant now) {
  if (slot >= nodes_.size()) nodes_.resize(slot + 1);
  unlink(slot);
  if (deadline == kNever) return;
  if (set_count_ == 0) tick_ = std::max(tick_, tick_before(now));
  nodes_[slot].tick = std::max(tick_after(deadline), tick_);
  link(slot);
}

// Level 0: the first tick something is due. Above: the first tick at which a bucket must be spread
// over the level below; the current bucket has been spread, so it counts as one full turn away.
std::uint64_t TimerWheel::next_tick(int level) const noexcept {
  const std::uint64_t position = tick_ >> (kBits * level);
  for (std::uint64_t step = level == 0 ? 0 : 1; step <= kBuckets; ++step) {
    const auto index = static_cast<std::uint32_t>((position + step) % kBuckets);
    const std::uint64_t word = occupied_[(level * kBuckets + index) / 64] >> (index % 64);
    if (word == 0) {
      step += 63 - index % 64;
      continue;
    }
    return (position + step + static_cast<std::uint64_t>(std::countr_zero(word)))
           << (kBits * level);
  }
  return UINT64_MAX;
}

std::uint64_t TimerWheel::next_tick() const noexcept {
  std::uint64_t best = UINT64_MAX;
  for (int level = 0; level < kLevels; ++level) best = std::min(best, next_tick(level));
  return best;
}

Instant TimerWheel::next() const noexcept {
  return set_count_ == 0 ? kNever : instant_of(next_tick());
}

void TimerWheel::move_to(std::uint64_t tick) {
  if (tick == tick_) return;
  tick_ = tick;
  for (int level = kLevels - 1; level > 0; --level) {
    if (tick_ % (1ULL << (kBits * level)) == 0) spread(level);
  }
}

void TimerWheel::spread(int level) {
  const auto bucket =
      static_cast<std::uint32_t>(level * kBuckets + ((tick_ >> (kBits * level)) % kBuckets));
  std::uint32_t slot = heads_[bucket];
  while (slot != kNone) {
    const std::uint32_t following = nodes_[slot].next;
    unlink(slot);
    link(slot);
    slot = following;
  }
}

void TimerWheel::expire_bucket(std::vector<std::uint32_t>& due) {
  const auto bucket = static_cast<std::uint32_t>(tick_ % kBuckets);
  while (heads_[bucket] != kNone) {
    due.push_back(heads_[bucket]);
    unlink(heads_[bucket]);
  }
}

void TimerWheel::advance(Instant now, std::vector<std::uint32_t>& due) {
  const std::uint64_t target = tick_before(now);
  while (set_count_ != 0) {
    const std::uint64_t next = next_tick();
    if (next > target) break;
    move_to(next);
    expire_bucket(due);
  }
  if (target + 1 > tick_) move_to(target + 1);
}

}  // namespace wzp::transport
