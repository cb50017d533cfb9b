// The last units a media/2 sender sent, for the copies in the packets to come.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "wzp/proto/media2_packet.hpp"

namespace wzp::client {

/// One place per packet sent, the newest first; packets of silence leave theirs empty. A value of
/// 6 kB without allocation.
class UnitHistory {
 public:
  static constexpr std::size_t kPackets = proto::Media2Payload::kMostCopies;
  static constexpr std::size_t kMostBytes = 1000;

  struct Unit {
    proto::Media2Shape shape;
    MediaTime32 begin;
    std::size_t size = 0;
    std::array<std::byte, kMostBytes> bytes{};

    [[nodiscard]] ByteView view() const noexcept { return ByteView(bytes).first(size); }
  };

  /// Nothing if that packet was silent or too long ago. Requires: packets_back is 1-kPackets.
  [[nodiscard]] const Unit* at(std::size_t packets_back) const noexcept {
    const Unit& unit = units_[(next_ + kPackets - packets_back) % kPackets];
    return unit.size == 0 ? nullptr : &unit;
  }

  /// The packet just sent. Requires: bytes.size() <= kMostBytes.
  void add(const proto::Media2Shape& shape, MediaTime32 begin, ByteView bytes) noexcept {
    Unit& unit = units_[next_];
    unit.shape = shape;
    unit.begin = begin;
    unit.size = bytes.size();
    std::copy(bytes.begin(), bytes.end(), unit.bytes.begin());
    next_ = (next_ + 1) % kPackets;
  }
  void add_silence() noexcept { add({}, {}, {}); }

 private:
  std::array<Unit, kPackets> units_{};
  std::size_t next_ = 0;
};

}  // namespace wzp::client
