// From media/2 packets to frames for the jitter buffer: media time without wrap, copies only where
// something is missing, and the span that copies need.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "wzp/proto/jitter_buffer.hpp"
#include "wzp/proto/media2_packet.hpp"

namespace wzp::client {

/// One sender's. A value without allocation.
class Media2Input {
 public:
  /// A unit and all the copies a packet can hold.
  static constexpr std::size_t kMostFrames =
      1 + proto::Media2Payload::kMostCopies + proto::Media2Sections::kMost;

  /// The packet's own unit first, then the copies of units that are not known to be here. Valid
  /// until the next call; payloads lie in the packet. Units that are not what their shape says are
  /// left out and counted.
  std::span<const proto::JitterFrame> take(SeqNo16 seq, const proto::Media2Payload& packet);

  /// How much later than a unit its last copy comes, as the sender last said or showed.
  [[nodiscard]] std::chrono::milliseconds span() const noexcept { return span_; }
  [[nodiscard]] std::uint64_t undecodable() const noexcept { return undecodable_; }

 private:
  // Steps of 20 ms for which it is remembered whether a unit that begins there has come.
  static constexpr std::size_t kRemembered = 512;

  [[nodiscard]] MediaTime32 unwrap(proto::Media2Time time) noexcept;
  void note_span(const proto::Media2Payload& packet) noexcept;
  void add_silence(SeqNo16 seq, MediaTime32 begin, ByteView level) noexcept;
  void add_unit(std::optional<SeqNo16> seq, MediaTime32 begin, const proto::Media2Shape& shape,
                ByteView unit) noexcept;
  void add_copies(MediaTime32 begin, const proto::Media2Payload& packet) noexcept;
  void note_unit(MediaTime32 begin) noexcept;
  /// Whether it has come before; from then on it has. Times too old to remember have.
  bool mark(MediaTime32 begin) noexcept;

  std::optional<MediaTime32> newest_;
  std::optional<MediaTime32> newest_marked_;
  std::bitset<kRemembered> here_;
  std::chrono::milliseconds span_{0};
  std::chrono::milliseconds shown_{0};  // largest span seen since the last check
  std::uint32_t units_since_check_ = 0;
  std::uint64_t undecodable_ = 0;
  std::array<proto::JitterFrame, kMostFrames> frames_;
  std::size_t count_ = 0;
};

}  // namespace wzp::client
