#include "wzp/proto/compact_framing.hpp"

#include <algorithm>

namespace wzp::proto {
namespace {

constexpr std::byte kFull{0};
constexpr std::byte kMini{1};

}  // namespace

Result<MiniHeader> parse_mini_header(ByteView in) noexcept {
  ByteReader reader(in);
  MiniHeader header;
  header.timestamp_delta_ms = reader.u16();
  header.payload_length = reader.u16();
  if (!reader.ok()) return Unexpected(Errc::kTruncated);
  return header;
}

Result<std::size_t> write_mini_header(const MiniHeader& header, MutableBytes out) noexcept {
  if (out.size() < MiniHeader::kSize) return Unexpected(Errc::kBufferTooSmall);
  ByteWriter writer(out);
  writer.u16(header.timestamp_delta_ms);
  writer.u16(header.payload_length);
  return writer.size();
}

Result<std::size_t> CompactWriter::write(const MediaPacketView& packet, MutableBytes out) noexcept {
  if (out.empty()) return Unexpected(Errc::kBufferTooSmall);
  const bool mini = frames_since_full_ > 0 && frames_since_full_ < kFullEvery;
  const auto size =
      mini ? write_mini(packet, out.subspan(1)) : write_media_packet(packet, out.subspan(1));
  if (!size) return size;
  out[0] = mini ? kMini : kFull;
  frames_since_full_ = mini ? frames_since_full_ + 1 : 1;
  last_ = packet.header;
  return *size + 1;
}

Result<std::size_t> CompactWriter::write_mini(const MediaPacketView& packet,
                                              MutableBytes out) noexcept {
  if (out.size() < MiniHeader::kSize + packet.payload.size()) {
    return Unexpected(Errc::kBufferTooSmall);
  }
  MiniHeader header;
  header.timestamp_delta_ms =
      static_cast<std::uint16_t>(packet.header.timestamp.value() - last_->timestamp.value());
  header.payload_length = static_cast<std::uint16_t>(packet.payload.size());
  const auto size = write_mini_header(header, out);
  if (!size) return size;
  std::copy(packet.payload.begin(), packet.payload.end(), out.begin() + MiniHeader::kSize);
  return *size + packet.payload.size();
}

Result<MediaPacketView> CompactReader::read(ByteView frame) noexcept {
  if (frame.empty()) return Unexpected(Errc::kTruncated);
  const ByteView rest = frame.subspan(1);
  if (frame[0] == kFull) {
    auto packet = parse_media_packet(rest);
    if (packet) last_ = packet->header;
    return packet;
  }
  if (frame[0] != kMini) return Unexpected(Errc::kUnknownKind);
  if (!last_) return Unexpected(Errc::kNoBaseline);
  const auto mini = parse_mini_header(rest);
  if (!mini) return Unexpected(mini.error());
  const ByteView payload = rest.subspan(MiniHeader::kSize);
  if (payload.size() < mini->payload_length) return Unexpected(Errc::kTruncated);
  ++last_->seq;
  last_->timestamp = last_->timestamp + mini->timestamp_delta_ms;
  return MediaPacketView{*last_, payload.first(mini->payload_length), std::nullopt};
}

}  // namespace wzp::proto
