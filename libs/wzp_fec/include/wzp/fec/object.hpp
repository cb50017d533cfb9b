/// \file
/// Whole objects of RFC 6330: split into source blocks, described by 12 bytes, put together again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "wzp/fec/block_decoder.hpp"
#include "wzp/fec/block_shape.hpp"
#include "wzp/fec/errc.hpp"
#include "wzp/fec/export.hpp"
#include "wzp/proto/bytes.hpp"

namespace wzp::fec {

/// The object transmission information of RFC 6330 section 3.3: what a receiver must know
/// beforehand.
///
/// | offset | bits | field |
/// |---|---|---|
/// | 0 | 40 | transfer length F in bytes, 1..942,574,504,275 |
/// | 5 | 8 | reserved, written 0, ignored |
/// | 6 | 16 | symbol size T, 1..65,535, a multiple of Al |
/// | 8 | 8 | source blocks Z, 1..255 |
/// | 9 | 16 | sub-blocks N, here always 1 |
/// | 11 | 8 | symbol alignment Al, 1..255 |
struct ObjectInfo {
  static constexpr std::size_t kBytes = 12;
  static constexpr std::uint64_t kMaxTransferLength = 942'574'504'275;

  std::uint64_t transfer_length = 0;
  std::uint16_t symbol_size = 0;
  std::uint8_t source_blocks = 1;
  std::uint16_t sub_blocks = 1;
  std::uint8_t alignment = 1;

  bool operator==(const ObjectInfo&) const = default;

  /// For an object, with blocks as large as `max_block_symbols` allows. Errors: kObjectTooLarge
  /// (more than 255 blocks, or nothing at all), kSymbolSizeOutOfRange, kSourceCountOutOfRange.
  static WZP_FEC_EXPORT Result<ObjectInfo> for_object(
      std::uint64_t length, std::uint16_t symbol_size,
      std::uint32_t max_block_symbols = kMaxSourceSymbolsPerBlock) noexcept;

  /// kTruncated, or the first field that is out of range; kUnsupported for more than one sub-block.
  static WZP_FEC_EXPORT Result<ObjectInfo> parse(ByteView in) noexcept;
  [[nodiscard]] WZP_FEC_EXPORT std::array<std::byte, kBytes> to_bytes() const noexcept;

  /// Symbols of all blocks. The last one is filled with zeros.
  [[nodiscard]] std::uint64_t total_symbols() const noexcept {
    return (transfer_length + symbol_size - 1) / symbol_size;
  }
  /// The first total_symbols() mod Z blocks have one symbol more (RFC 6330 section 4.4.1.2).
  [[nodiscard]] std::uint32_t block_symbols(std::uint8_t block) const noexcept {
    const std::uint64_t total = total_symbols();
    return static_cast<std::uint32_t>(total / source_blocks + (block < total % source_blocks));
  }
};

/// Makes the symbols of an object. Keeps a copy of it.
class WZP_FEC_EXPORT ObjectEncoder {
 public:
  /// kWrongSymbolSize unless the object has the length of `info`; else as ObjectInfo::parse.
  static Result<ObjectEncoder> create(const ObjectInfo& info, ByteView object);
  ObjectEncoder(ObjectEncoder&&) noexcept;
  ObjectEncoder& operator=(ObjectEncoder&&) noexcept;
  ~ObjectEncoder();

  [[nodiscard]] const ObjectInfo& info() const noexcept;
  /// Writes one or more consecutive symbols of a block, as BlockEncoder::encode. kWrongBlock.
  Result<void> encode(SymbolId first, MutableBytes out) noexcept;

 private:
  struct Impl;
  explicit ObjectEncoder(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// Puts an object together from symbols in any order.
class WZP_FEC_EXPORT ObjectDecoder {
 public:
  /// `info` usually comes from a peer: an object of more than `max_bytes` is refused with
  /// kObjectTooLarge before any memory is taken. Memory: about three times the object, six times
  /// for tiny blocks.
  static Result<ObjectDecoder> create(const ObjectInfo& info, std::uint64_t max_bytes);
  ObjectDecoder(ObjectDecoder&&) noexcept;
  ObjectDecoder& operator=(ObjectDecoder&&) noexcept;
  ~ObjectDecoder();

  [[nodiscard]] const ObjectInfo& info() const noexcept;
  /// As BlockDecoder::add; a block is decoded as soon as that can be done. kWrongBlock for blocks
  /// the object does not have.
  Result<Added> add(SymbolId id, ByteView bytes) noexcept;
  [[nodiscard]] bool complete() const noexcept;
  /// Copies the object. kNotDecodable before complete(), kWrongSymbolSize unless `out` has
  /// transfer_length bytes.
  Result<void> copy_object(MutableBytes out) const noexcept;

 private:
  struct Impl;
  explicit ObjectDecoder(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::fec
