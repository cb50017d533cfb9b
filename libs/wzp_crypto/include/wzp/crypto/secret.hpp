/// \file
/// Bytes that must not leak: `Secret<N>` of fixed and `SecretBytes` of variable length.
///
/// Both own their memory and wipe it when they are destroyed or moved from. They cannot be copied
/// by accident (`duplicate()` says so), cannot be printed, and compare in constant time. Reading
/// the bytes takes an explicit `reveal()`.
#pragma once

#include <array>
#include <cstddef>
#include <iosfwd>
#include <memory>
#include <span>
#include <string_view>

#include "wzp/crypto/export.hpp"
#include "wzp/proto/bytes.hpp"
#include "wzp/proto/rng.hpp"

namespace wzp::crypto {

/// Overwrites memory with zeros in a way the compiler can't remove.
WZP_CRYPTO_EXPORT void wipe(MutableBytes bytes) noexcept;

/// True if both have the same length and content. The time taken depends on the length alone.
[[nodiscard]] WZP_CRYPTO_EXPORT bool equal_in_constant_time(ByteView a, ByteView b) noexcept;

/// N secret bytes, stored in the object itself.
template <std::size_t N>
class Secret {
 public:
  static constexpr std::size_t kSize = N;

  /// All zeros; fill with writable().
  Secret() noexcept = default;
  /// Copies the bytes; wiping the source is the caller's business.
  explicit Secret(std::span<const std::byte, N> bytes) noexcept { assign(bytes); }
  [[nodiscard]] static Secret random(Rng& rng) {
    Secret out;
    rng.fill(out.bytes_);
    return out;
  }

  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  /// The source is all zeros afterwards.
  Secret(Secret&& other) noexcept {
    assign(other.bytes_);
    wipe(other.bytes_);
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      assign(other.bytes_);
      wipe(other.bytes_);
    }
    return *this;
  }
  ~Secret() { wipe(bytes_); }

  [[nodiscard]] Secret duplicate() const noexcept { return Secret(reveal()); }
  [[nodiscard]] std::span<const std::byte, N> reveal() const noexcept { return bytes_; }
  [[nodiscard]] std::span<std::byte, N> writable() noexcept { return bytes_; }

  /// In constant time.
  friend bool operator==(const Secret& a, const Secret& b) noexcept {
    return equal_in_constant_time(a.bytes_, b.bytes_);
  }
  template <class Char, class Traits>
  friend std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>&,
                                                      const Secret&) = delete;

 private:
  void assign(std::span<const std::byte, N> from) noexcept {
    for (std::size_t i = 0; i < N; ++i) bytes_[i] = from[i];
  }

  std::array<std::byte, N> bytes_{};
};

/// Secret bytes of a length known at run time, on the heap: pass phrases, mnemonics, key material
/// joined from parts. The length is not secret and never changes.
class WZP_CRYPTO_EXPORT SecretBytes {
 public:
  SecretBytes() noexcept = default;
  /// All zeros; fill with writable().
  explicit SecretBytes(std::size_t size);
  /// A copy; wiping the source is the caller's business.
  [[nodiscard]] static SecretBytes copy_of(ByteView bytes);

  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes();

  [[nodiscard]] SecretBytes duplicate() const { return copy_of(reveal()); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] ByteView reveal() const noexcept { return {bytes_.get(), size_}; }
  [[nodiscard]] std::string_view reveal_text() const noexcept { return as_text(reveal()); }
  [[nodiscard]] MutableBytes writable() noexcept { return {bytes_.get(), size_}; }

  /// In constant time.
  friend bool operator==(const SecretBytes& a, const SecretBytes& b) noexcept {
    return equal_in_constant_time(a.reveal(), b.reveal());
  }
  template <class Char, class Traits>
  friend std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>&,
                                                      const SecretBytes&) = delete;

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace wzp::crypto
