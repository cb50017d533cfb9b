/// \file
/// What a path is like, from counters of what was really sent and received.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "wzp/proto/errc.hpp"
#include "wzp/proto/quality_report.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::proto {

/// One reading. All values are smoothed; zero before anything was measured.
struct PathQuality {
  float loss_pct = 0;  ///< 0-100, of the packets that should have arrived.
  std::uint32_t rtt_ms = 0;
  std::uint32_t jitter_ms = 0;
  std::uint32_t bandwidth_kbps = 0;  ///< What arrived, in the last seconds.
  bool operator==(const PathQuality&) const = default;
};

/// Measures one direction of media (what is received) and the round trip. Loss is counted from gaps
/// in the packet numbers per interval of one second, as RTP receivers do; jitter is the smoothed
/// variation of transit time (RFC 3550, 6.4.1), round trips are averaged with weight 0.1. A value
/// without allocation.
class WZP_PROTO_EXPORT PathMonitor {
 public:
  /// A packet arrived. `bytes` is its size, `media` its media time (for jitter).
  void on_received(SeqNo16 seq, MediaTime32 media, std::size_t bytes, Instant now) noexcept;
  void on_sent(std::size_t bytes) noexcept;
  /// A round trip was measured.
  void on_rtt(Duration rtt) noexcept;

  /// The state at `now`, never from the future of a call before.
  [[nodiscard]] PathQuality quality(Instant now) noexcept;
  /// The same as a report for the peer.
  [[nodiscard]] QualityReport report(Instant now, std::uint32_t bitrate_cap_kbps) noexcept;

  [[nodiscard]] std::uint64_t packets_sent() const noexcept { return sent_; }
  [[nodiscard]] std::uint64_t packets_received() const noexcept { return received_; }
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }
  [[nodiscard]] std::uint64_t bytes_received() const noexcept { return bytes_received_; }
  /// Round trip and its variation with their fractions, in milliseconds.
  [[nodiscard]] double smoothed_rtt_ms() const noexcept { return rtt_ms_; }
  [[nodiscard]] double rtt_jitter_ms() const noexcept { return rtt_jitter_ms_; }

 private:
  void close_interval(Instant now) noexcept;
  void note_number(SeqNo16 seq) noexcept;
  void note_transit(MediaTime32 media, Instant now) noexcept;

  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_received_ = 0;
  // Loss: numbers expected and received in the present interval.
  bool have_seq_ = false;
  SeqNo16 newest_seq_;
  std::uint32_t expected_ = 0;
  std::uint32_t arrived_ = 0;
  std::optional<Instant> interval_start_;
  std::uint64_t interval_bytes_ = 0;
  bool have_loss_ = false;
  double loss_pct_ = 0;
  double kbps_ = 0;
  // Jitter of arrival.
  std::optional<Instant> last_arrival_;
  MediaTime32 last_media_;
  double jitter_ms_ = 0;
  // Round trip.
  bool have_rtt_ = false;
  double last_rtt_ms_ = 0;
  double rtt_ms_ = 0;
  double rtt_jitter_ms_ = 0;
};

}  // namespace wzp::proto
