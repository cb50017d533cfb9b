#include "wzp/proto/jitter_buffer.hpp"

#include <cstdlib>

#include "jitter_buffer_impl.hpp"

namespace wzp::proto {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kMaxFrame(120);
// Both the media time and the transit time must be off by this much to suspect a new timeline: a
// pause changes only the first, a path change only the second.
constexpr std::int64_t kJumpMs = 1000;
constexpr milliseconds kJumpMatch(300);
// So many late frames in a row, over at least this time, mean that the timeline moved.
constexpr int kLateRunFrames = 5;
constexpr milliseconds kLateRunTime(60);
// A sender that starts anew within its first second repeats numbers and times: a run of what looks
// like duplicates of frames long played. A path that duplicates brings new frames in between.
constexpr int kRepeatRunFrames = 10;
constexpr milliseconds kRepeatRunTime(180);

bool is_comfort(const JitterFrame& frame) { return frame.codec == CodecId::kComfortNoise; }
bool is_received(const JitterFrame& frame) { return frame.origin == FrameOrigin::kReceived; }

}  // namespace

JitterBuffer::Impl::Impl(const JitterBufferConfig& config)
    : config_(config),
      store_(std::max<std::size_t>(config.capacity_frames, 2), config.max_payload_bytes),
      estimator_(config.delay) {
  candidate_.payload.reserve(config.max_payload_bytes);
}

bool JitterBuffer::Impl::acceptable(const JitterFrame& frame) const noexcept {
  return frame.payload.size() <= config_.max_payload_bytes && frame.duration > milliseconds(0) &&
         frame.duration <= kMaxFrame;
}

std::int64_t JitterBuffer::Impl::media_time(MediaTime32 timestamp) const noexcept {
  if (!have_timeline_) return timestamp.value();
  return newest_media_ + timestamp.distance_from(newest_timestamp_);
}

bool JitterBuffer::Impl::is_jump(const JitterFrame& frame, Instant now) const noexcept {
  const auto base = estimator_.base();
  if (!have_timeline_ || !base) return false;
  const std::int64_t media = media_time(frame.timestamp);
  if (std::llabs(media - newest_media_) <= kJumpMs) return false;
  const Duration off = now.time_since_epoch() - milliseconds(media) - *base;
  return off > milliseconds(kJumpMs) || off < -milliseconds(kJumpMs);
}

bool JitterBuffer::Impl::continues_candidate(const JitterFrame& frame, Instant now) const noexcept {
  if (!candidate_.set) return false;
  const JitterFrame& first = candidate_.frame;
  const std::int64_t media = frame.timestamp.distance_from(first.timestamp);
  const Duration skew = (now - candidate_.arrival) - milliseconds(media);
  const bool numbers_fit =
      !frame.seq || !first.seq ||
      (frame.seq->is_newer_than(*first.seq) && frame.seq->distance_from(*first.seq) < 64);
  return media > 0 && media <= kJumpMs && skew < kJumpMatch && skew > -kJumpMatch && numbers_fit;
}

PushResult JitterBuffer::Impl::hold_candidate(const JitterFrame& frame, Instant now) noexcept {
  if (continues_candidate(frame, now)) {
    candidate_.set = false;
    JitterFrame first = candidate_.frame;
    first.payload = candidate_.payload;
    follow_restart(first, candidate_.arrival);
    return place(frame, now);
  }
  candidate_.frame = frame;
  candidate_.arrival = now;
  candidate_.payload.assign(frame.payload.begin(), frame.payload.end());
  candidate_.set = true;
  return PushResult::kHeld;
}

PushResult JitterBuffer::Impl::push(const JitterFrame& frame, Instant now) noexcept {
  const bool far_ahead = !is_received(frame) &&
                         (!have_timeline_ || media_time(frame.timestamp) > newest_media_ + kJumpMs);
  if (!acceptable(frame) || far_ahead) {
    ++stats_.refused;
    return PushResult::kRefused;
  }
  if (is_received(frame) && is_jump(frame, now)) return hold_candidate(frame, now);
  return place(frame, now);
}

