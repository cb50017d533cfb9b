/// \file
/// RaptorQ (RFC 6330) decoder for one source block at a time.
#pragma once

#include <memory>

#include "wzp/fec/block_shape.hpp"
#include "wzp/fec/errc.hpp"
#include "wzp/fec/export.hpp"
#include "wzp/proto/bytes.hpp"

namespace wzp::fec {

/// What became of a symbol given to a decoder.
enum class Added : std::uint8_t {
  kStored,     ///< New, more are needed.
  kDecodable,  ///< New, and now decode() will succeed.
  kDuplicate,  ///< Was there already; the first one counts.
  kNotNeeded,  ///< The block was decodable or complete before.
};

/// Recovers K source symbols of T bytes from any set of encoding symbols that determines them: with
/// K symbols nearly always (RFC 6330 promises 99 %), with K + 2 all but once in a million.
///
/// Symbols come in any order, with repetitions. Whatever a peer sends costs bounded memory and
/// time: symbols of other sizes or blocks and ids out of range are refused, and there is room for a
/// fixed number of repair symbols.
///
///     auto decoder = BlockDecoder::create({.source_symbols = 10, .symbol_size = 256});
///     auto added = decoder->add({.block = 0, .esi = 12}, payload);
///     if (added && *added == Added::kDecodable) {
///       decoder->decode();
///       use(decoder->source(3));
///     }
///
/// For blocks of up to 520 symbols all memory is taken by create(). Larger blocks solve a new
/// system each time; their working memory grows to what that needs and is kept for the next block.
/// Not thread-safe; different decoders may be used in different threads.
class WZP_FEC_EXPORT BlockDecoder {
 public:
  /// Fails with kSourceCountOutOfRange, kSymbolSizeOutOfRange or kUnknownKernel.
  static Result<BlockDecoder> create(BlockShape shape, BlockDecoderOptions options = {});

  BlockDecoder(BlockDecoder&&) noexcept;
  BlockDecoder& operator=(BlockDecoder&&) noexcept;
  ~BlockDecoder();

  [[nodiscard]] BlockShape shape() const noexcept;

  /// Number of the block being received, 0 after create().
  [[nodiscard]] std::uint8_t block() const noexcept;

  /// Drops everything and starts on another block of the same shape.
  void reset(std::uint8_t block) noexcept;

  /// Copies a symbol. kWrongBlock, kSymbolIdOutOfRange, kWrongSymbolSize, kTooManyRepairSymbols.
  Result<Added> add(SymbolId id, ByteView bytes) noexcept;

  /// Whether what was received determines the whole block. Exact: true if and only if the linear
  /// system has full rank. (Blocks of more than 520 symbols: a set of symbols chosen with malice,
  /// so that solving fails time and again or is very costly, may be found out some symbols later.)
  [[nodiscard]] bool decodable() const noexcept;

  /// Computes the missing source symbols; kNotDecodable if that cannot be done yet. Once it has
  /// succeeded it does nothing.
  Result<void> decode() noexcept;

  /// Whether source(index) can be read: it was received, or decode() has succeeded.
  [[nodiscard]] bool has_source(std::uint32_t index) const noexcept;

  /// T bytes, valid until reset(). Requires: has_source(index).
  [[nodiscard]] ByteView source(std::uint32_t index) const noexcept;

  [[nodiscard]] std::uint32_t symbols_received() const noexcept;

 private:
  struct Impl;
  explicit BlockDecoder(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::fec
