// Datagrams of one connection that wait for flush().
#pragma once

#include <cstddef>
#include <vector>

#include "wzp/proto/serial.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/transport/endpoint_config.hpp"
#include "wzp/transport/frame_pool.hpp"

namespace wzp::transport {

// A ring of frame references, bounded by count (the oldest goes first) and, when told the time, by
// age. It grows by doubling up to its limit and never shrinks, so a steady load allocates nothing.
class Outbox {
 public:
  explicit Outbox(const OutboxLimits& limits) : limits_(&limits) {}

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // Returns how many were pushed out: 0 or 1.
  std::size_t push(FrameRef frame, Instant now, StreamId stream = {});
  // Requires: not empty.
  [[nodiscard]] const FrameRef& front() const noexcept { return ring_[head_].frame; }
  [[nodiscard]] StreamId front_stream() const noexcept { return ring_[head_].stream; }
  void pop_front() noexcept;
  // Drops what waits longer than the limit; returns how many.
  std::size_t drop_aged(Instant now) noexcept;
  // Drops all but the newest n; returns how many.
  std::size_t keep_newest(std::size_t n) noexcept;
  void clear() noexcept { keep_newest(0); }

 private:
  struct Entry {
    FrameRef frame;
    Instant queued_at{};
    StreamId stream;
  };
  void grow();

  const OutboxLimits* limits_;
  std::vector<Entry> ring_;  // size a power of two, or empty
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace wzp::transport
