// State of the jitter buffer. jitter_buffer.cpp is its input side (what arrives, and on which
// timeline), jitter_playout.cpp its output side (what is played, and how late).
//
// Inside, media time is a signed 64-bit count of milliseconds without wrap ("key"). A comfort-noise
// packet is stamped one frame after the silence it stands for (reference section 15.4), so its key
// is its time stamp minus its duration.
#pragma once

#include <array>
#include <vector>

#include "frame_store.hpp"
#include "sequence_window.hpp"
#include "wzp/proto/jitter_buffer.hpp"

namespace wzp::proto {

class JitterBuffer::Impl {
 public:
  explicit Impl(const JitterBufferConfig& config);

  PushResult push(const JitterFrame& frame, Instant now) noexcept;
  void note_packet(SeqNo16 seq) noexcept { seqs_.mark(seq); }
  Playout pop(Instant now) noexcept;
  void reset() noexcept;
  void reset_statistics() noexcept;
  [[nodiscard]] JitterBufferStats stats() const noexcept;
  [[nodiscard]] std::int64_t target_ms() const noexcept;
  [[nodiscard]] Duration current_delay() const noexcept { return current_; }
  [[nodiscard]] std::size_t depth() const noexcept { return store_.size(); }
  [[nodiscard]] bool playing() const noexcept { return started_; }

  JitterBufferConfig config_;
  std::int64_t floor_ms_ = 0;

 private:
  // A frame far off the timeline, until a second one confirms that the sender started anew.
  struct Candidate {
    JitterFrame frame;
    Instant arrival{};
    std::vector<std::byte> payload;
    bool set = false;
  };

  // Consecutive frames of one kind, with nothing new in between.
  struct Run {
    int frames = 0;
    Instant start{};
    bool reached(Instant now, int enough, Duration time) noexcept {
      if (frames++ == 0) start = now;
      return frames >= enough && now - start >= time;
    }
  };

  // -- in
  [[nodiscard]] bool acceptable(const JitterFrame& frame) const noexcept;
  [[nodiscard]] std::int64_t media_time(MediaTime32 timestamp) const noexcept;
  [[nodiscard]] bool is_jump(const JitterFrame& frame, Instant now) const noexcept;
  [[nodiscard]] bool continues_candidate(const JitterFrame& frame, Instant now) const noexcept;
  PushResult hold_candidate(const JitterFrame& frame, Instant now) noexcept;
  PushResult place(const JitterFrame& frame, Instant now) noexcept;
  [[nodiscard]] bool is_next_number(const JitterFrame& frame) const noexcept;
  PushResult place_late(const JitterFrame& frame, std::int64_t key, Instant now) noexcept;
  PushResult store(const JitterFrame& frame, std::int64_t key, Instant now) noexcept;
  PushResult place_repeated(const JitterFrame& frame, Instant now) noexcept;
  PushResult follow_restart(const JitterFrame& frame, Instant now) noexcept;
  void restart_timeline() noexcept;
  void discard_oldest() noexcept;
  void count_accepted(const JitterFrame& frame) noexcept;

  // -- out
  [[nodiscard]] bool try_start(Instant now) noexcept;
  void measure_delay(Instant now) noexcept;
  [[nodiscard]] Duration delay_error() const noexcept;
  [[nodiscard]] std::int64_t lost_in_gap(const StoredFrame& front) const noexcept;
  void settle_undecided(const StoredFrame& front) noexcept;
  void book_undecided(std::int64_t concealed) noexcept;
  [[nodiscard]] std::int64_t undecided() const noexcept { return passed_ + held_ + stalled_; }
  [[nodiscard]] std::int64_t presumed_concealed() const noexcept;
  std::optional<Playout> play_gap(const StoredFrame& front) noexcept;
  [[nodiscard]] bool shorten_silence(std::int64_t room) noexcept;
  Playout play_frame(const StoredFrame& front, Instant now) noexcept;
  Playout play_comfort_frame(const StoredFrame& front) noexcept;
  Playout play_underrun() noexcept;
  Playout conceal(std::int64_t length, bool decided) noexcept;
  Playout comfort(std::int64_t length) noexcept;
  [[nodiscard]] Playout make(Playout::Kind kind, std::int64_t length) const noexcept;
  [[nodiscard]] bool should_drop(const StoredFrame& front, Instant now) noexcept;
  [[nodiscard]] bool should_insert(Instant now) noexcept;
  void drop_front() noexcept;
  void pass(const StoredFrame& front) noexcept;
  [[nodiscard]] PlayoutDecision decision() const noexcept;
  void go_idle() noexcept;
  [[nodiscard]] std::int64_t slot_ms() const noexcept { return config_.slot.count(); }

  FrameStore store_;
  SequenceWindow seqs_;
  PlayoutDelayEstimator estimator_;
  Candidate candidate_;
  JitterBufferStats stats_;

  // Timeline: the newest media time, unwrapped and as it was on the wire.
  bool have_timeline_ = false;
  std::int64_t newest_media_ = 0;
  MediaTime32 newest_timestamp_;
  Run late_run_;
  Run repeat_run_;

  // Playout.
  bool started_ = false;
  std::int64_t next_ = 0;       // first media time not played
  std::int64_t gap_start_ = 0;  // end of the last frame or comfort packet played
  std::int64_t last_duration_ = 20;
  std::optional<SeqNo16> last_seq_;  // its packet number
  CodecId last_codec_ = CodecId::kOpus24k;
  bool silence_ = false;  // the sender said so
  // Concealed at an underrun, loss or silence is not known yet:
  std::int64_t passed_ = 0;       // media time moved on
  std::int64_t held_ = 0;         // it did not, beyond the target delay: to be made up for
  std::int64_t stalled_ = 0;      // it did not, and the delay was to grow anyway
  std::int64_t late_in_gap_ = 0;  // audio that arrived too late for this gap
  std::int64_t concealed_run_ = 0;
  std::int64_t silent_run_ = 0;
  Duration current_{0};
  std::optional<Instant> excess_since_;
  std::optional<Instant> deficit_since_;
  std::array<std::byte, 8> comfort_payload_{};
  std::size_t comfort_payload_size_ = 0;
};

}  // namespace wzp::proto
