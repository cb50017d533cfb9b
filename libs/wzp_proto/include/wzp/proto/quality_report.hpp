/// \file
/// What a receiver reports about the path, in four bytes. Format: docs/wire/media.md, "Quality
/// report".
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/errc.hpp"

namespace wzp::proto {

/// The four wire codes, named as in the JSON form.
struct QualityReport {
  static constexpr std::size_t kSize = 4;

  std::uint8_t loss_pct = 0;  ///< 255 = 100 % loss.
  std::uint8_t rtt_4ms = 0;   ///< Round trip in units of 4 ms, up to 1020 ms.
  std::uint8_t jitter_ms = 0;
  std::uint8_t bitrate_cap_kbps = 0;  ///< Highest rate the receiver wants.

  bool operator==(const QualityReport&) const = default;

  [[nodiscard]] constexpr float loss_percent() const noexcept {
    return static_cast<float>(loss_pct) / 255.0F * 100.0F;
  }
  [[nodiscard]] constexpr std::chrono::milliseconds rtt() const noexcept {
    return std::chrono::milliseconds(rtt_4ms * 4);
  }
  [[nodiscard]] constexpr std::chrono::milliseconds jitter() const noexcept {
    return std::chrono::milliseconds(jitter_ms);
  }
};

/// The codes of measured values, rounded to the nearest code and clamped to 0-255. NaN counts as 0.
[[nodiscard]] WZP_PROTO_EXPORT QualityReport
make_quality_report(float loss_percent, std::chrono::milliseconds rtt,
                    std::chrono::milliseconds jitter, std::uint32_t bitrate_cap_kbps) noexcept;

/// Reads the first four bytes. \return kTruncated if there are fewer.
[[nodiscard]] WZP_PROTO_EXPORT Result<QualityReport> parse_quality_report(ByteView in) noexcept;

/// Writes four bytes to the front of `out`. \return 4, or kBufferTooSmall.
[[nodiscard]] WZP_PROTO_EXPORT Result<std::size_t> write_quality_report(const QualityReport& report,
                                                                        MutableBytes out) noexcept;

}  // namespace wzp::proto
