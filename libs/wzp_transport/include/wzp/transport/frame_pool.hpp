/// \file
/// Shared bytes of datagrams: copied once, sent to many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "wzp/proto/bytes.hpp"
#include "wzp/transport/export.hpp"

namespace wzp::transport {

namespace detail {
struct FrameHeader;
WZP_TRANSPORT_EXPORT void add_reference(FrameHeader* frame) noexcept;
WZP_TRANSPORT_EXPORT void drop_reference(FrameHeader* frame) noexcept;
[[nodiscard]] WZP_TRANSPORT_EXPORT ByteView bytes_of(const FrameHeader* frame) noexcept;
}  // namespace detail

/// A reference to bytes in a FramePool. Copying shares; the last one gives the memory back. Not
/// atomic: all references of a pool stay on one thread. References may outlive their pool.
class FrameRef {
 public:
  FrameRef() noexcept = default;
  FrameRef(const FrameRef& o) noexcept : frame_(o.frame_) {
    if (frame_ != nullptr) detail::add_reference(frame_);
  }
  FrameRef(FrameRef&& o) noexcept : frame_(std::exchange(o.frame_, nullptr)) {}
  FrameRef& operator=(FrameRef o) noexcept {
    std::swap(frame_, o.frame_);
    return *this;
  }
  ~FrameRef() {
    if (frame_ != nullptr) detail::drop_reference(frame_);
  }

  [[nodiscard]] explicit operator bool() const noexcept { return frame_ != nullptr; }
  [[nodiscard]] ByteView bytes() const noexcept {
    return frame_ == nullptr ? ByteView{} : detail::bytes_of(frame_);
  }
  [[nodiscard]] std::size_t size() const noexcept { return bytes().size(); }

 private:
  friend class FramePool;
  explicit FrameRef(detail::FrameHeader* frame) noexcept : frame_(frame) {}
  detail::FrameHeader* frame_ = nullptr;
};

/// Fixed-size blocks for frames, reused without going back to the allocator. Single-threaded.
class WZP_TRANSPORT_EXPORT FramePool {
 public:
  static constexpr std::size_t kMaxFrame = 2048;  ///< Longer frames are refused.

  /// `max_bytes`: memory in use at most, blocks counted whole.
  explicit FramePool(std::size_t max_bytes);
  ~FramePool();
  FramePool(FramePool&&) = delete;

  /// A copy of `bytes`; empty if longer than kMaxFrame or if the pool is at its limit.
  [[nodiscard]] FrameRef copy(ByteView bytes) noexcept;
  /// A frame of `size` bytes with undefined content, to be filled through `out`.
  [[nodiscard]] FrameRef allocate(std::size_t size, MutableBytes& out) noexcept;
  [[nodiscard]] std::size_t bytes_in_use() const noexcept;

  struct Core;

 private:
  Core* core_;  // lives until the pool and all its frames are gone
};

}  // namespace wzp::transport
