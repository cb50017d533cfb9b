#include "wzp/transport/tx_batch.hpp"

#include <algorithm>

#include "wzp/proto/assert.hpp"

namespace wzp::transport {

TxBatch::TxBatch(std::size_t arena_bytes, std::size_t max_entries)
    : arena_(arena_bytes), max_entries_(max_entries) {
  entries_.reserve(max_entries);
}

ByteView TxBatch::segment(const Entry& e, std::size_t i) const noexcept {
  const std::size_t begin = i * e.segment_size;
  return bytes(e).subspan(begin, std::min<std::size_t>(e.segment_size, e.length - begin));
}

void TxBatch::clear() noexcept {
  entries_.clear();
  used_ = 0;
  packets_ = 0;
}

MutableBytes TxBatch::room(std::size_t n) noexcept {
  if (entries_.size() == max_entries_ || arena_.size() - used_ < n) return {};
  return MutableBytes(arena_).subspan(used_, n);
}

bool TxBatch::extends_last(std::size_t n, const SocketAddress& destination,
                           const SocketAddress& source, std::uint8_t ecn) const noexcept {
  if (entries_.empty()) return false;
  const Entry& last = entries_.back();
  return n <= last.segment_size && last.length % last.segment_size == 0 &&
         last.segments() < kMaxSegments && last.length + n <= kMaxEntryBytes && last.ecn == ecn &&
         last.destination == destination && last.source == source;
}

void TxBatch::commit(std::size_t n, const SocketAddress& destination, const SocketAddress& source,
                     std::uint8_t ecn) noexcept {
  WZP_ASSERT(n > 0 && n <= arena_.size() - used_);
  if (extends_last(n, destination, source, ecn)) {
    entries_.back().length += static_cast<std::uint32_t>(n);
  } else {
    WZP_ASSERT(entries_.size() < max_entries_);
    entries_.push_back({static_cast<std::uint32_t>(used_), static_cast<std::uint32_t>(n),
                        static_cast<std::uint16_t>(n), ecn, destination, source});
  }
  used_ += n;
  ++packets_;
}

}  // namespace wzp::transport
