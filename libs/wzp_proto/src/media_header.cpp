#include "wzp/proto/media_header.hpp"

#include <cmath>

namespace wzp::proto {
namespace {

constexpr std::uint8_t kVersionBit = 0x80;
constexpr std::uint8_t kRepairBit = 0x40;
constexpr std::uint8_t kReportBit = 0x02;

std::uint8_t u8_at(ByteView in, std::size_t i) noexcept {
  return std::to_integer<std::uint8_t>(in[i]);
}
std::uint16_t u16_at(ByteView in, std::size_t i) noexcept {
  return static_cast<std::uint16_t>(u8_at(in, i) << 8 | u8_at(in, i + 1));
}
std::uint32_t u32_at(ByteView in, std::size_t i) noexcept {
  return static_cast<std::uint32_t>(u16_at(in, i)) << 16 | u16_at(in, i + 2);
}

}  // namespace

// Written with plain loads instead of a ByteReader: one length check pays for all fields, and the
// compiler turns each group of bytes into one load and a byte swap.
Result<MediaHeader> parse_media_header(ByteView in) noexcept {
  if (in.size() < MediaHeader::kSize) return Unexpected(Errc::kTruncated);
  const std::uint8_t flags = u8_at(in, 0);
  const auto codec = codec_id_from_wire((flags >> 2) & 0x0f);
  if (!codec) return Unexpected(Errc::kUnknownCodec);
  MediaHeader h;
  h.version = (flags & kVersionBit) != 0 ? 1 : 0;
  h.is_repair = (flags & kRepairBit) != 0;
  h.codec = *codec;
  h.has_quality_report = (flags & kReportBit) != 0;
  h.fec_ratio_code = static_cast<std::uint8_t>((flags & 1) << 6 | u8_at(in, 1) >> 2);
  h.seq = SeqNo16(u16_at(in, 2));
  h.timestamp = MediaTime32(u32_at(in, 4));
  h.fec_block = BlockId8(u8_at(in, 8));
  h.fec_symbol = u8_at(in, 9);
  h.reserved = u8_at(in, 10);
  h.csrc_count = u8_at(in, 11);
  return h;
}

Result<std::size_t> write_media_header(const MediaHeader& h, MutableBytes out) noexcept {
  if (out.size() < MediaHeader::kSize) return Unexpected(Errc::kBufferTooSmall);
  const unsigned flags = (h.version & 1U) << 7 | (h.is_repair ? kRepairBit : 0U) |
                         static_cast<unsigned>(h.codec) << 2 |
                         (h.has_quality_report ? kReportBit : 0U) | ((h.fec_ratio_code >> 6) & 1U);
  const std::uint16_t seq = h.seq.value();
  const std::uint32_t ts = h.timestamp.value();
  out[0] = static_cast<std::byte>(flags);
  out[1] = static_cast<std::byte>((h.fec_ratio_code & 0x3f) << 2);
  out[2] = static_cast<std::byte>(seq >> 8);
  out[3] = static_cast<std::byte>(seq);
  out[4] = static_cast<std::byte>(ts >> 24);
  out[5] = static_cast<std::byte>(ts >> 16);
  out[6] = static_cast<std::byte>(ts >> 8);
  out[7] = static_cast<std::byte>(ts);
  out[8] = static_cast<std::byte>(h.fec_block.value());
  out[9] = static_cast<std::byte>(h.fec_symbol);
  out[10] = static_cast<std::byte>(h.reserved);
  out[11] = static_cast<std::byte>(h.csrc_count);
  return MediaHeader::kSize;
}

std::uint8_t encode_fec_ratio(float ratio) noexcept {
  const float code = std::round(ratio * 63.5F);
  if (!(code > 0.0F)) return 0;  // also NaN
  return code >= 127.0F ? 127 : static_cast<std::uint8_t>(code);
}

}  // namespace wzp::proto
