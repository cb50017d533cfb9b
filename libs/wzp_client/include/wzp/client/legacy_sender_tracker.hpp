/// \file
/// Tells apart senders whose packets come through a relay that names none of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "wzp/client/export.hpp"
#include "wzp/proto/media_header.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::client {

/// A reference relay forwards everybody's packets in one stream, and nothing in a packet names its
/// sender. What is left is continuity: each sender's media time advances with the clock, and its
/// sequence numbers with it. Each packet goes to the sender it continues best; one that continues
/// nobody starts a new sender. Two people who started within the jitter of each other can not be
/// told apart; one who restarts becomes a new sender.
class WZP_CLIENT_EXPORT LegacySenderTracker {
 public:
  static constexpr std::size_t kMaxSenders = 16;

  /// The sender of this packet: 0 to kMaxSenders - 1. When all are taken, the one that was silent
  /// longest gives its place (`is_new` is set: forget what you knew about it).
  struct Sender {
    std::size_t index = 0;
    bool is_new = false;
  };
  [[nodiscard]] Sender classify(const proto::MediaHeader& header, Instant now);

 private:
  struct Track {
    bool in_use = false;
    SeqNo16 seq;
    MediaTime32 timestamp;
    Instant heard{};
  };
  [[nodiscard]] static double mismatch(const Track& track, const proto::MediaHeader& header,
                                       Instant now);

  std::array<Track, kMaxSenders> tracks_{};
};

}  // namespace wzp::client
