/// \file
/// The one PCM format of this library: 16-bit signed mono at 48 kHz, as spans of samples.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace wzp::codec {

using PcmView = std::span<const std::int16_t>;
using MutablePcm = std::span<std::int16_t>;

inline constexpr std::uint32_t kSampleRate = 48000;

/// Samples in a duration at 48 kHz: 960 for 20 ms.
[[nodiscard]] constexpr std::size_t samples_in(std::chrono::milliseconds duration) noexcept {
  return static_cast<std::size_t>(duration.count()) * (kSampleRate / 1000);
}

/// No packet decodes to more than 120 ms.
inline constexpr std::size_t kMaxPacketSamples = samples_in(std::chrono::milliseconds(120));

}  // namespace wzp::codec
