/// \file
/// What a media/2 sender sends: codec, rate, packet length, copies; and how to choose it.
///
/// A packet carries one unit of `frame_ms * frames_per_packet` milliseconds, and copies of the
/// units some packets before it. All functions here are pure: numbers in, numbers out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "wzp/client/export.hpp"
#include "wzp/proto/codec_id.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::client {

/// Which earlier units each packet repeats: those `offsets` packets before it.
struct CopyOffsets {
  static constexpr std::size_t kMost = 4;       ///< Copies in one packet.
  static constexpr std::uint8_t kFarthest = 6;  ///< Packets back.

  std::array<std::uint8_t, kMost> offsets{};  ///< The first `count` count: ascending, 1-kFarthest.
  std::uint8_t count = 0;

  bool operator==(const CopyOffsets&) const = default;
  [[nodiscard]] std::span<const std::uint8_t> view() const noexcept {
    return std::span(offsets).first(count);
  }
  /// The largest offset; 0 without copies.
  [[nodiscard]] std::uint8_t span_packets() const noexcept {
    return count == 0 ? std::uint8_t{0} : offsets[count - std::size_t{1}];
  }
};

/// How to send. The default is the Good profile on a path without loss.
struct MediaPlan {
  proto::CodecId codec = proto::CodecId::kOpus24k;  ///< Opus: the id names the family, not a rate.
  std::uint32_t codec_bps = 23000;                  ///< Opus 6000-128000; Codec2: the id's own.
  std::uint8_t frame_ms = 40;                       ///< 20, 40 or 60.
  std::uint8_t frames_per_packet = 1;               ///< Together at most 120 ms.
  CopyOffsets copies;

  bool operator==(const MediaPlan&) const = default;
  [[nodiscard]] std::chrono::milliseconds packet_time() const noexcept {
    return std::chrono::milliseconds(frame_ms * frames_per_packet);
  }
};

/// Whether an encoder exists for it: Opus with 20, 40, 60 or 120 ms packets and 6-128 kbit/s;
/// Codec2 with packets of 20, 40, 60 or 120 ms (3200) or 40, 80 or 120 ms (1200); offsets
/// ascending.
[[nodiscard]] WZP_CLIENT_EXPORT bool is_valid(const MediaPlan& plan) noexcept;

/// What was measured of the path towards the receivers (the worst of them, if there are several).
struct PathEstimate {
  double loss_percent = 0;        ///< Of packets, before repair.
  double mean_burst_packets = 1;  ///< Packets lost in a row, mean; below 1/(1-loss): independent.
  /// How far apart the packets were for which mean_burst_packets was measured. Bursts are a matter
  /// of time: longer packets are hit in shorter rows.
  Duration packet_interval = std::chrono::milliseconds(40);
  Duration rtt{0};
  Duration jitter{0};         ///< Mean deviation of the transit time (RFC 3550).
  double available_kbps = 0;  ///< On the wire (IPv4); 0: not known, no limit.
};

/// What a plan may cost.
struct PlanLimits {
  double max_kbps_clean = 37;  ///< Wire rate of a plan without copies.
  double max_kbps = 50;        ///< Wire rate of a plan with copies.
  Duration max_added_delay_clean = std::chrono::milliseconds(60);
  Duration max_added_delay = std::chrono::milliseconds(160);
  std::uint32_t max_codec_bps = 23000;  ///< 37 kbit/s in packets of 40 ms.
};

/// Caps by name, for users; within them the plan follows the path.
enum class MediaProfile : std::uint8_t {
  kGood,      ///< 37 kbit/s clean, 50 with copies, at most 160 ms added.
  kDegraded,  ///< 17, 33, 180 ms.
  kRescue,    ///< 6, 8.3, 400 ms: Codec2.
};
[[nodiscard]] WZP_CLIENT_EXPORT std::string_view name(MediaProfile profile) noexcept;
[[nodiscard]] WZP_CLIENT_EXPORT PlanLimits limits_of(MediaProfile profile) noexcept;

/// Bytes of a media/2 packet that are not sound: IPv4 and UDP 28, QUIC 26, header 4, tag 8, and the
/// payload's own fields.
[[nodiscard]] WZP_CLIENT_EXPORT std::size_t overhead_bytes(const MediaPlan& plan) noexcept;

/// On the wire in one direction while somebody speaks, at the codec's nominal rate;
/// acknowledgements are not in it.
[[nodiscard]] WZP_CLIENT_EXPORT double wire_kbps(const MediaPlan& plan) noexcept;

/// From a sample's capture to the moment at which its last copy can be played, path and codec not
/// counted: the packet's length, and the copies' span.
[[nodiscard]] WZP_CLIENT_EXPORT Duration added_delay(const MediaPlan& plan) noexcept;

/// Percent of the units that neither arrive nor are repeated in a packet that does, if losses
/// follow a two-state chain in time with the measured rate and burst length.
[[nodiscard]] WZP_CLIENT_EXPORT double residual_loss_percent(const MediaPlan& plan,
                                                             const PathEstimate& path) noexcept;

/// What a listener gets of a stream, measured or expected.
struct HeardSpeech {
  proto::CodecId codec = proto::CodecId::kOpus24k;
  std::uint32_t codec_bps = 24000;
  double lost_percent = 0;  ///< After repair.
  Duration delay{0};        ///< From mouth to ear.
};

/// How far below the best that is, in points of the E-model's R (0 best, above about 90 useless, no
/// upper bound): the codec's own, what stays lost, and the delay by ITU-T G.107. Codec and loss
/// constants are ours, fitted to intelligibility measured by `wzp-bench quality` (docs/media.md).
[[nodiscard]] WZP_CLIENT_EXPORT double impairment(const HeardSpeech& heard) noexcept;
/// The same for what a plan is expected to give on a path.
[[nodiscard]] WZP_CLIENT_EXPORT double impairment(const MediaPlan& plan,
                                                  const PathEstimate& path) noexcept;

/// The plan with the smallest impairment within the limits and the available rate; the one with the
/// lowest rate of all if none fits. Where the available rate is below the clean cap, the delay
/// limits are those of Rescue at least. Takes about 0.1 ms. A long round trip alone changes nothing
/// but what delay costs: it never lowers the codec.
[[nodiscard]] WZP_CLIENT_EXPORT MediaPlan plan_media(const PathEstimate& path,
                                                     const PlanLimits& limits) noexcept;

}  // namespace wzp::client
