// The jitter buffer's storage: a bounded number of frames, sorted by media time. Allocates once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "wzp/proto/jitter_buffer.hpp"

namespace wzp::proto {

/// A frame without its payload. `key` is the media time it belongs to, in ms, without wrap.
struct StoredFrame {
  std::int64_t key = 0;
  std::int64_t duration = 0;
  std::optional<SeqNo16> seq;
  MediaTime32 timestamp;
  CodecId codec = CodecId::kOpus24k;
  FrameOrigin origin = FrameOrigin::kReceived;
  Instant arrival{};
  std::uint32_t size = 0;
  std::uint32_t slot = 0;

  [[nodiscard]] bool is_comfort() const noexcept { return codec == CodecId::kComfortNoise; }
  [[nodiscard]] std::int64_t end() const noexcept { return key + duration; }
};

class FrameStore {
 public:
  FrameStore(std::size_t capacity, std::size_t max_payload)
      : max_payload_(max_payload), payloads_(capacity * max_payload) {
    frames_.reserve(capacity);
    free_.reserve(capacity);
    for (std::size_t i = capacity; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
  }

  [[nodiscard]] std::size_t size() const noexcept { return frames_.size(); }
  [[nodiscard]] bool empty() const noexcept { return frames_.empty(); }
  [[nodiscard]] bool full() const noexcept { return free_.empty(); }
  [[nodiscard]] const StoredFrame& front() const noexcept { return frames_.front(); }
  [[nodiscard]] const StoredFrame& at(std::size_t i) const noexcept { return frames_[i]; }

  [[nodiscard]] const StoredFrame* find(std::int64_t key) const noexcept {
    const auto it = position(key);
    return it != frames_.end() && it->key == key ? &*it : nullptr;
  }
  /// The bytes stay where they are until their frame's slot is used again.
  [[nodiscard]] ByteView payload(const StoredFrame& frame) const noexcept {
    return ByteView(payloads_).subspan(frame.slot * max_payload_, frame.size);
  }

  /// Requires: not full, no frame of this key, payload within max_payload.
  void insert(StoredFrame frame, ByteView payload) noexcept {
    frame.slot = free_.back();
    free_.pop_back();
    frame.size = static_cast<std::uint32_t>(payload.size());
    std::copy(payload.begin(), payload.end(),
              payloads_.begin() + static_cast<std::ptrdiff_t>(frame.slot * max_payload_));
    frames_.insert(position(frame.key), frame);
  }
  void pop_front() noexcept { erase(frames_.begin()); }
  void erase_key(std::int64_t key) noexcept {
    const auto it = position(key);
    if (it != frames_.end() && it->key == key) erase(it);
  }
  void clear() noexcept {
    while (!empty()) erase(frames_.end() - 1);
  }

 private:
  using Iterator = std::vector<StoredFrame>::const_iterator;

  // Frames come nearly in order, so the search starts at the end.
  [[nodiscard]] Iterator position(std::int64_t key) const noexcept {
    auto it = frames_.end();
    while (it != frames_.begin() && (it - 1)->key >= key) --it;
    return it;
  }
  void erase(Iterator it) noexcept {
    // To the front, so that the bytes of what was just popped are overwritten last.
    free_.insert(free_.begin(), it->slot);
    frames_.erase(it);
  }

  std::size_t max_payload_;
  std::vector<std::byte> payloads_;
  std::vector<StoredFrame> frames_;
  std::vector<std::uint32_t> free_;
};

}  // namespace wzp::proto
