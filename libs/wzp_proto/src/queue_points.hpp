// When messages were queued and how much of each is still to be written, oldest first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "wzp/proto/assert.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::proto {

class QueuePoints {
 public:
  void append(std::size_t bytes, Instant now) { points_.push_back({now, bytes}); }

  /// Requires: at most as many bytes as were appended.
  void mark_write(std::size_t written) noexcept {
    std::size_t done = 0;
    for (Point& point : points_) {
      const std::size_t n = std::min(written, point.left);
      written -= n;
      point.left -= n;
      if (point.left > 0) break;
      ++done;
    }
    WZP_ASSERT(written == 0);
    points_.erase(points_.begin(), points_.begin() + static_cast<std::ptrdiff_t>(done));
  }

  /// When the oldest was queued.
  [[nodiscard]] std::optional<Instant> first() const noexcept {
    if (points_.empty()) return std::nullopt;
    return points_.front().time;
  }
  [[nodiscard]] std::size_t size() const noexcept { return points_.size(); }
  [[nodiscard]] std::size_t left(std::size_t i) const noexcept { return points_[i].left; }

 private:
  struct Point {
    Instant time;
    std::size_t left;
  };
  std::vector<Point> points_;
};

}  // namespace wzp::proto
