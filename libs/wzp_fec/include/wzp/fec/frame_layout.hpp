/// \file
/// How codec frames become the symbols of a block, on both ends. The format is docs/wire/fec.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "wzp/fec/export.hpp"
#include "wzp/proto/codec_id.hpp"
#include "wzp/proto/quality_profile.hpp"

namespace wzp::fec {

/// Longest frame a legacy symbol of 256 bytes holds beside its length.
inline constexpr std::size_t kMaxLegacyFrameBytes = 254;
/// Most frames in a block: the count has seven bits in a BlockHint.
inline constexpr std::uint8_t kMaxFramesPerBlock = 127;

/// What the peer understands.
enum class SymbolPolicy : std::uint8_t {
  /// Symbols of 256 bytes, sent without the zeros at their end; a block that ends early is coded as
  /// if empty frames followed. For every peer.
  kLegacy256Trimmed,
  /// Symbols as long as the block needs, a block that ends early is coded with the frames it has,
  /// and
  /// both are told in a BlockHint. For peers with the feature "fec-symsize".
  kFitBlock,
};

/// The byte `reserved` of a repair packet's media header with "fec-symsize": bits 6-0 how many
/// frames the block has (1..127), bit 7 whether all are of one length (symbols then have no length
/// prefix). 0 is no hint: a legacy block.
struct BlockHint {
  std::uint8_t frames = 0;
  bool equal_lengths = false;

  [[nodiscard]] constexpr std::uint8_t to_wire() const noexcept {
    return static_cast<std::uint8_t>(frames | (equal_lengths ? 0x80 : 0));
  }
  /// Nothing if the byte says that there is no hint. 0x80 (no frames) counts as none too.
  static constexpr std::optional<BlockHint> from_wire(std::uint8_t byte) noexcept {
    if ((byte & 0x7f) == 0) return std::nullopt;
    return BlockHint{static_cast<std::uint8_t>(byte & 0x7f), (byte & 0x80) != 0};
  }
  bool operator==(const BlockHint&) const = default;
};

/// What a sender does with its frames.
struct FrameBlockLayout {
  std::uint8_t frames_per_block = 5;  ///< K, 1..127.
  float repair_ratio = 0.2F;          ///< Repair symbols per frame, 0..2.
  SymbolPolicy policy = SymbolPolicy::kLegacy256Trimmed;

  bool operator==(const FrameBlockLayout&) const = default;
};

/// Number of repair symbols for a block of so many frames: ceil(frames * ratio) in single
/// precision, as the reference computes it. 0 for ratios that are not positive.
[[nodiscard]] WZP_FEC_EXPORT std::size_t repair_symbols_for(std::size_t frames,
                                                            float ratio) noexcept;

/// A profile's frames per block and ratio, taken over unchanged.
[[nodiscard]] constexpr FrameBlockLayout layout_of(const proto::QualityProfile& profile,
                                                   SymbolPolicy policy) noexcept {
  return {profile.frames_per_block, profile.fec_ratio, policy};
}

/// What a receiver knows of a sender's blocks. Legacy packets do not say it: it is inferred from
/// the codec id and the FEC ratio code of the media header.
struct ReceivedLayout {
  /// K; 0 if unknown: then only blocks with a BlockHint are repaired.
  std::uint8_t frames_per_block = 0;
  /// Media time from one frame to the next; 0 if unknown: then blocks cut short are not recognised
  /// and the media time of a recovered frame is a guess.
  std::chrono::milliseconds frame_duration{0};

  bool operator==(const ReceivedLayout&) const = default;
};

/// The layout of the three profiles a reference sender has, by codec and ratio code (13, 32, 64);
/// frames_per_block 0 for anything else.
[[nodiscard]] WZP_FEC_EXPORT ReceivedLayout infer_layout(proto::CodecId codec,
                                                         std::uint8_t ratio_code) noexcept;

}  // namespace wzp::fec
