// The output side of the jitter buffer: what is played next, and how late.
#include <algorithm>

#include "jitter_buffer_impl.hpp"

namespace wzp::proto {
namespace {

using std::chrono::milliseconds;

// Without time-stretching, speech is only cut when the delay is this far above the target for this
// long; frames that hold (almost) no signal, sooner. Both exceed what a start at the default delay
// leaves above the smallest target, so that a clean stream is never cut.
constexpr milliseconds kDropExcess(60);
constexpr milliseconds kDropExcessQuiet(40);
constexpr std::uint32_t kQuietPayload = 2;  // Opus DTX
constexpr milliseconds kDropAfter(200);
constexpr milliseconds kDropAtOnce(500);
constexpr milliseconds kInsertDeficit(40);
constexpr milliseconds kInsertAfter(1000);
// With time-stretching a late frame is waited for this long beyond the target: what is late can be
// played and the delay worked off again.
constexpr milliseconds kHoldBeyondTarget(200);
constexpr milliseconds kAccelerateAbove(20);
constexpr milliseconds kSilentIdleAfter(10'000);
constexpr milliseconds kInterruption(200);

std::uint64_t count(std::int64_t ms) noexcept { return static_cast<std::uint64_t>(ms); }

}  // namespace

void JitterBuffer::Impl::measure_delay(Instant now) noexcept {
  const auto base = estimator_.base();
  if (base) current_ = now.time_since_epoch() - milliseconds(next_) - *base;
}

Duration JitterBuffer::Impl::delay_error() const noexcept {
  return current_ - milliseconds(target_ms());
}

bool JitterBuffer::Impl::try_start(Instant now) noexcept {
  if (store_.empty()) return false;
  next_ = store_.front().key;
  measure_delay(now);
  if (delay_error() < Duration(0)) return false;
  settle_undecided(store_.front());
  started_ = true;
  gap_start_ = next_;
  late_in_gap_ = 0;
  concealed_run_ = 0;
  silent_run_ = 0;
  silence_ = store_.front().is_comfort();
  excess_since_.reset();
  deficit_since_.reset();
  return true;
}

Playout JitterBuffer::Impl::pop(Instant now) noexcept {
  if (!started_ && !try_start(now)) return make(Playout::Kind::kEmpty, 0);
  for (;;) {
    measure_delay(now);
    while (!store_.empty() && store_.front().key < next_) {
      if (!store_.front().is_comfort()) ++stats_.discarded;
      store_.pop_front();
    }
    if (store_.empty()) return play_underrun();
    const StoredFrame front = store_.front();
    settle_undecided(front);
    if (front.key > next_) {
      if (auto out = play_gap(front)) return *out;
    } else if (front.is_comfort()) {
      return play_comfort_frame(front);
    } else if (should_drop(front, now)) {
      stats_.dropped_ms += count(front.duration);
      drop_front();
    } else if (should_insert(now)) {
      return conceal(slot_ms(), true);
    } else {
      return play_frame(front, now);
    }
  }
}

Playout JitterBuffer::Impl::make(Playout::Kind kind, std::int64_t length) const noexcept {
  Playout out;
  out.kind = kind;
  out.timestamp = MediaTime32(static_cast<std::uint32_t>(next_));
  out.duration = milliseconds(length);
  out.codec = last_codec_;
  out.delay_error = started_ ? delay_error() : Duration(0);
  return out;
}

// How much of the time between the last played frame and `front` lost packets account for: numbers
// that were never seen, and audio that was seen too late. The rest was silence at the sender.
std::int64_t JitterBuffer::Impl::lost_in_gap(const StoredFrame& front) const noexcept {
  const std::int64_t gap = front.key - gap_start_;
  if (!last_seq_ || !front.seq) return gap;
  const std::int64_t missing = seqs_.missing_between(*last_seq_, *front.seq);
  return std::min(gap, missing * last_duration_ + late_in_gap_);
}

// Concealment was played while nothing was here. Now it can be told what it stood for: audio that
// was lost or came too late, or a pause of the sender. What was played while media time was held
// fills its part of the gap; the rest of it has made the delay longer.
void JitterBuffer::Impl::settle_undecided(const StoredFrame& front) noexcept {
  if (undecided() == 0) return;
  const std::int64_t filled = std::clamp<std::int64_t>(front.key - next_, 0, held_);
  const std::int64_t extra = held_ - filled + stalled_;
  const std::int64_t begin = std::max<std::int64_t>(next_ - gap_start_ - passed_, 0);
  const std::int64_t missing = lost_in_gap(front);
  const std::int64_t lost = std::clamp<std::int64_t>(missing - begin, 0, passed_ + filled);
  const bool was_pause =
      missing == 0 && (front.is_comfort() || front.key - gap_start_ >= undecided());
  next_ += filled;
  stats_.inserted_ms += count(held_ - filled);
  book_undecided(lost + (was_pause ? 0 : extra));
}

void JitterBuffer::Impl::book_undecided(std::int64_t concealed) noexcept {
  stats_.concealed_ms += count(concealed);
  stats_.comfort_ms += count(undecided() - concealed);
  stats_.played_ms += count(undecided());
  passed_ = held_ = stalled_ = 0;
}

// While it is not known: who says nothing at all for longer than this has stopped talking.
std::int64_t JitterBuffer::Impl::presumed_concealed() const noexcept {
  return std::min(undecided(), kInterruption.count());
}

std::optional<Playout> JitterBuffer::Impl::play_gap(const StoredFrame& front) noexcept {
  const std::int64_t lost = lost_in_gap(front);
  const std::int64_t room = front.key - next_;
  const std::int64_t length = std::min(slot_ms(), room);
  // In speech the loss comes first, then the pause; after a pause the loss is the lost onset.
  const bool is_lost = silence_ ? room <= lost : next_ - gap_start_ < lost;
  if (is_lost) return conceal(length, true);
  if (shorten_silence(room)) return std::nullopt;
  return comfort(length);
}

bool JitterBuffer::Impl::shorten_silence(std::int64_t room) noexcept {
  const Duration excess = delay_error();
  if (excess <= config_.slot) return false;
  const std::int64_t slots = excess / config_.slot;
  const std::int64_t cut = std::min(room, slots * slot_ms());
  next_ += cut;
  stats_.silence_removed_ms += count(cut);
  return true;
}

void JitterBuffer::Impl::pass(const StoredFrame& front) noexcept {
  next_ = front.end();
  gap_start_ = next_;
  last_seq_ = front.seq;
  late_in_gap_ = 0;
  concealed_run_ = 0;
  silent_run_ = 0;
}

Playout JitterBuffer::Impl::play_frame(const StoredFrame& front, Instant now) noexcept {
  Playout out = make(Playout::Kind::kFrame, front.duration);
  out.codec = front.codec;
  out.origin = front.origin;
  out.payload = store_.payload(front);
  out.waited = now - front.arrival;
  out.decision = decision();
  (front.origin == FrameOrigin::kReceived ? stats_.received_ms : stats_.recovered_ms) +=
      count(front.duration);
  stats_.played_ms += count(front.duration);
  last_duration_ = front.duration;
  last_codec_ = front.codec;
  silence_ = false;
  pass(front);
  store_.pop_front();
  return out;
}

Playout JitterBuffer::Impl::play_comfort_frame(const StoredFrame& front) noexcept {
  const ByteView payload = store_.payload(front);
  comfort_payload_size_ = std::min(payload.size(), comfort_payload_.size());
  std::copy_n(payload.begin(), comfort_payload_size_, comfort_payload_.begin());
  silence_ = true;
  store_.pop_front();
  const Playout out = comfort(front.duration);
  pass(front);
  return out;
}

// Plays background noise; while the delay is too short, without moving on in media time.
Playout JitterBuffer::Impl::comfort(std::int64_t length) noexcept {
  Playout out = make(Playout::Kind::kComfortNoise, length);
  out.payload = ByteView(comfort_payload_).first(comfort_payload_size_);
  if (delay_error() < Duration(0)) {
    stats_.inserted_ms += count(length);
  } else {
    next_ += length;
  }
  stats_.comfort_ms += count(length);
  stats_.played_ms += count(length);
  concealed_run_ = 0;
  return out;
}

// Conceals; while the delay is too short, without moving on, so that the delay grows where there is
// nothing to be heard anyway and what is missing may still come.
Playout JitterBuffer::Impl::conceal(std::int64_t length, bool decided) noexcept {
  concealed_run_ += length;
  Playout out = make(Playout::Kind::kMissing, length);
  out.concealed_run = milliseconds(concealed_run_);
  if (const StoredFrame* next = store_.find(next_ + length);
      next != nullptr && !next->is_comfort()) {
    out.following = store_.payload(*next);
  }
  const bool hold = delay_error() < Duration(0);
  const bool wait =
      !hold && !decided && config_.client_stretches && delay_error() < kHoldBeyondTarget;
  if (hold) stats_.inserted_ms += count(length);
  if (!hold && !wait) next_ += length;
  if (decided) {
    stats_.concealed_ms += count(length);
    stats_.played_ms += count(length);
  } else {
    (hold ? stalled_ : wait ? held_ : passed_) += length;
  }
  return out;
}

Playout JitterBuffer::Impl::play_underrun() noexcept {
  if (silence_) {
    silent_run_ += slot_ms();
    if (silent_run_ > kSilentIdleAfter.count()) {
      go_idle();
      return make(Playout::Kind::kEmpty, 0);
    }
    static_cast<void>(shorten_silence(slot_ms()));
    return comfort(slot_ms());
  }
  if (concealed_run_ == 0) ++stats_.underruns;
  if (concealed_run_ + slot_ms() > config_.idle_after.count()) {
    go_idle();
    return make(Playout::Kind::kEmpty, 0);
  }
  return conceal(slot_ms(), false);
}

void JitterBuffer::Impl::go_idle() noexcept { started_ = false; }

bool JitterBuffer::Impl::should_drop(const StoredFrame& front, Instant now) noexcept {
  if (config_.client_stretches) return false;
  const milliseconds limit = front.size <= kQuietPayload ? kDropExcessQuiet : kDropExcess;
  const Duration excess = delay_error();
  if (excess <= std::max(limit, milliseconds(front.duration))) {
    excess_since_.reset();
    return false;
  }
  if (!excess_since_) excess_since_ = now;
  const bool due = now - *excess_since_ >= kDropAfter || excess > kDropAtOnce;
  if (!due || store_.size() < 2) return false;
  excess_since_ = now;
  return true;
}

void JitterBuffer::Impl::drop_front() noexcept {
  const StoredFrame front = store_.front();
  if (!front.is_comfort()) ++stats_.discarded;
  pass(front);
  store_.pop_front();
}

// Frames are here, but too little delay for those to come, and no gap came to lengthen.
bool JitterBuffer::Impl::should_insert(Instant now) noexcept {
  if (config_.client_stretches || delay_error() > -kInsertDeficit) {
    deficit_since_.reset();
    return false;
  }
  if (!deficit_since_) deficit_since_ = now;
  if (now - *deficit_since_ < kInsertAfter) return false;
  deficit_since_ = now;
  return true;
}

PlayoutDecision JitterBuffer::Impl::decision() const noexcept {
  if (!config_.client_stretches) return PlayoutDecision::kNormal;
  if (delay_error() > kAccelerateAbove) return PlayoutDecision::kAccelerate;
  const auto low = milliseconds(target_ms()) * 3 / 4;
  return current_ < low ? PlayoutDecision::kExpand : PlayoutDecision::kNormal;
}

}  // namespace wzp::proto
