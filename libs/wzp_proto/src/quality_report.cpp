#include "wzp/proto/quality_report.hpp"

#include <algorithm>
#include <cmath>

namespace wzp::proto {
namespace {

std::uint8_t to_code(std::int64_t value) noexcept {
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, 0, 255));
}

}  // namespace

QualityReport make_quality_report(float loss_percent, std::chrono::milliseconds rtt,
                                  std::chrono::milliseconds jitter,
                                  std::uint32_t bitrate_cap_kbps) noexcept {
  const float loss = std::isnan(loss_percent) ? 0.0F : std::clamp(loss_percent, 0.0F, 100.0F);
  const std::int64_t rtt_ms = std::clamp<std::int64_t>(rtt.count(), 0, 255 * 4);
  QualityReport report;
  report.loss_pct = to_code(std::lround(loss / 100.0F * 255.0F));
  report.rtt_4ms = to_code((rtt_ms + 2) / 4);
  report.jitter_ms = to_code(jitter.count());
  report.bitrate_cap_kbps = to_code(bitrate_cap_kbps);
  return report;
}

Result<QualityReport> parse_quality_report(ByteView in) noexcept {
  ByteReader reader(in);
  QualityReport report;
  report.loss_pct = reader.u8();
  report.rtt_4ms = reader.u8();
  report.jitter_ms = reader.u8();
  report.bitrate_cap_kbps = reader.u8();
  if (!reader.ok()) return Unexpected(Errc::kTruncated);
  return report;
}

Result<std::size_t> write_quality_report(const QualityReport& report, MutableBytes out) noexcept {
  if (out.size() < QualityReport::kSize) return Unexpected(Errc::kBufferTooSmall);
  ByteWriter writer(out);
  writer.u8(report.loss_pct);
  writer.u8(report.rtt_4ms);
  writer.u8(report.jitter_ms);
  writer.u8(report.bitrate_cap_kbps);
  return writer.size();
}

}  // namespace wzp::proto
