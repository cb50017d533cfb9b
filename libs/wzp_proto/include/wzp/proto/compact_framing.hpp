/// \file
/// The reference's compact framing with its MiniHeader. Format: docs/wire/media.md, "Compact
/// framing".
///
/// Kept for completeness: no reference program sends it, and its mini frames lose repair flag,
/// block, symbol and codec, and renumber after a loss. Between our own peers use mini_header.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/errc.hpp"
#include "wzp/proto/media_packet.hpp"

namespace wzp::proto {

/// The 4 bytes of a mini frame behind its type byte.
struct MiniHeader {
  static constexpr std::size_t kSize = 4;
  std::uint16_t timestamp_delta_ms = 0;
  std::uint16_t payload_length = 0;
  bool operator==(const MiniHeader&) const = default;
};

[[nodiscard]] WZP_PROTO_EXPORT Result<MiniHeader> parse_mini_header(ByteView in) noexcept;
[[nodiscard]] WZP_PROTO_EXPORT Result<std::size_t> write_mini_header(const MiniHeader& header,
                                                                     MutableBytes out) noexcept;

/// Writes every 50th packet in full, the others with a mini header. A quality report does not fit
/// into a mini frame and is left out.
class WZP_PROTO_EXPORT CompactWriter {
 public:
  static constexpr std::uint32_t kFullEvery = 50;

  /// \return the size, or kBufferTooSmall with neither bytes nor state changed.
  [[nodiscard]] Result<std::size_t> write(const MediaPacketView& packet, MutableBytes out) noexcept;
  [[nodiscard]] std::uint32_t frames_since_full() const noexcept { return frames_since_full_; }

 private:
  Result<std::size_t> write_mini(const MediaPacketView& packet, MutableBytes out) noexcept;

  std::optional<MediaHeader> last_;
  std::uint32_t frames_since_full_ = 0;
};

class WZP_PROTO_EXPORT CompactReader {
 public:
  /// \return the packet as the reference understands it; kTruncated, kUnknownKind (type byte),
  /// kNoBaseline (a mini before any full header), kUnknownCodec. The state changes on success only.
  [[nodiscard]] Result<MediaPacketView> read(ByteView frame) noexcept;

 private:
  std::optional<MediaHeader> last_;
};

}  // namespace wzp::proto
