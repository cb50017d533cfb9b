/// \file
/// RaptorQ (RFC 6330) encoder for one source block at a time.
#pragma once

#include <memory>

#include "wzp/fec/block_shape.hpp"
#include "wzp/fec/errc.hpp"
#include "wzp/fec/export.hpp"
#include "wzp/proto/bytes.hpp"

namespace wzp::fec {

/// Makes repair symbols for K source symbols of T bytes. The bytes are those of RFC 6330, any
/// encoding symbol id can be asked for in any order.
///
/// Small blocks (K up to some hundred) are a product with a constant R x K matrix over GF(256);
/// large ones go through RFC 6330's intermediate symbols with a plan made once per K. Which way is
/// faster is decided per call from K, the number of symbols asked for and the CPU; the bytes are
/// the same.
///
///     auto encoder = BlockEncoder::create({.source_symbols = 10, .symbol_size = 256});
///     for (std::uint32_t i = 0; i < 10; ++i) encoder->set_source(i, frame[i]);
///     std::array<std::byte, 5 * 256> repair;
///     encoder->encode(10, repair);  // symbols 10..14
///
/// All memory is taken by create(); nothing else allocates. Reuse one encoder for a stream of
/// blocks. Not thread-safe; different encoders may be used in different threads.
class WZP_FEC_EXPORT BlockEncoder {
 public:
  /// Fails with kSourceCountOutOfRange, kSymbolSizeOutOfRange or kUnknownKernel. The first encoder
  /// for some K solves that K's code (microseconds for voice, about 0.1 s at K = 56,403); later
  /// ones find it in a process-wide store.
  static Result<BlockEncoder> create(BlockShape shape, BlockEncoderOptions options = {});

  BlockEncoder(BlockEncoder&&) noexcept;
  BlockEncoder& operator=(BlockEncoder&&) noexcept;
  ~BlockEncoder();

  [[nodiscard]] BlockShape shape() const noexcept;

  /// Copies source symbol `index`, which may be shorter than T: the rest is zero. Replaces what was
  /// given before. kSymbolIdOutOfRange, kWrongSymbolSize (longer than T).
  Result<void> set_source(std::uint32_t index, ByteView bytes) noexcept;

  /// Source symbol `index` as last given (zeros before that). Requires: index < K.
  [[nodiscard]] ByteView source(std::uint32_t index) const noexcept;

  /// Writes consecutive encoding symbols starting with `first_esi`; `out` has room for one or more
  /// whole ones (its size is a multiple of T, else kWrongSymbolSize). kSymbolIdOutOfRange beyond
  /// 2^24-1. Symbols never given count as zeros.
  Result<void> encode(std::uint32_t first_esi, MutableBytes out) noexcept;

  /// Forgets the source symbols: all zeros again.
  void reset() noexcept;

 private:
  struct Impl;
  explicit BlockEncoder(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::fec
