/// \file
/// Views of bytes, and bounds-checked reading and writing in network order.
///
/// `ByteView` is what parsers take, `MutableBytes` is room to write. Neither owns anything.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace wzp {

using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

/// The bytes of a text, without a terminator. The view lives as long as the text.
[[nodiscard]] inline ByteView as_byte_view(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// The same bytes seen as text. Nothing is validated.
[[nodiscard]] inline std::string_view as_text(ByteView bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// For C libraries that speak `unsigned char*`.
[[nodiscard]] inline const unsigned char* as_uchars(const std::byte* p) noexcept {
  return reinterpret_cast<const unsigned char*>(p);
}
[[nodiscard]] inline unsigned char* as_uchars(std::byte* p) noexcept {
  return reinterpret_cast<unsigned char*>(p);
}

/// The big-endian integer in the first four bytes. For hot paths that check lengths once; others
/// use a ByteReader. Requires: in.size() >= 4.
[[nodiscard]] inline std::uint32_t load_be32(ByteView in) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, in.data(), sizeof(value));
  return std::endian::native == std::endian::little ? __builtin_bswap32(value) : value;
}
/// Requires: out.size() >= 4.
inline void store_be32(MutableBytes out, std::uint32_t value) noexcept {
  if (std::endian::native == std::endian::little) value = __builtin_bswap32(value);
  std::memcpy(out.data(), &value, sizeof(value));
}

/// Reads big-endian integers and byte runs from the front of a view. A read past the end returns
/// zero or an empty view and makes ok() false from then on, so that a parser may read all its
/// fields and check once.
class ByteReader {
 public:
  explicit constexpr ByteReader(ByteView bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] constexpr bool ok() const noexcept { return ok_; }
  [[nodiscard]] constexpr ByteView rest() const noexcept { return rest_; }
  [[nodiscard]] constexpr std::size_t remaining() const noexcept { return rest_.size(); }

  constexpr std::uint8_t u8() noexcept { return integer<std::uint8_t>(); }
  constexpr std::uint16_t u16() noexcept { return integer<std::uint16_t>(); }
  constexpr std::uint32_t u32() noexcept { return integer<std::uint32_t>(); }
  constexpr std::uint64_t u64() noexcept { return integer<std::uint64_t>(); }

  /// The next n bytes; empty and not ok() if fewer are left.
  constexpr ByteView take(std::size_t n) noexcept {
    if (n > rest_.size()) {
      fail();
      return {};
    }
    const ByteView head = rest_.first(n);
    rest_ = rest_.subspan(n);
    return head;
  }

  /// Copies the next N bytes; zeros and not ok() if fewer are left.
  template <std::size_t N>
  constexpr std::array<std::byte, N> array() noexcept {
    std::array<std::byte, N> out{};
    const ByteView head = take(N);
    for (std::size_t i = 0; i < head.size(); ++i) out[i] = head[i];
    return out;
  }

 private:
  template <std::unsigned_integral U>
  constexpr U integer() noexcept {
    U value = 0;
    for (const std::byte b : take(sizeof(U))) {
      value = static_cast<U>((static_cast<std::uint64_t>(value) << 8) |
                             std::to_integer<std::uint64_t>(b));
    }
    return value;
  }
  constexpr void fail() noexcept {
    ok_ = false;
    rest_ = {};
  }

  ByteView rest_;
  bool ok_ = true;
};

/// Writes big-endian integers and byte runs into a caller's buffer. A write that does not fit
/// writes nothing and makes ok() false from then on.
class ByteWriter {
 public:
  explicit constexpr ByteWriter(MutableBytes room) noexcept : room_(room) {}

  [[nodiscard]] constexpr bool ok() const noexcept { return ok_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr std::size_t capacity_left() const noexcept {
    return room_.size() - size_;
  }
  /// What was written so far.
  [[nodiscard]] constexpr ByteView written() const noexcept { return room_.first(size_); }

  constexpr void u8(std::uint8_t v) noexcept { integer(v); }
  constexpr void u16(std::uint16_t v) noexcept { integer(v); }
  constexpr void u32(std::uint32_t v) noexcept { integer(v); }
  constexpr void u64(std::uint64_t v) noexcept { integer(v); }

  constexpr void bytes(ByteView in) noexcept {
    if (MutableBytes out = claim(in.size()); ok_) std::copy(in.begin(), in.end(), out.begin());
  }

 private:
  constexpr MutableBytes claim(std::size_t n) noexcept {
    if (!ok_ || n > capacity_left()) {
      ok_ = false;
      return {};
    }
    const MutableBytes out = room_.subspan(size_, n);
    size_ += n;
    return out;
  }
  template <std::unsigned_integral U>
  constexpr void integer(U value) noexcept {
    if (MutableBytes out = claim(sizeof(U)); ok_) {
      for (std::size_t i = 0; i < sizeof(U); ++i) {
        out[i] = static_cast<std::byte>(value >> (8 * (sizeof(U) - 1 - i)));
      }
    }
  }

  MutableBytes room_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace wzp
