#include "listener_estimate.hpp"

#include <algorithm>
#include <cmath>

namespace wzp::client {
namespace {

using std::chrono::milliseconds;

constexpr double kShortMemorySeconds = 3;
constexpr double kLongMemorySeconds = 15;
constexpr double kEnoughPackets = 25;  // for the short span to be believed
constexpr Duration kStaleAfter = std::chrono::seconds(5);
// IP, UDP and QUIC around a media packet.
constexpr double kWireOverheadBytes = 54;
// Packets that a queue swallowed say nothing about how many copies help.
constexpr milliseconds kCongestedQueue(100);
// A legacy report tells no packet numbers: a second of 20 ms packets.
constexpr double kPacketsOfReport = 50;

double seconds_of(Duration d) noexcept { return std::chrono::duration<double>(d).count(); }

}  // namespace

void LossEstimate::Span::add(double e, double l, double r, double length, double memory) noexcept {
  const double keep = std::exp(-length / memory);
  expected = keep * expected + e;
  lost = keep * lost + l;
  runs = keep * runs + r;
  seconds = keep * seconds + length;
}

void LossEstimate::add(double expected, double lost, double runs, Duration length) noexcept {
  short_.add(expected, lost, runs, seconds_of(length), kShortMemorySeconds);
  long_.add(expected, lost, runs, seconds_of(length), kLongMemorySeconds);
}

double LossEstimate::percent() const noexcept {
  const double lately = short_.expected >= kEnoughPackets ? short_.percent() : 0;
  return std::max(lately, long_.percent());
}

double LossEstimate::mean_burst() const noexcept {
  return long_.runs > 0 ? std::max(1.0, long_.lost / long_.runs) : 1.0;
}

Duration LossEstimate::packet_interval() const noexcept {
  if (long_.expected <= 0) return Duration(0);
  return Duration(static_cast<std::int64_t>(long_.seconds / long_.expected * 1e9));
}

void ListenerEstimate::on_feedback(const proto::MediaFeedback& feedback,
                                   const proto::SenderFeedback& about_us, SeqNo16 newest_sent,
                                   Duration own_rtt, Instant now) noexcept {
  if (about_us.newest.is_newer_than(newest_sent)) {
    ++refused_;
    return;
  }
  cap_kbps_ = feedback.cap_kbps;
  jitter_ = milliseconds(about_us.jitter_ms);
  playout_ = about_us.playout_8ms * proto::SenderFeedback::kPlayoutUnit;
  const auto interval =
      last_ ? proto::interval_between(last_at_ms_, *last_, feedback.at_ms, about_us) : std::nullopt;
  // A report that was overtaken by a newer one says nothing.
  const bool is_old = last_ && !interval &&
                      static_cast<std::int16_t>(feedback.at_ms - last_at_ms_) <= 0 && is_fresh(now);
  if (is_old) return;
  heard_ = now;
  last_ = about_us;
  last_at_ms_ = feedback.at_ms;
  if (interval && interval->expected > 0) use(*interval, own_rtt + rtt_, now);
}

void ListenerEstimate::use(const proto::FeedbackInterval& interval, Duration round_trip,
                           Instant now) noexcept {
  const double length = seconds_of(interval.length);
  const double lost = interval.lost();
  const double expected = interval.expected;
  if (interval.received > 0) {
    const double bytes = interval.bytes + interval.received * kWireOverheadBytes;
    proto::DeliveryInterval delivery;
    delivery.length = interval.length;
    delivery.delivered_kbps = bytes * 8 / 1000 / length;
    delivery.loss_percent = 100 * lost / expected;
    delivery.delay_step = milliseconds(interval.delay_step_ms);
    delivery.rise = interval.rise;
    delivery.round_trip = round_trip;
    rate_.on_interval(delivery, now);
  }
  const bool congested =
      rate_.state() == proto::RateControl::State::kDraining || rate_.queue() > kCongestedQueue;
  if (congested && rate_.state() != proto::RateControl::State::kCompeting) return;
  loss_.add(expected, lost, interval.loss_runs, interval.length);
}

void ListenerEstimate::on_report(const proto::QualityReport& report, Instant now) noexcept {
  const Duration passed = reported_ ? now - *reported_ : Duration(std::chrono::seconds(1));
  if (reported_ && passed < milliseconds(100)) return;  // repeated
  reported_ = now;
  heard_ = now;
  cap_kbps_ = report.bitrate_cap_kbps;
  rtt_ = report.rtt();
  jitter_ = report.jitter();
  const double lost = kPacketsOfReport * static_cast<double>(report.loss_percent()) / 100;
  loss_.add(kPacketsOfReport, lost, lost, std::chrono::seconds(1));
}

bool ListenerEstimate::is_fresh(Instant now) const noexcept {
  return heard_ && now - *heard_ < kStaleAfter;
}

double ListenerEstimate::rate_kbps() const noexcept {
  const double rate = rate_.rate_kbps();
  return cap_kbps_ > 0 ? std::min(rate, static_cast<double>(cap_kbps_)) : rate;
}

}  // namespace wzp::client
