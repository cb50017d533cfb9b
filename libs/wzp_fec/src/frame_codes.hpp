// The codes of small blocks, all made beforehand so that nothing is computed on the media path.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "block_code.hpp"
#include "symbol_buffer.hpp"
#include "wzp/proto/assert.hpp"
#include "wzp/proto/bytes.hpp"

namespace wzp::fec {

class FrameCodes {
 public:
  explicit FrameCodes(std::uint32_t max_frames) : codes_(max_frames + 1) {
    for (std::uint32_t k = 1; k <= max_frames; ++k) codes_[k] = BlockCode::for_source_symbols(k);
  }
  /// Requires: 1 <= k <= max_frames.
  [[nodiscard]] const BlockCode& operator[](std::uint32_t k) const noexcept {
    WZP_ASSERT(k >= 1 && k < codes_.size());
    return *codes_[k];
  }

 private:
  std::vector<std::shared_ptr<const BlockCode>> codes_;
};

/// A frame's symbol: u16 little-endian length, the frame, zeros. The only little-endian field there
/// is.
inline constexpr std::size_t kLengthBytes = 2;
inline constexpr std::size_t kLegacySymbolSize = 256;

/// Memory per symbol. A symbol without its prefix is read from kLengthBytes on in whole vectors.
constexpr std::size_t frame_symbol_room(std::size_t max_frame_bytes) noexcept {
  return max_frame_bytes + kLengthBytes + kKernelAlignment;
}

inline void write_length(std::uint8_t* symbol, std::size_t length) noexcept {
  symbol[0] = static_cast<std::uint8_t>(length & 0xff);
  symbol[1] = static_cast<std::uint8_t>(length >> 8);
}

/// Requires: the frame fits.
inline void write_frame_symbol(const SymbolBuffer& symbols, std::size_t index, ByteView frame) {
  std::uint8_t* to = symbols[index];
  write_length(to, frame.size());
  std::memcpy(to + kLengthBytes, frame.data(), frame.size());
  const std::size_t end = kLengthBytes + frame.size();
  std::memset(to + end, 0, symbols.stride() - end);
}

}  // namespace wzp::fec
