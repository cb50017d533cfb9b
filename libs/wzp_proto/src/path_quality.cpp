#include "wzp/proto/path_quality.hpp"

#include <algorithm>
#include <cmath>

namespace wzp::proto {
namespace {

constexpr Duration kInterval = std::chrono::seconds(1);
constexpr double kWeight = 0.1;          // of a new round trip
constexpr double kIntervalWeight = 0.3;  // of a new second of loss or rate
constexpr double kJitterWeight = 1.0 / 16;
constexpr int kRestartDistance = 1000;      // numbers; beyond it the sender started anew
constexpr double kMaxTransitStepMs = 2000;  // a pause or a new timeline, not jitter

double to_ms(Duration d) noexcept { return std::chrono::duration<double, std::milli>(d).count(); }

double smooth(double old, double sample, double weight) noexcept {
  return (1.0 - weight) * old + weight * sample;
}

}  // namespace

void PathMonitor::on_sent(std::size_t bytes) noexcept {
  ++sent_;
  bytes_sent_ += bytes;
}

void PathMonitor::on_received(SeqNo16 seq, MediaTime32 media, std::size_t bytes,
                              Instant now) noexcept {
  close_interval(now);
  if (!interval_start_) interval_start_ = now;
  ++received_;
  bytes_received_ += bytes;
  interval_bytes_ += bytes;
  note_number(seq);
  note_transit(media, now);
}

// Each step of the newest number is a packet that was to arrive; late ones make up for their gap.
void PathMonitor::note_number(SeqNo16 seq) noexcept {
  ++arrived_;
  const int step = have_seq_ ? seq.distance_from(newest_seq_) : 1;
  if (!have_seq_ || std::abs(step) > kRestartDistance) {
    have_seq_ = true;
    newest_seq_ = seq;
    ++expected_;
  } else if (step > 0) {
    newest_seq_ = seq;
    expected_ += static_cast<std::uint32_t>(step);
  }
}

void PathMonitor::note_transit(MediaTime32 media, Instant now) noexcept {
  if (last_arrival_) {
    const double step = to_ms(now - *last_arrival_) - media.distance_from(last_media_);
    if (std::fabs(step) < kMaxTransitStepMs) {
      jitter_ms_ = smooth(jitter_ms_, std::fabs(step), kJitterWeight);
    }
  }
  last_arrival_ = now;
  last_media_ = media;
}

void PathMonitor::close_interval(Instant now) noexcept {
  if (!interval_start_ || now - *interval_start_ < kInterval) return;
  const double seconds = to_ms(now - *interval_start_) / 1000.0;
  const double kbps = static_cast<double>(interval_bytes_) * 8 / 1000.0 / seconds;
  kbps_ = have_loss_ ? smooth(kbps_, kbps, kIntervalWeight) : kbps;
  if (expected_ > 0) {
    const std::uint32_t lost = expected_ > arrived_ ? expected_ - arrived_ : 0;
    const double loss = 100.0 * lost / expected_;
    loss_pct_ = have_loss_ ? smooth(loss_pct_, loss, kIntervalWeight) : loss;
    have_loss_ = true;
  }
  expected_ = 0;
  arrived_ = 0;
  interval_bytes_ = 0;
  interval_start_ = now;
}

void PathMonitor::on_rtt(Duration rtt) noexcept {
  const double sample = std::max(0.0, to_ms(rtt));
  if (have_rtt_) {
    const double step = std::fabs(sample - last_rtt_ms_);
    rtt_jitter_ms_ = rtt_jitter_ms_ == 0.0 ? step : smooth(rtt_jitter_ms_, step, kWeight);
    rtt_ms_ = smooth(rtt_ms_, sample, kWeight);
  } else {
    rtt_ms_ = sample;
    have_rtt_ = true;
  }
  last_rtt_ms_ = sample;
}

PathQuality PathMonitor::quality(Instant now) noexcept {
  close_interval(now);
  PathQuality q;
  q.loss_pct = static_cast<float>(loss_pct_);
  q.rtt_ms = static_cast<std::uint32_t>(rtt_ms_);
  q.jitter_ms = static_cast<std::uint32_t>(jitter_ms_);
  q.bandwidth_kbps = static_cast<std::uint32_t>(kbps_);
  return q;
}

QualityReport PathMonitor::report(Instant now, std::uint32_t bitrate_cap_kbps) noexcept {
  const PathQuality q = quality(now);
  return make_quality_report(q.loss_pct, std::chrono::milliseconds(q.rtt_ms),
                             std::chrono::milliseconds(q.jitter_ms), bitrate_cap_kbps);
}

}  // namespace wzp::proto
