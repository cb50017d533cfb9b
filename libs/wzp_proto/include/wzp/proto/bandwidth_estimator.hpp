/// \file
/// How much may be sent on a path: from delays that grow, from loss that comes with them, and from
/// what really arrived.
///
/// All rates of change are per time, not per call. Loss on a path whose delay does not grow is
/// taken for random (radio links), and a long round trip alone means nothing. A voice stream does
/// not fill its link, so the estimate never runs further ahead than 1.5 times what was delivered:
/// it grows when the sender probes with redundancy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "wzp/proto/delay_trend.hpp"
#include "wzp/proto/quality_control.hpp"
#include "wzp/proto/quality_report.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::proto {

struct BandwidthEstimatorConfig {
  double initial_kbps = 50;
  double min_kbps = 5;
  double max_kbps = 512;
};

/// For one direction of one path. `now` is on one clock, whichever: the receiver's if arrival times
/// come back as feedback. A value without allocation.
class WZP_PROTO_EXPORT BandwidthEstimator {
 public:
  explicit BandwidthEstimator(const BandwidthEstimatorConfig& config = {}) noexcept;

  /// A packet sent at `sent` (on the sender's clock, any origin) arrived. `wire_bytes` with all
  /// headers.
  void on_packet(Duration sent, Instant arrival, std::size_t wire_bytes) noexcept;
  /// Where no packet times are known, round trips tell of queues too.
  void on_rtt(Duration rtt, Instant now) noexcept;
  /// Share of packets lost lately, in percent.
  void on_loss(double loss_percent, Instant now) noexcept;
  /// RTT and loss of a peer's report; its rate cap is honoured, 0 means none.
  void on_report(const QualityReport& report, Instant now) noexcept;

  [[nodiscard]] double estimate_kbps() const noexcept;
  /// What the delays say, the worse of both kinds.
  [[nodiscard]] CongestionState state() const noexcept;
  /// Delivered rate over the last half second or more; 0 before it is known.
  [[nodiscard]] double delivered_kbps() const noexcept { return delivered_kbps_; }
  [[nodiscard]] double queue_ms() const noexcept;

  /// >= 25 kbit/s Good, >= 8 Degraded, else Catastrophic.
  [[nodiscard]] Tier tier() const noexcept;
  [[nodiscard]] QualityProfile profile() const noexcept { return profile_of(tier()); }

 private:
  void adapt(Instant now) noexcept;
  void grow(double seconds) noexcept;
  void back_off(Instant now) noexcept;
  void measure_rate(Instant arrival, std::size_t bytes) noexcept;
  void clamp() noexcept;

  BandwidthEstimatorConfig config_;
  DelayTrend one_way_;
  DelayTrend round_trip_;
  bool have_one_way_ = false;
  double estimate_kbps_;
  std::optional<Instant> last_adapt_;
  std::optional<Instant> last_back_off_;
  double congested_kbps_ = 0;  // delivered when the queue last grew; 0: not known
  double loss_pct_ = 0;
  std::optional<Instant> last_loss_;
  double cap_kbps_ = 0;
  // Delivered rate.
  std::optional<Instant> rate_start_;
  std::uint64_t rate_bytes_ = 0;
  double delivered_kbps_ = 0;
};

}  // namespace wzp::proto
