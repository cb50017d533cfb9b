/// \file
/// The negotiated "mini" extension: media headers of 5 bytes instead of 12 between a client and its
/// relay. Layout: docs/wire/mini.md.
///
/// A mini header carries the low bits of everything that changes from packet to packet (sequence,
/// time stamp, block, symbol, repair flag) and a 5-bit tag of what rarely does (codec, FEC ratio,
/// epoch). Each is decoded on its own against the newest header known, so a lost packet costs
/// nothing but itself, and a codec change whose full header was lost is noticed by its tag.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/errc.hpp"
#include "wzp/proto/media_packet.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::proto {

inline constexpr std::size_t kMiniHeaderSize = 5;
inline constexpr std::size_t kMiniTags = 32;

/// What a mini header does not carry. Packets that agree on all of it share a tag.
struct MiniConstants {
  CodecId codec = CodecId::kOpus24k;
  std::uint8_t fec_ratio_code = 0;
  std::uint8_t reserved = 0;
  std::uint8_t timestamp_bit = 0;  ///< Lowest bit of the time stamp.
  bool operator==(const MiniConstants&) const = default;

  [[nodiscard]] WZP_PROTO_EXPORT std::uint8_t tag() const noexcept;
};

/// Writes the packets of one stream on one hop; one encoder per receiver that negotiated "mini".
/// The first two packets of each tag, every 16th and whatever does not fit are written in full. A
/// small value without allocation.
class WZP_PROTO_EXPORT MiniEncoder {
 public:
  static constexpr std::uint32_t kFullEvery = 16;

  /// \return the size; kBufferTooSmall with neither bytes nor state changed.
  [[nodiscard]] Result<std::size_t> write(const MediaPacketView& packet, MutableBytes out) noexcept;

 private:
  struct Entry {
    MiniConstants constants;
    std::uint32_t fulls = 0;
    std::uint32_t last_full = 0;  // number of the packet
    MediaTime32 last_full_time;
  };

  [[nodiscard]] bool fits(const MediaPacketView& packet, const MiniConstants& constants,
                          const Entry& entry) const noexcept;

  std::array<Entry, kMiniTags> entries_{};
  std::uint32_t packets_ = 0;
  std::optional<MediaHeader> last_;
  MediaHeader last_full_;
};

/// Reads plain and mini packets of one stream. A small value without allocation.
class WZP_PROTO_EXPORT MiniDecoder {
 public:
  /// \return the packet with its whole header; as of parse_media_packet for plain packets;
  /// kTruncated, kUnknownKind (neither plain nor mini), kNoBaseline (no recent full header with
  /// this tag: wait for the next one).
  [[nodiscard]] Result<MediaPacketView> read(ByteView packet, Instant now) noexcept;

 private:
  struct Entry {
    MiniConstants constants;
    std::optional<Instant> seen;
  };

  void learn(const MediaHeader& header, Instant now) noexcept;
  void note_newest(const MediaHeader& header, Instant now) noexcept;
  [[nodiscard]] Result<MediaHeader> expand(ByteView mini, Instant now) const noexcept;

  std::array<Entry, kMiniTags> entries_{};
  std::optional<MediaHeader> newest_;
  Instant newest_at_{};
};

}  // namespace wzp::proto
