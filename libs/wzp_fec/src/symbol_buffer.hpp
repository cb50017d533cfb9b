// Memory for symbols: aligned for the kernels, each symbol padded with zeros to a multiple of
// kKernelAlignment.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "kernel.hpp"
#include "solve_plan.hpp"
#include "wzp/proto/bytes.hpp"

namespace wzp::fec {

constexpr std::size_t padded(std::size_t n) noexcept {
  return (n + kKernelAlignment - 1) / kKernelAlignment * kKernelAlignment;
}

inline const std::uint8_t* as_octets(const std::byte* p) noexcept {
  return reinterpret_cast<const std::uint8_t*>(p);
}
inline std::uint8_t* as_octets(std::byte* p) noexcept { return reinterpret_cast<std::uint8_t*>(p); }
inline std::byte* as_bytes(std::uint8_t* p) noexcept { return reinterpret_cast<std::byte*>(p); }
inline const std::byte* as_bytes(const std::uint8_t* p) noexcept {
  return reinterpret_cast<const std::byte*>(p);
}

class SymbolBuffer {
 public:
  SymbolBuffer() = default;
  SymbolBuffer(std::size_t count, std::size_t symbol_size)
      : stride_(padded(symbol_size)), count_(count) {
    const std::size_t bytes = std::max<std::size_t>(count * stride_, 1);
    data_.reset(
        static_cast<std::uint8_t*>(::operator new (bytes, std::align_val_t{kKernelAlignment})));
    std::memset(data_.get(), 0, bytes);
  }

  [[nodiscard]] std::uint8_t* operator[](std::size_t i) const { return data_.get() + i * stride_; }
  [[nodiscard]] std::size_t stride() const { return stride_; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] SymbolArray array() const { return {data_.get(), stride_}; }

  /// The whole stride is written: the bytes of `in`, then zeros. Requires: in fits the stride.
  void assign(std::size_t i, ByteView in) const {
    std::uint8_t* to = (*this)[i];
    if (!in.empty()) std::memcpy(to, in.data(), in.size());
    std::memset(to + in.size(), 0, stride_ - in.size());
  }
  [[nodiscard]] ByteView view(std::size_t i, std::size_t size) const {
    return {as_bytes((*this)[i]), size};
  }

 private:
  struct AlignedDelete {
    void operator()(std::uint8_t* p) const noexcept {
      ::operator delete (p, std::align_val_t{kKernelAlignment});
    }
  };
  std::unique_ptr<std::uint8_t, AlignedDelete> data_;
  std::size_t stride_ = 0;
  std::size_t count_ = 0;
};

}  // namespace wzp::fec
