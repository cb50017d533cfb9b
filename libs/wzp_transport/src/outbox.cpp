#include "outbox.hpp"

#include <algorithm>

namespace wzp::transport {

std::size_t Outbox::push(FrameRef frame, Instant now, StreamId stream) {
  std::size_t dropped = 0;
  if (size_ >= std::max<std::size_t>(limits_->max_datagrams, 1)) {
    pop_front();
    dropped = 1;
  }
  if (size_ == ring_.size()) grow();
  Entry& entry = ring_[(head_ + size_) & (ring_.size() - 1)];
  entry.frame = std::move(frame);
  entry.queued_at = now;
  entry.stream = stream;
  ++size_;
  return dropped;
}

void Outbox::pop_front() noexcept {
  ring_[head_].frame = FrameRef();
  head_ = (head_ + 1) & (ring_.size() - 1);
  --size_;
}

std::size_t Outbox::drop_aged(Instant now) noexcept {
  std::size_t dropped = 0;
  while (size_ != 0 && now - ring_[head_].queued_at > limits_->max_age) {
    pop_front();
    ++dropped;
  }
  return dropped;
}

std::size_t Outbox::keep_newest(std::size_t n) noexcept {
  std::size_t dropped = 0;
  while (size_ > n) {
    pop_front();
    ++dropped;
  }
  return dropped;
}

void Outbox::grow() {
  std::vector<Entry> bigger(ring_.empty() ? 4 : ring_.size() * 2);
  for (std::size_t i = 0; i < size_; ++i) {
    bigger[i] = std::move(ring_[(head_ + i) & (ring_.size() - 1)]);
  }
  ring_ = std::move(bigger);
  head_ = 0;
}

}  // namespace wzp::transport
