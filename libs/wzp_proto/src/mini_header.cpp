#include "wzp/proto/mini_header.hpp"

#include <algorithm>
#include <cstdlib>

#include "wzp/proto/datagram.hpp"

namespace wzp::proto {
namespace {

// Byte 0: 0, repair flag, 0110, tag bits 4-3. Bytes 1-4: tag bits 2-0, then these fields.
constexpr unsigned kSeqBits = 8;
constexpr unsigned kTimeBits = 11;  // in units of 2 ms
constexpr unsigned kBlockBits = 5;
constexpr unsigned kSymbolBits = 5;
constexpr std::uint8_t kRepairBit = 0x40;

// How far the newest header known to the decoder may lag behind: this, plus what the encoder allows
// itself between two packets, stays below half the range of each field.
constexpr int kMaxSeqLag = 56;
constexpr Duration kMaxLagTime = std::chrono::seconds(1);
constexpr int kMaxSeqStep = 20;
constexpr int kFarSeq = 32;
constexpr std::int64_t kFarTimeMs = 800;
constexpr int kFarBlocks = 8;
constexpr std::int32_t kMaxTimeStepMs = 1000;
constexpr int kPacketsPerBlock = 4;
// A new tag is written in full twice at once, then twice more within the length of a loss burst.
constexpr std::uint32_t kFirstFulls = 2;
constexpr std::uint32_t kEarlyFulls = 4;
constexpr std::uint32_t kEarlyEvery = 5;
constexpr std::int32_t kFullEveryMs = 1000;
constexpr Duration kTagLife = std::chrono::seconds(4);

constexpr std::uint32_t mask(unsigned bits) { return (1U << bits) - 1; }

MiniConstants constants_of(const MediaHeader& h) {
  return {h.codec, h.fec_ratio_code, h.reserved,
          static_cast<std::uint8_t>(h.timestamp.value() & 1)};
}

// The value nearest to `reference` whose low bits are `low`.
std::uint32_t nearest(std::uint32_t reference, std::uint32_t low, unsigned bits) {
  const std::uint32_t ahead = (low - reference) & mask(bits);
  const bool behind = ahead >= (1U << (bits - 1));
  return reference + ahead - (behind ? 1U << bits : 0);
}

// A full header so far from the newest one is no late packet but a new position (a sender that
// started anew), and what follows must be read against it.
bool is_far(const MediaHeader& h, const MediaHeader& from) {
  return std::abs(h.seq.distance_from(from.seq)) > kFarSeq ||
         std::abs(std::int64_t{h.timestamp.distance_from(from.timestamp)}) > kFarTimeMs ||
         std::abs(h.fec_block.distance_from(from.fec_block)) > kFarBlocks;
}

}  // namespace

std::uint8_t MiniConstants::tag() const noexcept {
  const std::uint32_t packed = static_cast<std::uint32_t>(codec) |
                               static_cast<std::uint32_t>(fec_ratio_code & 0x7f) << 4 |
                               static_cast<std::uint32_t>(reserved) << 11 |
                               static_cast<std::uint32_t>(timestamp_bit & 1) << 19;
  return static_cast<std::uint8_t>((packed * 0x9e3779b1U) >> 27);
}

bool MiniEncoder::fits(const MediaPacketView& packet, const MiniConstants& constants,
                       const Entry& entry) const noexcept {
  const MediaHeader& h = packet.header;
  if (packet.report || h.version != 0 || h.csrc_count != 0 || h.fec_symbol > mask(kSymbolBits)) {
    return false;
  }
  if (!last_ || entry.fulls < kFirstFulls || !(entry.constants == constants)) return false;
  const std::uint32_t full_every = entry.fulls < kEarlyFulls ? kEarlyEvery : kFullEvery;
  if (packets_ - entry.last_full >= full_every ||
      h.timestamp.distance_from(entry.last_full_time) >= kFullEveryMs) {
    return false;
  }
  const int blocks = std::abs(h.fec_block.distance_from(last_full_.fec_block));
  const int packets = std::abs(h.seq.distance_from(last_full_.seq));
  return std::abs(h.seq.distance_from(last_->seq)) <= kMaxSeqStep &&
         std::abs(h.timestamp.distance_from(last_->timestamp)) <= kMaxTimeStepMs &&
         blocks <= 1 + packets / kPacketsPerBlock;
}

Result<std::size_t> MiniEncoder::write(const MediaPacketView& packet, MutableBytes out) noexcept {
  const MediaHeader& h = packet.header;
  const MiniConstants constants = constants_of(h);
  const std::uint8_t tag = constants.tag();
  Entry& entry = entries_[tag];
  if (!fits(packet, constants, entry)) {
    const auto size = write_media_packet(packet, out);
    if (!size) return size;
    const bool same = entry.fulls > 0 && entry.constants == constants;
    entry = {constants, same ? entry.fulls + 1 : 1, packets_++, h.timestamp};
    last_ = h;
    last_full_ = h;
    return size;
  }
  const std::size_t size = kMiniHeaderSize + packet.payload.size();
  if (out.size() < size) return Unexpected(Errc::kBufferTooSmall);
  std::uint32_t fields = tag & 7U;
  fields = fields << kSeqBits | (h.seq.value() & mask(kSeqBits));
  fields = fields << kTimeBits | (h.timestamp.value() >> 1 & mask(kTimeBits));
  fields = fields << kBlockBits | (h.fec_block.value() & mask(kBlockBits));
  fields = fields << kSymbolBits | h.fec_symbol;
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>((h.is_repair ? kRepairBit : 0) | kMiniCode << 2 | tag >> 3));
  writer.u32(fields);
  writer.bytes(packet.payload);
  ++packets_;
  last_ = h;
  return size;
}

