/// \file
/// The life of numbered blocks on both ends, for drivers that keep block data themselves. The frame
/// classes have this built in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "wzp/fec/export.hpp"
#include "wzp/proto/serial.hpp"

namespace wzp::fec {

/// Blocks a sender has begun. Ids run from first to first + 255 and wrap; at most 128 blocks are
/// remembered, so an id is never in use twice: the block 128 back is forgotten when a new one
/// begins.
class WZP_FEC_EXPORT SenderBlocks {
 public:
  enum class State : std::uint8_t {
    kUnused,    ///< Never begun, or forgotten.
    kBuilding,  ///< Frames are being added. Exactly one block is in this state.
    kPending,   ///< Complete, to be sent.
    kSent,
    kAcknowledged,
  };

  explicit SenderBlocks(BlockId8 first = BlockId8(0)) noexcept;

  [[nodiscard]] BlockId8 current() const noexcept { return current_; }
  /// The current block is complete; a new one begins. Returns the new id.
  BlockId8 next() noexcept;
  /// False (and nothing happens) unless the block is kPending.
  bool mark_sent(BlockId8 id) noexcept;
  /// False unless the block is kPending or kSent.
  bool mark_acknowledged(BlockId8 id) noexcept;
  /// Forgets acknowledged blocks. Returns how many.
  std::size_t prune() noexcept;
  [[nodiscard]] State state(BlockId8 id) const noexcept { return states_[id.value()]; }
  /// Blocks forgotten without having been acknowledged.
  [[nodiscard]] std::uint64_t overruns() const noexcept { return overruns_; }

 private:
  std::array<State, 256> states_{};
  BlockId8 current_;
  std::uint64_t overruns_ = 0;
};

/// Blocks a receiver has heard of. Within 127 ids of the newest they are told apart; older ones
/// expire by themselves and their ids become new again.
class WZP_FEC_EXPORT ReceiverBlocks {
 public:
  enum class State : std::uint8_t { kUnknown, kAssembling, kComplete, kExpired };

  /// A symbol of the block came. An unknown block is kAssembling from now on. Returns its state.
  State touch(BlockId8 id) noexcept;
  /// False unless the block is kAssembling.
  bool mark_complete(BlockId8 id) noexcept;
  /// Gives a block up, complete or not. False if it is unknown.
  bool mark_expired(BlockId8 id) noexcept;
  /// Gives up all known blocks with (id - b) mod 256 in 1..128. Returns how many that were.
  std::size_t expire_before(BlockId8 id) noexcept;
  /// Forgets expired blocks. Returns how many.
  std::size_t prune() noexcept;
  [[nodiscard]] State state(BlockId8 id) const noexcept { return states_[id.value()]; }
  [[nodiscard]] std::size_t count(State state) const noexcept;

 private:
  std::array<State, 256> states_{};
  BlockId8 newest_;
  bool started_ = false;
};

}  // namespace wzp::fec
