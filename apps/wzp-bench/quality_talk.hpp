/// \file
/// A recording as a sender puts it on the wire, in each of the modes that are compared.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wzp/client/media_plan.hpp"
#include "wzp/proto/quality_profile.hpp"

namespace wzp::bench {

enum class Mode : std::uint8_t {
  kMedia2,     ///< Ours, planned for the path.
  kLegacy,     ///< The reference's layout with RaptorQ blocks that repair.
  kReference,  ///< The reference's layout as it runs: repair packets are sent and repair nothing.
};
[[nodiscard]] std::string_view name(Mode mode);

/// The legacy profile that stands beside one of ours.
[[nodiscard]] proto::QualityProfile legacy_profile(client::MediaProfile profile);

struct Talk {
  struct Packet {
    std::vector<std::byte> bytes;  ///< Without tag: media/2 header and payload, or a plain packet.
    std::size_t tick = 0;          ///< Sent at the end of this tick of 20 ms.
    bool is_repair = false;
  };
  Mode mode = Mode::kMedia2;
  std::vector<Packet> packets;
  std::size_t ticks = 0;
  /// IPv4 bytes at the layout's figures (docs/wire/media2.md; the reference 28 for QUIC and no tag,
  /// repair symbols of 256 bytes); acknowledgements are not in it.
  double wire_kbps = 0;
  double codec_kbps = 0;  ///< Of the units alone.
  std::string setting;    ///< Codec, packets, redundancy, for people.
  proto::CodecId codec = proto::CodecId::kOpus24k;
  std::uint32_t codec_bps = 0;
  std::chrono::milliseconds packet_time{20};
  std::chrono::microseconds codec_delay{0};
  Duration added_delay{0};
};

[[nodiscard]] Talk media2_talk(std::span<const std::int16_t> speech, const client::MediaPlan& plan);
/// For kLegacy and kReference.
[[nodiscard]] Talk plain_talk(Mode mode, std::span<const std::int16_t> speech,
                              const proto::QualityProfile& profile);

[[nodiscard]] std::string describe(const client::MediaPlan& plan);

}  // namespace wzp::bench
