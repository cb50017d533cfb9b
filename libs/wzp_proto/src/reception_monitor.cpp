#include "wzp/proto/reception_monitor.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "wzp/proto/assert.hpp"

namespace wzp::proto {
namespace {

using std::chrono::milliseconds;

constexpr int kRestartDistance = 1000;
constexpr int kWindow = 64;
constexpr double kJitterWeight = 1.0 / 16;
// A pause or a new timeline, not jitter and not a queue.
constexpr std::int64_t kMaxStepMs = 10'000;
constexpr double kBaseLeakPerMs = 1e-4;  // the base follows a longer path within about 10 s

std::int64_t in_ms(Instant t) noexcept {
  return std::chrono::duration_cast<milliseconds>(t.time_since_epoch()).count();
}

std::uint8_t to_code(std::int64_t value) noexcept {
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, 0, 255));
}

}  // namespace

void ReceptionMonitor::on_packet(SeqNo16 seq, MediaTime32 media_end, std::size_t bytes,
                                 Instant now) noexcept {
  if (!is_new(seq)) return;
  ++received_;
  ++interval_packets_;
  bytes_ += bytes;
  note_delay(media_end, now);
}

void ReceptionMonitor::on_number(SeqNo16 seq, std::size_t bytes) noexcept {
  if (!heard_ || !is_new(seq)) return;
  ++received_;
  bytes_ += bytes;
}

bool ReceptionMonitor::is_new(SeqNo16 seq) noexcept {
  if (!heard_) {
    start(seq);
    return true;
  }
  if (std::abs(seq.distance_from(newest_)) <= kRestartDistance) return mark(seq);
  const bool confirmed = stray_ && std::abs(seq.distance_from(*stray_)) < kWindow;
  stray_ = seq;
  if (confirmed) start(seq);
  return confirmed;
}

void ReceptionMonitor::start(SeqNo16 seq) noexcept {
  *this = ReceptionMonitor{};
  heard_ = true;
  newest_ = seq;
  expected_ = 1;
  seen_ = ~std::uint64_t{0};  // nothing before it is missing
}

bool ReceptionMonitor::mark(SeqNo16 seq) noexcept {
  stray_.reset();
  const int ahead = seq.distance_from(newest_);
  if (ahead > 0) {
    seen_ = ahead < kWindow ? seen_ << ahead : 0;
    seen_ |= 1;
    if (ahead > 1) ++loss_runs_;
    expected_ += static_cast<std::uint64_t>(ahead);
    newest_ = seq;
    return true;
  }
  const int behind = -ahead;
  if (behind >= kWindow || (seen_ >> behind & 1) != 0) return false;
  mark_late(behind);
  return true;
}

// A packet that was only late makes its gap shorter, closes it or splits it.
void ReceptionMonitor::mark_late(int behind) noexcept {
  const bool newer_seen = (seen_ >> (behind - 1) & 1) != 0;  // the newest (bit 0) is always seen
  const bool older_seen = behind + 1 >= kWindow || (seen_ >> (behind + 1) & 1) != 0;
  if (newer_seen && older_seen) --loss_runs_;
  if (!newer_seen && !older_seen) ++loss_runs_;
  seen_ |= std::uint64_t{1} << behind;
}

void ReceptionMonitor::note_delay(MediaTime32 media_end, Instant now) noexcept {
  const std::int64_t now_ms = in_ms(now);
  if (!have_delay_) {
    have_delay_ = true;
    origin_ms_ = now_ms;
    last_media_ = media_end;
    last_arrival_ = now;
    newest_ms_ = before_newest_ms_ = interval_min_ms_ = 0;
    first_delay_ms_ = static_cast<std::uint16_t>(now_ms - media_end.value());
    return;
  }
  // The delay changes by what the arrivals are further apart than the media.
  const std::int64_t passed = now_ms - in_ms(*last_arrival_);
  const std::int64_t step = passed - media_end.distance_from(last_media_);
  last_media_ = media_end;
  last_arrival_ = std::max(*last_arrival_, now);
  before_newest_ms_ = newest_ms_;
  newest_ms_ += step;
  if (std::llabs(step) < kMaxStepMs) {
    jitter_ms_ += kJitterWeight * (std::fabs(static_cast<double>(step)) - jitter_ms_);
  } else {
    base_ms_ = static_cast<double>(newest_ms_);
    before_newest_ms_ = newest_ms_;
    interval_packets_ = 1;
  }
  const double queue = static_cast<double>(newest_ms_) - base_ms_;
  base_ms_ +=
      queue < 0 ? queue : queue * std::min(1.0, kBaseLeakPerMs * static_cast<double>(passed));
  interval_min_ms_ = interval_packets_ == 1 ? newest_ms_ : std::min(interval_min_ms_, newest_ms_);
}

Duration ReceptionMonitor::newest_queue() const noexcept {
  const double newest = static_cast<double>(std::min(newest_ms_, before_newest_ms_));
  return milliseconds(static_cast<std::int64_t>(std::max(0.0, newest - base_ms_)));
}

ReceptionTotals ReceptionMonitor::totals() const noexcept {
  const auto lost = static_cast<std::int64_t>(expected_) - static_cast<std::int64_t>(received_);
  return {received_, lost, bytes_, jitter_ms_};
}

SenderFeedback ReceptionMonitor::report(SenderKey sender, Duration playout_delay) const noexcept {
  WZP_ASSERT(heard_);
  const auto ms = [](Duration d) { return std::chrono::duration_cast<milliseconds>(d).count(); };
  SenderFeedback out;
  out.sender = sender;
  out.newest = newest_;
  out.received = static_cast<std::uint16_t>(received_);
  out.loss_runs = loss_runs_;
  out.bytes_by_4 = static_cast<std::uint16_t>(bytes_ / SenderFeedback::kBytesUnit);
  out.delay_ms = static_cast<std::uint16_t>(first_delay_ms_ + interval_min_ms_);
  const std::int64_t newest = std::min(newest_ms_, std::max(before_newest_ms_, interval_min_ms_));
  out.rise_4ms = to_code((newest - interval_min_ms_) / SenderFeedback::kRiseUnit.count());
  out.jitter_ms = to_code(std::llround(jitter_ms_));
  out.playout_8ms = to_code(ms(playout_delay) / SenderFeedback::kPlayoutUnit.count());
  return out;
}

}  // namespace wzp::proto
