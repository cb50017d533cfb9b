/// \file
/// One plain media packet: header, payload, optional quality report. Format: docs/wire/media.md,
/// "Media packet". It fills a datagram, or a trunk frame's entry.
#pragma once

#include <cstddef>
#include <optional>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/errc.hpp"
#include "wzp/proto/media_header.hpp"
#include "wzp/proto/quality_report.hpp"

namespace wzp::proto {

/// A parsed packet. `payload` points into the bytes that were parsed.
struct MediaPacketView {
  MediaHeader header;
  ByteView payload;  ///< A codec frame, a repair symbol, or a comfort-noise level; may be empty.
  std::optional<QualityReport> report;
};

/// Splits one packet; the payload is whatever header and report leave.
/// \return kTruncated (no room for header, or for the report its Q bit announces), kUnknownCodec.
[[nodiscard]] WZP_PROTO_EXPORT Result<MediaPacketView> parse_media_packet(ByteView in) noexcept;

[[nodiscard]] constexpr std::size_t encoded_size(const MediaPacketView& packet) noexcept {
  return MediaHeader::kSize + packet.payload.size() + (packet.report ? QualityReport::kSize : 0);
}

/// Writes a packet to the front of `out`. The Q bit follows `packet.report`, whatever the header
/// says. \return the size, or kBufferTooSmall with nothing written.
[[nodiscard]] WZP_PROTO_EXPORT Result<std::size_t> write_media_packet(const MediaPacketView& packet,
                                                                      MutableBytes out) noexcept;

}  // namespace wzp::proto
