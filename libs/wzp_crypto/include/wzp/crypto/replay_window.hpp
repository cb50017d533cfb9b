/// \file
/// Which packet numbers were seen: replays and duplicates are refused, reordering is not.
///
/// Use in two steps: ask would_accept() first (cheap, saves the decryption), mark() only after the
/// packet proved authentic; a forged number must not move a window.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace wzp::crypto {

/// For numbers that never wrap. Remembers the Bits newest; anything older is refused.
template <std::size_t Bits>
class CounterWindow {
  static_assert(Bits % 64 == 0);

 public:
  [[nodiscard]] bool would_accept(std::uint64_t number) const noexcept {
    if (!any_ || number > highest_) return true;
    return highest_ - number < Bits && !seen(number);
  }
  /// Requires: would_accept(number).
  void mark(std::uint64_t number) noexcept {
    if (!any_ || number > highest_) {
      if (any_) forget_between(highest_, number);
      highest_ = number;
      any_ = true;
    }
    words_[number % Bits / 64] |= std::uint64_t{1} << (number % 64);
  }
  /// Both steps at once, for numbers that need no authentication.
  bool accept(std::uint64_t number) noexcept {
    if (!would_accept(number)) return false;
    mark(number);
    return true;
  }
  /// The highest number marked; nothing before the first.
  [[nodiscard]] std::optional<std::uint64_t> highest() const noexcept {
    return any_ ? std::optional(highest_) : std::nullopt;
  }

 private:
  [[nodiscard]] bool seen(std::uint64_t number) const noexcept {
    return (words_[number % Bits / 64] >> (number % 64) & 1) != 0;
  }
  // The slots of the numbers in (from, to] held numbers that are now too old.
  void forget_between(std::uint64_t from, std::uint64_t to) noexcept {
    if (to - from >= Bits) {
      words_.fill(0);
      return;
    }
    for (std::uint64_t n = from + 1; n <= to; ++n) {
      words_[n % Bits / 64] &= ~(std::uint64_t{1} << (n % 64));
    }
  }

  std::array<std::uint64_t, Bits / 64> words_{};
  std::uint64_t highest_ = 0;
  bool any_ = false;
};

/// For the wrapping 16-bit sequence of a media header; 1024 bits. A number up to 32,767 ahead of
/// the highest moves the window; every other one counts as behind, and is refused when it is 1024
/// or more behind or was seen. Format: docs/wire/session.md, "Replay window".
class ReplayWindow {
 public:
  static constexpr std::size_t kBits = 1024;

  [[nodiscard]] bool would_accept(std::uint16_t seq) const noexcept {
    return window_.would_accept(extended(seq));
  }
  /// Requires: would_accept(seq).
  void mark(std::uint16_t seq) noexcept { window_.mark(extended(seq)); }
  bool accept(std::uint16_t seq) noexcept { return window_.accept(extended(seq)); }

 private:
  // The number without wrap-around that is nearest to the highest one.
  [[nodiscard]] std::uint64_t extended(std::uint16_t seq) const noexcept {
    const std::uint64_t highest = window_.highest().value_or(kStart | seq);
    const auto step = static_cast<std::int16_t>(static_cast<std::uint16_t>(seq - highest));
    return highest + static_cast<std::uint64_t>(std::int64_t{step});
  }

  // So that nothing behind the first number is below zero.
  static constexpr std::uint64_t kStart = 0x10000;
  CounterWindow<kBits> window_;
};

}  // namespace wzp::crypto
