/// \file
/// How long a large room takes to change all its keys.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wzp::test {

struct BigRoomResult {
  double wall_ms = 0;     ///< Of work: every client and the relay in one thread of this process.
  double virtual_ms = 0;  ///< From the departure until everybody seals with a new key.
  std::uint64_t signals = 0;  ///< Between participants, of the change alone.
  bool all_hear = false;      ///< All opened what all sealed with their new keys.
};

/// `people` and one more share a room of our relay over real QUIC, in virtual time; one leaves, and
/// all others hand out new keys to each other at once.
[[nodiscard]] BigRoomResult rotate_big_room(std::size_t people);

}  // namespace wzp::test
