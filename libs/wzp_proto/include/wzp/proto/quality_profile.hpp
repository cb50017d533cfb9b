/// \file
/// Quality profiles: codec, packet length and amount of forward error correction of a sender.
#pragma once

#include <chrono>
#include <cstdint>

#include "wzp/proto/codec_id.hpp"

namespace wzp::proto {

/// Members in the order of the JSON form. Equality is exact on all four.
struct QualityProfile {
  CodecId codec = CodecId::kOpus24k;
  float fec_ratio = 0.2F;  ///< Repair symbols per source symbol, 0.0-2.0.
  std::uint8_t frame_duration_ms = 20;
  std::uint8_t frames_per_block = 5;

  bool operator==(const QualityProfile&) const = default;

  [[nodiscard]] constexpr std::chrono::milliseconds frame_duration() const noexcept {
    return std::chrono::milliseconds(frame_duration_ms);
  }
  /// codec rate * (1 + fec_ratio), what the profile choice of the call handshake compares. Real
  /// packets also pay for headers.
  [[nodiscard]] constexpr float nominal_kbps() const noexcept {
    return static_cast<float>(traits(codec).bits_per_second) / 1000.0F * (1.0F + fec_ratio);
  }
};

inline constexpr QualityProfile kProfileGood{CodecId::kOpus24k, 0.2F, 20, 5};
inline constexpr QualityProfile kProfileDegraded{CodecId::kOpus6k, 0.5F, 40, 10};
inline constexpr QualityProfile kProfileCatastrophic{CodecId::kCodec2_1200, 1.0F, 40, 8};

}  // namespace wzp::proto
