/// \file
/// The receiver's side of FEC on a media stream: packets in, lost frames out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "wzp/fec/errc.hpp"
#include "wzp/fec/export.hpp"
#include "wzp/fec/frame_layout.hpp"
#include "wzp/fec/kernel_id.hpp"
#include "wzp/proto/bytes.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::fec {

/// A source packet: header fields and the bare codec frame.
struct ReceivedSource {
  BlockId8 block;           ///< `fec_block`.
  std::uint8_t symbol = 0;  ///< `fec_symbol`.
  MediaTime32 media_time;   ///< `timestamp`.
  ByteView frame;
};

/// A repair packet: header fields and payload.
struct ReceivedRepair {
  BlockId8 block;          ///< `fec_block`.
  std::uint8_t esi = 0;    ///< `fec_symbol`.
  std::uint8_t hint = 0;   ///< `reserved` if "fec-symsize" was negotiated with the sender, else 0.
  MediaTime32 media_time;  ///< `timestamp`: that of the first frame after the block.
  ByteView payload;
};

/// A frame that no packet brought.
struct RecoveredFrame {
  BlockId8 block;
  std::uint8_t symbol = 0;
  /// When it is to be played. With frame duration D: t_i + (m - i) * D from a received frame i < m,
  /// t_j - (j - m) * D from one with j > m, t_r - (K - m) * D from a repair packet. These agree
  /// unless the sender was silent inside the block; then the nearest frame decides (the earlier
  /// one of two equally near) and the time may be off by the length of the silence.
  MediaTime32 media_time;
  /// Two of these agree, or the block has a hint (such senders end a block at each pause).
  bool time_is_exact = false;
  ByteView frame;
};

struct FrameBlockDecoderOptions {
  std::size_t max_blocks = 16;             ///< In flight; rounded up to a power of two, at most 64.
  std::uint8_t max_frames_per_block = 32;  ///< 1..127; blocks of more are refused.
  std::uint8_t max_repair_symbols = 32;    ///< Kept per block, 1..127.
  std::size_t max_frame_bytes = kMaxLegacyFrameBytes;
  /// A block is given up so long after its first symbol; also after 100 blocks' worth of media
  /// time.
  Duration max_age = std::chrono::seconds(10);
  std::optional<KernelId> kernel{};
};

/// What happened to everything given to the decoder.
struct FrameBlockDecoderCounters {
  std::uint64_t sources = 0;           ///< Source symbols stored.
  std::uint64_t repairs = 0;           ///< Repair symbols stored.
  std::uint64_t frames_recovered = 0;  ///< Given out.
  std::uint64_t blocks_recovered = 0;
  std::uint64_t duplicates = 0;           ///< Symbols that were there already.
  std::uint64_t not_needed = 0;           ///< Symbols of blocks that were complete or recovered.
  std::uint64_t stale = 0;                ///< Symbols of blocks given up or long past.
  std::uint64_t malformed = 0;            ///< Empty, too long, or with ids the block cannot have.
  std::uint64_t contradictory = 0;        ///< Symbols that do not fit what is known of their block.
  std::uint64_t no_room = 0;              ///< Repair symbols beyond max_repair_symbols.
  std::uint64_t blocks_given_up = 0;      ///< Expired or pushed out with frames missing.
  std::uint64_t blocks_restarted = 0;     ///< An id seen again for other content.
  std::uint64_t blocks_inconsistent = 0;  ///< Decoded to something that cannot be frames.
};

/// Repairs one sender's stream. Give it every source and repair packet, in any order, as received
/// (not comfort noise: its block and symbol fields mean nothing). As soon as a block's symbols
/// suffice, the frames still missing come out:
///
///     auto recovered = fec->add_repair({h.fec_block, h.fec_symbol, 0, h.timestamp, payload},
///     layout, now); if (recovered) for (const RecoveredFrame& f : *recovered)
///     jitter.insert(f.media_time, f.frame);
///
/// How many frames a block has: with a hint, what it says. Otherwise layout.frames_per_block,
/// unless the repair packet's media time shows that the block was ended early: it equals that of
/// the last frame plus one duration. A reference sender never ends a block early, so its blocks are
/// never taken for shorter ones.
///
/// Blocks are told apart although ids repeat after 256: a block lives at most max_age, in arrival
/// time and in media time, and symbols of one id that are further apart, or that contradict each
/// other, are never put together. When a sender restarts, call reset(); without it the decoder
/// follows after max_age.
///
/// Memory is fixed (about max_blocks * (max_frames_per_block + max_repair_symbols) *
/// max_frame_bytes), no allocation after create(), time per call bounded. Not thread-safe.
class WZP_FEC_EXPORT FrameBlockDecoder {
 public:
  /// kSourceCountOutOfRange, kSymbolSizeOutOfRange, kTooManyRepairSymbols, kUnknownKernel.
  static Result<FrameBlockDecoder> create(FrameBlockDecoderOptions options = {});

  FrameBlockDecoder(FrameBlockDecoder&&) noexcept;
  FrameBlockDecoder& operator=(FrameBlockDecoder&&) noexcept;
  ~FrameBlockDecoder();

  using Recovered = std::span<const RecoveredFrame>;

  /// Takes a source packet. The frames that could be recovered now, in order of symbol (usually
  /// none), valid until the next call that is not const. Errors, all counted: kStaleBlock,
  /// kFrameEmpty, kFrameTooLong, kSymbolIdOutOfRange, kContradictsBlock. Duplicates are no error.
  Result<Recovered> add_source(const ReceivedSource& source, const ReceivedLayout& layout,
                               Instant now) noexcept;

  /// The same for a repair packet; besides kWrongSymbolSize, kSourceCountOutOfRange,
  /// kTooManyRepairSymbols.
  Result<Recovered> add_repair(const ReceivedRepair& repair, const ReceivedLayout& layout,
                               Instant now) noexcept;

  /// Gives up every block older than `block` (those with (block - id) mod 256 in 1..128).
  void expire_before(BlockId8 block) noexcept;

  /// Gives up blocks whose first symbol came more than max_age before `now`.
  void expire(Instant now) noexcept;

  /// Forgets all blocks, for a sender that starts again. Counters stay.
  void reset() noexcept;

  /// Blocks that are still missing frames.
  [[nodiscard]] std::size_t blocks_in_flight() const noexcept;
  [[nodiscard]] const FrameBlockDecoderCounters& counters() const noexcept;

 private:
  struct Impl;
  explicit FrameBlockDecoder(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::fec
