#include "wzp/proto/media_packet.hpp"

#include <algorithm>

namespace wzp::proto {

Result<MediaPacketView> parse_media_packet(ByteView in) noexcept {
  const auto header = parse_media_header(in);
  if (!header) return Unexpected(header.error());
  MediaPacketView packet{*header, in.subspan(MediaHeader::kSize), std::nullopt};
  if (header->has_quality_report) {
    if (packet.payload.size() < QualityReport::kSize) return Unexpected(Errc::kTruncated);
    const auto report = parse_quality_report(packet.payload.last(QualityReport::kSize));
    if (!report) return Unexpected(report.error());
    packet.report = *report;
    packet.payload = packet.payload.first(packet.payload.size() - QualityReport::kSize);
  }
  return packet;
}

Result<std::size_t> write_media_packet(const MediaPacketView& packet, MutableBytes out) noexcept {
  const std::size_t size = encoded_size(packet);
  if (out.size() < size) return Unexpected(Errc::kBufferTooSmall);
  MediaHeader header = packet.header;
  header.has_quality_report = packet.report.has_value();
  const auto written = write_media_header(header, out);
  if (!written) return written;
  std::copy(packet.payload.begin(), packet.payload.end(), out.begin() + MediaHeader::kSize);
  if (packet.report) {
    const auto tail =
        write_quality_report(*packet.report, out.subspan(size - QualityReport::kSize));
    if (!tail) return tail;
  }
  return size;
}

}  // namespace wzp::proto
