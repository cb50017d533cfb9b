#include "cid_table.hpp"

#include <algorithm>
#include <cstring>

namespace wzp::transport {

Cid Cid::from(ByteView view) noexcept {
  Cid cid;
  cid.size = static_cast<std::uint8_t>(std::min<std::size_t>(view.size(), NGTCP2_MAX_CIDLEN));
  std::memcpy(cid.bytes.data(), view.data(), cid.size);
  return cid;
}

Cid Cid::from(const ngtcp2_cid& cid) noexcept {
  return from(std::as_bytes(std::span(cid.data, cid.datalen)));
}

ngtcp2_cid Cid::to_ngtcp2() const noexcept {
  ngtcp2_cid cid;
  ngtcp2_cid_init(&cid, bytes.data(), size);
  return cid;
}

CidTable::CidTable(std::uint64_t hash_key) : key_(hash_key), entries_(64) {}

std::size_t CidTable::home(const Cid& cid) const noexcept {
  std::uint64_t h = key_ ^ cid.size;
  for (std::size_t at = 0; at < cid.size; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, cid.bytes.data() + at, std::min<std::size_t>(8, cid.bytes.size() - at));
    h = (h ^ word ^ (h >> 29)) * 0x9fb21c651e98df25U;
    h = (h ^ (h >> 32) ^ key_) * 0xbf58476d1ce4e5b9U;
    h ^= h >> 31;
  }
  return h & (entries_.size() - 1);
}

// The entry of the id, or the free one where it belongs.
std::size_t CidTable::locate(const Cid& cid) const noexcept {
  std::size_t i = home(cid);
  while (entries_[i].cid.size != 0 && entries_[i].cid != cid) i = (i + 1) & (entries_.size() - 1);
  return i;
}

std::optional<std::uint32_t> CidTable::find(const Cid& cid) const noexcept {
  if (cid.size == 0) return std::nullopt;
  const Entry& entry = entries_[locate(cid)];
  if (entry.cid.size == 0) return std::nullopt;
  return entry.slot;
}

bool CidTable::insert(const Cid& cid, std::uint32_t slot) {
  if (cid.size == 0) return false;
  if ((size_ + 1) * 2 > entries_.size()) grow();
  Entry& entry = entries_[locate(cid)];
  if (entry.cid.size != 0) return false;
  entry = {cid, slot};
  ++size_;
  return true;
}

void CidTable::erase(const Cid& cid) noexcept {
  if (cid.size == 0) return;
  const std::size_t mask = entries_.size() - 1;
  std::size_t hole = locate(cid);
  if (entries_[hole].cid.size == 0) return;
  // Close the gap: move back every later entry of the run that may stand at the hole.
  for (std::size_t i = (hole + 1) & mask; entries_[i].cid.size != 0; i = (i + 1) & mask) {
    const std::size_t distance_home = (i - home(entries_[i].cid)) & mask;
    if (distance_home >= ((i - hole) & mask)) {
      entries_[hole] = entries_[i];
      hole = i;
    }
  }
  entries_[hole] = {};
  --size_;
}

void CidTable::grow() {
  std::vector<Entry> old(entries_.size() * 2);
  old.swap(entries_);
  for (const Entry& entry : old) {
    if (entry.cid.size != 0) entries_[locate(entry.cid)] = entry;
  }
}

}  // namespace wzp::transport
