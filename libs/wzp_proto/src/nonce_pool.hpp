// The 255 nonces of QCMP pings, leased at random, each to one ping at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "wzp/proto/assert.hpp"
#include "wzp/proto/rng.hpp"

namespace wzp::proto {

class NoncePool {
 public:
  static constexpr std::size_t kSize = 255;

  NoncePool() noexcept {
    for (std::size_t i = 0; i < kSize; ++i) free_[i] = static_cast<std::uint8_t>(i);
  }

  /// A random one of the free nonces; nothing if all are leased.
  std::optional<std::uint8_t> lease(Rng& rng) {
    if (count_ == 0) return std::nullopt;
    const std::size_t i = rng.next_u64() % count_;
    const std::uint8_t nonce = free_[i];
    free_[i] = free_[--count_];
    return nonce;
  }
  /// Requires: the nonce was leased.
  void give_back(std::uint8_t nonce) noexcept {
    WZP_ASSERT(count_ < kSize);
    free_[count_++] = nonce;
  }
  [[nodiscard]] std::size_t available() const noexcept { return count_; }

 private:
  std::array<std::uint8_t, kSize> free_{};
  std::size_t count_ = kSize;
};

}  // namespace wzp::proto
