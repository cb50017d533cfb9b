/// \file
/// The 12-byte header of a media packet. Format: docs/wire/media.md, "Media header".
#pragma once

#include <cstddef>
#include <cstdint>

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

/// Reads the first 12 bytes; what follows them is not looked at.
/// \return kTruncated if there are fewer, kUnknownCodec for codec ids 6-15. The two unused low bits
/// of byte 1 are ignored.
[[nodiscard]] WZP_PROTO_EXPORT Result<MediaHeader> parse_media_header(ByteView in) noexcept;

/// Writes 12 bytes to the front of `out`. Only the low bit of `version` and the low seven of
/// `fec_ratio_code` are used.
/// \return 12, or kBufferTooSmall with nothing written.
[[nodiscard]] WZP_PROTO_EXPORT Result<std::size_t> write_media_header(const MediaHeader& header,
                                                                      MutableBytes out) noexcept;

/// The 7-bit code of an FEC ratio: round(ratio * 63.5), half away from zero, at most 127 (2.0).
/// Negative ratios and NaN give 0.
[[nodiscard]] WZP_PROTO_EXPORT std::uint8_t encode_fec_ratio(float ratio) noexcept;

/// The ratio of a code, 0.0-2.0. The top bit is ignored.
[[nodiscard]] constexpr float decode_fec_ratio(std::uint8_t code) noexcept {
  return static_cast<float>(code & 0x7f) / 63.5F;
}

}  // namespace wzp::proto