PushResult JitterBuffer::Impl::follow_restart(const JitterFrame& frame, Instant now) noexcept {
  restart_timeline();
  ++stats_.restarts;
  return place(frame, now);
}

PushResult JitterBuffer::Impl::place_repeated(const JitterFrame& frame, Instant now) noexcept {
  const bool played = started_ && media_time(frame.timestamp) < next_;
  if (played && is_received(frame) && !is_comfort(frame) &&
      repeat_run_.reached(now, kRepeatRunFrames, kRepeatRunTime)) {
    return follow_restart(frame, now);
  }
  ++stats_.duplicates;
  return PushResult::kDuplicate;
}

PushResult JitterBuffer::Impl::place(const JitterFrame& frame, Instant now) noexcept {
  bool reordered = false;
  if (frame.seq) {
    const auto outcome = seqs_.mark(*frame.seq);
    if (outcome == SequenceWindow::Outcome::kSeen) return place_repeated(frame, now);
    reordered = outcome != SequenceWindow::Outcome::kNewest && is_received(frame);
    if (reordered) ++stats_.reordered;
  }
  const std::int64_t media = media_time(frame.timestamp);
  const std::int64_t key = media - (is_comfort(frame) ? frame.duration.count() : 0);
  if (is_received(frame)) estimator_.update(milliseconds(key), now, reordered);
  if (!have_timeline_ || media > newest_media_) {
    newest_media_ = media;
    newest_timestamp_ = frame.timestamp;
    have_timeline_ = true;
  }
  if (started_ && key < next_) return place_late(frame, key, now);
  return store(frame, key, now);
}

/// Nothing was lost between what was played last and this.
bool JitterBuffer::Impl::is_next_number(const JitterFrame& frame) const noexcept {
  return last_seq_ && frame.seq && seqs_.missing_between(*last_seq_, *frame.seq) == 0 &&
         late_in_gap_ == 0;
}

PushResult JitterBuffer::Impl::place_late(const JitterFrame& frame, std::int64_t key,
                                          Instant now) noexcept {
  if (is_comfort(frame)) {
    ++stats_.comfort;
    if (key >= gap_start_) {
      silence_ = true;
      if (is_next_number(frame)) book_undecided(0);
    }
    return PushResult::kLate;
  }
  if (is_received(frame) && late_run_.reached(now, kLateRunFrames, kLateRunTime)) {
    return follow_restart(frame, now);
  }
  ++stats_.late;
  if (key >= gap_start_) late_in_gap_ += frame.duration.count();
  return PushResult::kLate;
}

PushResult JitterBuffer::Impl::store(const JitterFrame& frame, std::int64_t key,
                                     Instant now) noexcept {
  if (const StoredFrame* there = store_.find(key)) {
    // Speech beats the comfort packet that stands for the same time, and a packet that was only
    // overtaken beats what FEC made of the others: nothing was lost.
    const bool beats_comfort = there->is_comfort() && !is_comfort(frame);
    const bool beats_recovered = there->origin == FrameOrigin::kRecovered && is_received(frame);
    if (!beats_comfort && !beats_recovered) {
      ++stats_.duplicates;
      return PushResult::kDuplicate;
    }
    if (beats_recovered) --stats_.recovered;
    store_.erase_key(key);
  }
  if (store_.full()) discard_oldest();
  StoredFrame stored;
  stored.key = key;
  stored.duration = frame.duration.count();
  stored.seq = frame.seq;
  stored.timestamp = frame.timestamp;
  stored.codec = frame.codec;
  stored.origin = frame.origin;
  stored.arrival = now;
  store_.insert(stored, frame.payload);
  count_accepted(frame);
  return PushResult::kAccepted;
}

