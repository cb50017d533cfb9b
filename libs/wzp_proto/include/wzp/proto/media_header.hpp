/// \file
/// The 12-byte header of a media packet. Format: docs/wire/media.md, "Media header".
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/codec_id.hpp"
#include "wzp/proto/errc.hpp"
#include "wzp/proto/serial.hpp"

namespace wzp::proto {

/// The decoded header. A plain value: copy it freely.
struct MediaHeader {
  static constexpr std::size_t kSize = 12;

  std::uint8_t version = 0;  ///< One bit; written as 0 by everybody, not checked.
  bool is_repair = false;    ///< FEC repair symbol; otherwise audio or comfort noise.
  CodecId codec = CodecId::kOpus24k;
  bool has_quality_report = false;  ///< A 4-byte QualityReport ends the packet.
  std::uint8_t fec_ratio_code = 0;  ///< 0-127, see encode_fec_ratio().
  SeqNo16 seq;                      ///< One counter for audio, repair and comfort noise.
  MediaTime32 timestamp;            ///< Milliseconds of media time since the sender started.
  BlockId8 fec_block;
  std::uint8_t fec_symbol = 0;  ///< Index in the block; for repair the encoding symbol id.
  std::uint8_t reserved = 0;    ///< 0, or the key epoch of a sealed packet.
  std::uint8_t csrc_count = 0;  ///< 0; carried through unchanged, no list follows.

  bool operator==(const MediaHeader&) const = default;
};

/// Reads the first 12 bytes; what follows them is not looked at. Inline, as a relay does it for
/// every packet. \return kTruncated if there are fewer, kUnknownCodec for codec ids 6-15. The two
/// unused low bits of byte 1 are ignored.
[[nodiscard]] inline Result<MediaHeader> parse_media_header(ByteView in) noexcept {
  if (in.size() < MediaHeader::kSize) return Unexpected(Errc::kTruncated);
  const std::uint32_t first = load_be32(in);
  const std::uint32_t last = load_be32(in.subspan(8));
  const std::uint32_t codec = first >> 26 & 0x0f;
  if (codec >= std::size(kCodecTraits)) return Unexpected(Errc::kUnknownCodec);
  MediaHeader h;
  h.version = static_cast<std::uint8_t>(first >> 31);
  h.is_repair = (first >> 30 & 1) != 0;
  h.codec = static_cast<CodecId>(codec);
  h.has_quality_report = (first >> 25 & 1) != 0;
  h.fec_ratio_code = first >> 18 & 0x7f;
  h.seq = SeqNo16(static_cast<std::uint16_t>(first));
  h.timestamp = MediaTime32(load_be32(in.subspan(4)));
  h.fec_block = BlockId8(static_cast<std::uint8_t>(last >> 24));
  h.fec_symbol = static_cast<std::uint8_t>(last >> 16);
  h.reserved = static_cast<std::uint8_t>(last >> 8);
  h.csrc_count = static_cast<std::uint8_t>(last);
  return h;
}

/// Writes 12 bytes to the front of `out`. Only the low bit of `version` and the low seven of
/// `fec_ratio_code` are used.
/// \return 12, or kBufferTooSmall with nothing written.
[[nodiscard]] inline Result<std::size_t> write_media_header(const MediaHeader& h,
                                                            MutableBytes out) noexcept {
  if (out.size() < MediaHeader::kSize) return Unexpected(Errc::kBufferTooSmall);
  const std::uint32_t flags =
      (h.version & 1U) << 5 | (h.is_repair ? 1U : 0U) << 4 | static_cast<std::uint32_t>(h.codec);
  const std::uint32_t first = flags << 26 | (h.has_quality_report ? 1U : 0U) << 25 |
                              (h.fec_ratio_code & 0x7fU) << 18 | h.seq.value();
  const std::uint32_t last = static_cast<std::uint32_t>(h.fec_block.value()) << 24 |
                             static_cast<std::uint32_t>(h.fec_symbol) << 16 |
                             static_cast<std::uint32_t>(h.reserved) << 8 | h.csrc_count;
  store_be32(out, first);
  store_be32(out.subspan(4), h.timestamp.value());
  store_be32(out.subspan(8), last);
  return MediaHeader::kSize;
}

/// The 7-bit code of an FEC ratio: round(ratio * 63.5), half away from zero, at most 127 (2.0).
/// Negative ratios and NaN give 0.
[[nodiscard]] WZP_PROTO_EXPORT std::uint8_t encode_fec_ratio(float ratio) noexcept;

/// The ratio of a code, 0.0-2.0. The top bit is ignored.
[[nodiscard]] constexpr float decode_fec_ratio(std::uint8_t code) noexcept {
  return static_cast<float>(code & 0x7f) / 63.5F;
}

}  // namespace wzp::proto
