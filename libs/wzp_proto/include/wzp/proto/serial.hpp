/// \file
/// Numbers that wrap around: packet sequence, media time, FEC block id.
///
/// Serial arithmetic lives here and nowhere else. There is deliberately no operator<: with
/// wrap-around "smaller" has no meaning, only "older within half the range" has.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace wzp {

/// A wrapping number of type U; Tag keeps different uses apart.
template <class Tag, std::unsigned_integral U>
class SerialNumber {
 public:
  using value_type = U;
  using distance_type = std::make_signed_t<U>;

  constexpr SerialNumber() = default;
  explicit constexpr SerialNumber(U value) noexcept : value_(value) {}

  [[nodiscard]] constexpr U value() const noexcept { return value_; }
  constexpr bool operator==(const SerialNumber&) const = default;

  /// Steps from `from` to this one, negative if this one is older. Exact when the two are less than
  /// half the range apart; at exactly half the range this one counts as older.
  [[nodiscard]] constexpr distance_type distance_from(SerialNumber from) const noexcept {
    return static_cast<distance_type>(static_cast<U>(value_ - from.value_));
  }
  [[nodiscard]] constexpr bool is_newer_than(SerialNumber other) const noexcept {
    return distance_from(other) > 0;
  }
  [[nodiscard]] constexpr bool is_older_than(SerialNumber other) const noexcept {
    return distance_from(other) < 0;
  }

  constexpr SerialNumber& operator++() noexcept {
    ++value_;
    return *this;
  }
  constexpr SerialNumber operator++(int) noexcept {
    const SerialNumber before = *this;
    ++value_;
    return before;
  }
  /// Moves by n steps, wrapping; n may be negative.
  [[nodiscard]] constexpr SerialNumber operator+(std::int64_t n) const noexcept {
    return SerialNumber(static_cast<U>(value_ + static_cast<U>(n)));
  }
  [[nodiscard]] constexpr SerialNumber operator-(std::int64_t n) const noexcept {
    return *this + -n;
  }

 private:
  U value_ = 0;
};

/// Packet sequence number of a media header.
using SeqNo16 = SerialNumber<struct SeqNo16Tag, std::uint16_t>;
/// Milliseconds of media time since the sender started.
using MediaTime32 = SerialNumber<struct MediaTime32Tag, std::uint32_t>;
/// FEC block number.
using BlockId8 = SerialNumber<struct BlockId8Tag, std::uint8_t>;

/// Names a sender within a room: not 0, given by the relay, carried as a trunk entry's session id.
struct StreamId {
  std::uint16_t value = 0;
  auto operator<=>(const StreamId&) const = default;
};

}  // namespace wzp
