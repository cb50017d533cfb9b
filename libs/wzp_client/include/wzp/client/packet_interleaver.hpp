/// \file
/// Sends the packets of several FEC blocks alternately, so that a burst of losses spreads over
/// them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "wzp/client/call_encoder.hpp"
#include "wzp/client/export.hpp"

namespace wzp::client {

/// Stands between a CallEncoder and the network, legacy layout only. Packets are held until `depth`
/// blocks are complete and then leave one for one with those that come in: twice the length of the
/// blocks in delay (GOOD at depth 3: 0.6 s, DEGRADED: 2.4 s). Receivers need to know nothing. For
/// recordings and one-way streams; in a conversation the delay costs more than bursts do, and
/// media/2 has copies at chosen distances instead. Measured: docs/media.md.
///
///     for (const EncodedPacket& p : interleaver.push(encoder.push(pcm))) send(p.bytes);
///
/// Allocates until the longest group was seen. Single-threaded, movable.
class WZP_CLIENT_EXPORT PacketInterleaver {
 public:
  static constexpr std::uint32_t kMostDepth = 8;

  /// Depth 0 and 1: everything passes as it comes. Throws std::invalid_argument above kMostDepth.
  explicit PacketInterleaver(std::uint32_t depth);
  ~PacketInterleaver();
  PacketInterleaver(PacketInterleaver&&) noexcept;
  PacketInterleaver& operator=(PacketInterleaver&&) noexcept;

  /// Takes what a tick produced (possibly nothing) and gives what is to be sent instead; valid
  /// until the next call.
  [[nodiscard]] std::span<const EncodedPacket> push(std::span<const EncodedPacket> packets);
  /// The end of the talk, or a pause: all that is held, in order.
  [[nodiscard]] std::span<const EncodedPacket> flush();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::client