Result<MediaPacketView> MiniDecoder::read(ByteView packet, Instant now) noexcept {
  const DatagramKind kind = classify_datagram(packet);
  if (kind == DatagramKind::kEmpty) return Unexpected(Errc::kTruncated);
  if (kind == DatagramKind::kPlain) {
    auto parsed = parse_media_packet(packet);
    if (parsed) learn(parsed->header, now);
    return parsed;
  }
  if (kind != DatagramKind::kMini) return Unexpected(Errc::kUnknownKind);
  const auto header = expand(packet, now);
  if (!header) return Unexpected(header.error());
  note_newest(*header, now);
  return MediaPacketView{*header, packet.subspan(kMiniHeaderSize), std::nullopt};
}

void MiniDecoder::learn(const MediaHeader& header, Instant now) noexcept {
  const MiniConstants constants = constants_of(header);
  entries_[constants.tag()] = {constants, now};
  note_newest(header, now);
}

void MiniDecoder::note_newest(const MediaHeader& header, Instant now) noexcept {
  const bool expired = !newest_ || now - newest_at_ > kMaxLagTime;
  if (!expired && !header.seq.is_newer_than(newest_->seq) && !is_far(header, *newest_)) return;
  newest_ = header;
  newest_at_ = now;
}

Result<MediaHeader> MiniDecoder::expand(ByteView mini, Instant now) const noexcept {
  ByteReader reader(mini);
  const std::uint8_t first = reader.u8();
  std::uint32_t fields = reader.u32();
  if (!reader.ok()) return Unexpected(Errc::kTruncated);
  const auto take = [&fields](unsigned bits) {
    const std::uint32_t value = fields & mask(bits);
    fields >>= bits;
    return value;
  };
  const std::uint32_t symbol = take(kSymbolBits);
  const std::uint32_t block = take(kBlockBits);
  const std::uint32_t time = take(kTimeBits);
  const std::uint32_t seq = take(kSeqBits);
  const Entry& entry = entries_[(first & 3U) << 3 | fields];
  const bool known = entry.seen && now - *entry.seen <= kTagLife;
  if (!known || !newest_ || now - newest_at_ > kMaxLagTime) return Unexpected(Errc::kNoBaseline);
  MediaHeader h;
  h.is_repair = (first & kRepairBit) != 0;
  h.codec = entry.constants.codec;
  h.fec_ratio_code = entry.constants.fec_ratio_code;
  h.reserved = entry.constants.reserved;
  h.seq = SeqNo16(static_cast<std::uint16_t>(nearest(newest_->seq.value(), seq, kSeqBits)));
  const std::uint32_t half_time = nearest(newest_->timestamp.value() >> 1, time, kTimeBits);
  h.timestamp = MediaTime32(half_time << 1 | entry.constants.timestamp_bit);
  h.fec_block =
      BlockId8(static_cast<std::uint8_t>(nearest(newest_->fec_block.value(), block, kBlockBits)));
  h.fec_symbol = static_cast<std::uint8_t>(symbol);
  if (std::abs(h.seq.distance_from(newest_->seq)) > kMaxSeqLag)
    return Unexpected(Errc::kNoBaseline);
  return h;
}

}  // namespace wzp::proto
