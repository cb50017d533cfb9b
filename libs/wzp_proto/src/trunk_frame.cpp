#include "wzp/proto/trunk_frame.hpp"

#include <algorithm>
#include <limits>

namespace wzp::proto {

TrunkFrameWriter::TrunkFrameWriter(MutableBytes room) noexcept : room_(room) { clear(); }

void TrunkFrameWriter::clear() noexcept {
  count_ = 0;
  size_ = std::min(room_.size(), kTrunkFrameOverhead);
  std::fill_n(room_.begin(), size_, std::byte{0});
}

bool TrunkFrameWriter::add(StreamId stream, ByteView payload) noexcept {
  constexpr std::size_t kMax = std::numeric_limits<std::uint16_t>::max();
  const std::size_t left = room_.size() - size_;
  if (size_ < kTrunkFrameOverhead || payload.size() > kMax || count_ == kMax ||
      left < kTrunkEntryOverhead || payload.size() > left - kTrunkEntryOverhead) {
    return false;
  }
  ByteWriter writer(room_.subspan(size_));
  writer.u16(stream.value);
  writer.u16(static_cast<std::uint16_t>(payload.size()));
  writer.bytes(payload);
  size_ += writer.size();
  ++count_;
  store_count();
  return true;
}

void TrunkFrameWriter::store_count() noexcept {
  ByteWriter writer(room_);
  writer.u16(count_);
}

Result<TrunkFrameView> TrunkFrameView::parse(ByteView frame) noexcept {
  ByteReader reader(frame);
  const std::uint16_t count = reader.u16();
  const ByteView entries = reader.rest();
  for (std::uint16_t i = 0; i < count && reader.ok(); ++i) {
    reader.u16();
    const std::uint16_t length = reader.u16();
    reader.take(length);
  }
  if (!reader.ok()) return Unexpected(Errc::kTruncated);
  return TrunkFrameView(entries, count);
}

}  // namespace wzp::proto