void JitterBuffer::Impl::count_accepted(const JitterFrame& frame) noexcept {
  if (is_comfort(frame)) {
    ++stats_.comfort;
  } else {
    late_run_.frames = 0;
    repeat_run_.frames = 0;
    ++(is_received(frame) ? stats_.received : stats_.recovered);
  }
  stats_.max_depth = std::max<std::uint64_t>(stats_.max_depth, store_.size());
}

// Oldest by media time, so that the wrap of a number never makes the newest look oldest.
void JitterBuffer::Impl::discard_oldest() noexcept {
  ++stats_.overflows;
  if (started_) {
    drop_front();
  } else {
    if (!store_.front().is_comfort()) ++stats_.discarded;
    store_.pop_front();
  }
}

void JitterBuffer::Impl::restart_timeline() noexcept {
  for (std::size_t i = 0; i < store_.size(); ++i) {
    if (!store_.at(i).is_comfort()) ++stats_.discarded;
  }
  store_.clear();
  seqs_.clear();
  estimator_.restart_timeline();
  book_undecided(presumed_concealed());
  late_in_gap_ = 0;
  late_run_.frames = 0;
  repeat_run_.frames = 0;
  last_seq_.reset();
  have_timeline_ = false;
  started_ = false;
  silence_ = false;
}

void JitterBuffer::Impl::reset() noexcept {
  restart_timeline();
  candidate_.set = false;
  concealed_run_ = 0;
}

void JitterBuffer::Impl::reset_statistics() noexcept {
  stats_ = {};
  passed_ = held_ = stalled_ = 0;  // belong to the counters that were just given up
}

JitterBufferStats JitterBuffer::Impl::stats() const noexcept {
  JitterBufferStats stats = stats_;
  const auto concealed = static_cast<std::uint64_t>(presumed_concealed());
  stats.played_ms += static_cast<std::uint64_t>(undecided());
  stats.concealed_ms += concealed;
  stats.comfort_ms += static_cast<std::uint64_t>(undecided()) - concealed;
  return stats;
}

std::int64_t JitterBuffer::Impl::target_ms() const noexcept {
  const auto wanted = config_.fixed_delay.value_or(estimator_.target());
  const auto low = std::max(config_.min_delay, milliseconds(floor_ms_));
  return std::min(std::max(wanted, low), std::max(config_.max_delay, low)).count();
}

JitterBuffer::JitterBuffer(const JitterBufferConfig& config)
    : impl_(std::make_unique<Impl>(config)) {}
JitterBuffer::~JitterBuffer() = default;
JitterBuffer::JitterBuffer(JitterBuffer&&) noexcept = default;
JitterBuffer& JitterBuffer::operator=(JitterBuffer&&) noexcept = default;

PushResult JitterBuffer::push(const JitterFrame& frame, Instant now) noexcept {
  return impl_->push(frame, now);
}
void JitterBuffer::note_packet(SeqNo16 seq) noexcept { impl_->note_packet(seq); }
Playout JitterBuffer::pop(Instant now) noexcept { return impl_->pop(now); }
void JitterBuffer::set_delay_floor(milliseconds floor) noexcept {
  impl_->floor_ms_ = floor.count();
}
void JitterBuffer::set_fixed_delay(std::optional<milliseconds> delay) noexcept {
  impl_->config_.fixed_delay = delay;
}
milliseconds JitterBuffer::target_delay() const noexcept {
  return milliseconds(impl_->target_ms());
}
Duration JitterBuffer::current_delay() const noexcept { return impl_->current_delay(); }
std::size_t JitterBuffer::depth() const noexcept { return impl_->depth(); }
bool JitterBuffer::playing() const noexcept { return impl_->playing(); }
JitterBufferStats JitterBuffer::stats() const noexcept { return impl_->stats(); }
void JitterBuffer::reset_statistics() noexcept { impl_->reset_statistics(); }
void JitterBuffer::reset() noexcept { impl_->reset(); }

}  // namespace wzp::proto
