/// \file
/// One cell of the quality matrix: recorded speech through the real sender, a bad channel in
/// virtual time and the real receiver, scored.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "wzp/proto/quality_profile.hpp"
#include "wzp/transport/channel.hpp"

namespace wzp::bench {

/// What a sender sends for a recording, and when.
struct EncodedTalk {
  struct Packet {
    std::vector<std::byte> bytes;
    std::size_t tick = 0;  ///< Sent at the end of this tick of 20 ms.
  };
  std::vector<Packet> packets;
  std::size_t ticks = 0;
  std::uint64_t payload_bytes = 0;  ///< Without media headers, repair included.
  double payload_kbps = 0;
  /// As IPv4 on the wire: 12 bytes of media header, 28 of IP and UDP, 28 of QUIC per packet. QUIC's
  /// own packets (acknowledgements) are not in it.
  double wire_kbps = 0;
};

[[nodiscard]] EncodedTalk encode_talk(std::span<const std::int16_t> speech,
                                      const proto::QualityProfile& profile);

struct QualityScore {
  double lost_percent = 0;      ///< Audio packets the channel lost.
  double residual_percent = 0;  ///< Of what was played, concealed.
  double estoi = 0;
  double delay_ms = 0;  ///< From mouth to ear, the channel's delay included; mean.
};

/// The speech's pieces of a second are found in what was heard by their loudness contours, each for
/// itself, because the delay changes.
[[nodiscard]] QualityScore run_talk(std::span<const std::int16_t> speech, const EncodedTalk& talk,
                                    const transport::ChannelConfig& channel);

}  // namespace wzp::bench
