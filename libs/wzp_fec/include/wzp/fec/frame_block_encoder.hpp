/// \file
/// The sender's side of FEC on a media stream: frames in, repair symbols out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "wzp/fec/errc.hpp"
#include "wzp/fec/export.hpp"
#include "wzp/fec/frame_layout.hpp"
#include "wzp/fec/kernel_id.hpp"
#include "wzp/proto/bytes.hpp"
#include "wzp/proto/serial.hpp"

namespace wzp::fec {

/// Where a frame stands: the header fields of its source packet.
struct SourcePlace {
  BlockId8 block;           ///< `fec_block`.
  std::uint8_t symbol = 0;  ///< `fec_symbol`, 0..K-1.
  /// This frame completed its block: its repair symbols are there now.
  bool block_complete = false;
};

/// The header fields and the payload of a repair packet (T = 1).
struct RepairSymbol {
  BlockId8 block;         ///< `fec_block`.
  std::uint8_t esi = 0;   ///< `fec_symbol`.
  std::uint8_t hint = 0;  ///< `reserved`: BlockHint, or 0 towards legacy peers.
  ByteView payload;       ///< Valid until the next call that is not const.
};

struct FrameBlockEncoderOptions {
  FrameBlockLayout layout{};
  /// Longest frame accepted; with kLegacy256Trimmed at most 254.
  std::size_t max_frame_bytes = kMaxLegacyFrameBytes;
  /// Largest frames_per_block of any layout to come; memory is taken for it.
  std::uint8_t max_frames_per_block = 32;
  BlockId8 first_block{};
  std::optional<KernelId> kernel{};
};

/// Collects the frames of one media stream into blocks. A complete block yields repair symbols,
/// which are to be sent right after its last source packet:
///
///     auto place = fec->add_frame(opus);
///     send_source(*place, opus);
///     for (std::size_t i = 0; i < fec->repair_count(); ++i) send_repair(fec->repair(i));
///
/// At a pause in speech call end_block(): the frames before it are protected at once instead of
/// after the pause. Comfort noise is not given to this class. Media time of repair packets: that of
/// the block's last frame plus one frame duration; a receiver learns from it how many frames a
/// legacy block has.
///
/// A block id is used for one block only, until all 256 have been used. No allocation after
/// create(). Not thread-safe.
class WZP_FEC_EXPORT FrameBlockEncoder {
 public:
  /// kSourceCountOutOfRange (frames_per_block), kSymbolSizeOutOfRange (max_frame_bytes),
  /// kTooManyRepairSymbols (symbol ids would pass 255), kUnknownKernel.
  static Result<FrameBlockEncoder> create(FrameBlockEncoderOptions options);

  FrameBlockEncoder(FrameBlockEncoder&&) noexcept;
  FrameBlockEncoder& operator=(FrameBlockEncoder&&) noexcept;
  ~FrameBlockEncoder();

  /// Copies the frame into the open block. kFrameEmpty, kFrameTooLong (ask the codec for at most
  /// max_frame_bytes; the frame is then not part of any block). Earlier repair symbols are gone.
  Result<SourcePlace> add_frame(ByteView frame) noexcept;

  /// Ends a block before it is complete, e.g. at a pause. Returns repair_count(): 0 if no frame was
  /// in it, and then the block id stays unused.
  std::size_t end_block() noexcept;

  /// Changes the layout, ending the open block: its repair symbols are there afterwards, as
  /// after end_block(). Errors as create(); the old layout then stays and no block is ended.
  Result<void> set_layout(FrameBlockLayout layout) noexcept;

  [[nodiscard]] const FrameBlockLayout& layout() const noexcept;

  /// Repair symbols of the block ended by the last call; 0 if that call ended none.
  [[nodiscard]] std::size_t repair_count() const noexcept;
  /// Requires: index < repair_count().
  [[nodiscard]] RepairSymbol repair(std::size_t index) const noexcept;

  /// The block the next frame goes into, and how many frames it has.
  [[nodiscard]] BlockId8 open_block() const noexcept;
  [[nodiscard]] std::size_t frames_in_block() const noexcept;

 private:
  struct Impl;
  explicit FrameBlockEncoder(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::fec
