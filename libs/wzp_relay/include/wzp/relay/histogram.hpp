/// \file
/// A distribution as Prometheus wants it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace wzp::relay {

/// Counts values by the smallest bound they do not exceed. Bounds rise.
template <std::size_t N>
class Histogram {
 public:
  explicit constexpr Histogram(const std::array<double, N>& bounds) noexcept : bounds_(bounds) {}

  void observe(double value) noexcept {
    const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
    ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
    sum_ += value;
  }
  [[nodiscard]] const std::array<double, N>& bounds() const noexcept { return bounds_; }
  /// One for each bound, not added up, and one for what is above all.
  [[nodiscard]] const std::array<std::uint64_t, N + 1>& counts() const noexcept { return counts_; }
  [[nodiscard]] double sum() const noexcept { return sum_; }

 private:
  std::array<double, N> bounds_;
  std::array<std::uint64_t, N + 1> counts_{};
  double sum_ = 0;
};

}  // namespace wzp::relay
