// Which connection a packet belongs to, by its destination connection id.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "wzp/proto/bytes.hpp"

namespace wzp::transport {

// 1-20 bytes.
struct Cid {
  std::uint8_t size = 0;
  std::array<std::uint8_t, NGTCP2_MAX_CIDLEN> bytes{};

  static Cid from(ByteView view) noexcept;
  static Cid from(const ngtcp2_cid& cid) noexcept;
  [[nodiscard]] ngtcp2_cid to_ngtcp2() const noexcept;
  bool operator==(const Cid&) const = default;
};

// Open addressing with linear probing, at most half full. The hash is keyed, because clients choose
// the ids of their first packets. An entry is 28 bytes.
class CidTable {
 public:
  explicit CidTable(std::uint64_t hash_key);

  [[nodiscard]] std::optional<std::uint32_t> find(const Cid& cid) const noexcept;
  // False if the id is taken.
  bool insert(const Cid& cid, std::uint32_t slot);
  void erase(const Cid& cid) noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct Entry {
    Cid cid;  // size 0: free
    std::uint32_t slot = 0;
  };
  [[nodiscard]] std::size_t home(const Cid& cid) const noexcept;
  [[nodiscard]] std::size_t locate(const Cid& cid) const noexcept;
  void grow();

  std::uint64_t key_;
  std::vector<Entry> entries_;
  std::size_t size_ = 0;
};

}  // namespace wzp::transport
