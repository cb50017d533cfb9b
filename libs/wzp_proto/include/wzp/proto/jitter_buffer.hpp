/// \file
/// The receiver's buffer of encoded frames: puts them into order by media time, decides how late to
/// play, and says for each moment of playout what is to be heard and where it comes from.
///
/// The playout side calls pop() whenever it needs more audio, on its own clock; the network side
/// calls push() for each frame. Neither drives the other. Media time orders frames, so that repair
/// packets, which share the packet counter, are not missing audio. Every millisecond played has one
/// origin: received + recovered + concealed + comfort = played.
///
///     JitterBuffer buffer;
///     buffer.push({header.seq, header.timestamp, 20ms, header.codec, FrameOrigin::kReceived,
///     payload}, now);
///     ...
///     const Playout out = buffer.pop(now);         // decodes out.duration worth of audio
///
/// Delay changes: without time-stretching (`client_stretches` false) the buffer itself lengthens or
/// shortens silence, repeats concealment, or drops single frames, and counts that. With it, frames
/// come with a Decision that the client carries out by playing them faster or slower.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/codec_id.hpp"
#include "wzp/proto/export.hpp"
#include "wzp/proto/playout_delay.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::proto {

struct JitterBufferConfig {
  PlayoutDelayConfig delay;                   ///< Measured target; its `start` is the first delay.
  std::chrono::milliseconds min_delay{20};    ///< Lower bound of the target.
  std::chrono::milliseconds max_delay{1000};  ///< Upper bound of the target.
  /// Fixed mode: this target and no measuring. Still bounded by min and max.
  std::optional<std::chrono::milliseconds> fixed_delay;
  /// Length of a concealed or silent slot, and granularity of adjustments: 10 or 20 ms.
  std::chrono::milliseconds slot{20};
  bool client_stretches = false;         ///< The client carries out Decisions by time-stretching.
  std::size_t capacity_frames = 96;      ///< When full, the oldest frame is discarded.
  std::size_t max_payload_bytes = 1200;  ///< Longer frames are refused.
  /// Concealment after which playout stops until frames come again.
  std::chrono::milliseconds idle_after{1000};
};

enum class FrameOrigin : std::uint8_t { kReceived, kRecovered };

/// A frame on its way in. The payload is copied.
struct JitterFrame {
  std::optional<SeqNo16> seq;              ///< Packet number; may be unknown for recovered frames.
  MediaTime32 timestamp;                   ///< As on the wire, comfort noise too.
  std::chrono::milliseconds duration{20};  ///< 1-120 ms.
  CodecId codec = CodecId::kOpus24k;       ///< kComfortNoise: the sender is silent from here on.
  FrameOrigin origin = FrameOrigin::kReceived;
  ByteView payload;
};

enum class PushResult : std::uint8_t {
  kAccepted,
  kDuplicate,  ///< This packet, or a frame of this media time, is or was here already.
  kLate,       ///< Its time to be played has passed.
  kRefused,    ///< Payload or duration out of bounds.
  kHeld,       ///< Far off the stream's timeline; kept until a second one confirms a restart.
};

/// What to do with the delay while playing a frame. kNormal unless `client_stretches`.
enum class PlayoutDecision : std::uint8_t { kNormal, kAccelerate, kExpand };

/// What is to be heard next.
struct Playout {
  enum class Kind : std::uint8_t {
    kEmpty,         ///< Not started, or nothing came for long: play nothing. Not counted as played.
    kFrame,         ///< Decode `payload`.
    kMissing,       ///< Conceal `duration`.
    kComfortNoise,  ///< The sender is silent: play background noise for `duration`.
  };
  Kind kind = Kind::kEmpty;
  PlayoutDecision decision = PlayoutDecision::kNormal;
  MediaTime32 timestamp;
  std::chrono::milliseconds duration{0};
  CodecId codec = CodecId::kOpus24k;  ///< Of the frame; otherwise of the last one played.
  FrameOrigin origin = FrameOrigin::kReceived;
  /// The frame, or the last comfort-noise payload; valid until the next call.
  ByteView payload;
  /// kMissing: the frame right behind the gap if it is here (for decoders with in-band FEC).
  ByteView following;
  std::chrono::milliseconds concealed_run{0};  ///< Concealment so far without a frame, with this.
  Duration waited{0};                          ///< kFrame: time since the frame arrived.
  Duration delay_error{0};  ///< Current delay minus target: above 0 too much, below too little.
};

/// Counters since construction or reset_statistics(). Packets are counted where they come in,
/// played time where it goes out.
struct JitterBufferStats {
  // In: each pushed frame is in exactly one of the first six, or held as a possible restart.
  std::uint64_t received = 0;   ///< Accepted audio from the network.
  std::uint64_t recovered = 0;  ///< Accepted audio from FEC.
  std::uint64_t comfort = 0;    ///< Comfort-noise packets, whenever they came.
  std::uint64_t late = 0;       ///< Audio whose time had passed.
  std::uint64_t duplicates = 0;
  std::uint64_t refused = 0;
  std::uint64_t reordered = 0;  ///< Of the received: arrived behind a newer packet.
  std::uint64_t discarded = 0;  ///< Accepted but dropped unplayed: overflow, adjustment, restart.
  // Out, in milliseconds of media: played = received + recovered + concealed + comfort.
  std::uint64_t played_ms = 0;
  std::uint64_t received_ms = 0;
  std::uint64_t recovered_ms = 0;
  /// A slot without data counts here unless the sender turns out to have been silent (its packet
  /// numbers go on without a gap): then it moves to comfort_ms. Of the time in which nothing came
  /// at all only the first 200 ms count as concealed, the rest as comfort, until the next packet
  /// tells.
  std::uint64_t concealed_ms = 0;
  std::uint64_t comfort_ms = 0;
  // Delay adjustments and events.
  std::uint64_t inserted_ms = 0;         ///< Of concealed and comfort: played to gain delay.
  std::uint64_t dropped_ms = 0;          ///< Audio dropped to lose delay.
  std::uint64_t silence_removed_ms = 0;  ///< Silence shortened to lose delay.
  std::uint64_t underruns = 0;           ///< Times playout found nothing while speech was on.
  std::uint64_t restarts = 0;            ///< Sender restarts and timeline jumps followed.
  std::uint64_t overflows = 0;           ///< Frames discarded because the buffer was full.
  std::uint64_t max_depth = 0;           ///< Most frames held at once.
};

/// One stream's buffer. Movable, single-threaded; allocates in the constructor only.
class WZP_PROTO_EXPORT JitterBuffer {
 public:
  explicit JitterBuffer(const JitterBufferConfig& config = {});
  ~JitterBuffer();
  JitterBuffer(JitterBuffer&&) noexcept;
  JitterBuffer& operator=(JitterBuffer&&) noexcept;

  PushResult push(const JitterFrame& frame, Instant now) noexcept;

  /// A packet number that carries no audio arrived (a repair packet). Without this a number that is
  /// missing may be taken for lost audio when the sender pauses.
  void note_packet(SeqNo16 seq) noexcept;

  /// The next piece of playout. Call it when the sink needs audio; `now` never goes back.
  [[nodiscard]] Playout pop(Instant now) noexcept;

  /// Raises the lower bound of the target, e.g. to the length of an FEC block while packets are
  /// being lost, so that recovered frames are in time. 0 removes it.
  void set_delay_floor(std::chrono::milliseconds floor) noexcept;
  /// Switches between fixed (a value) and adaptive (none) mode.
  void set_fixed_delay(std::optional<std::chrono::milliseconds> delay) noexcept;

  [[nodiscard]] std::chrono::milliseconds target_delay() const noexcept;
  /// Delay of what is played against the fastest recent packet, at the last pop().
  [[nodiscard]] Duration current_delay() const noexcept;
  [[nodiscard]] std::size_t depth() const noexcept;
  [[nodiscard]] bool playing() const noexcept;

  [[nodiscard]] JitterBufferStats stats() const noexcept;
  /// Zeroes the counters; playout does not notice.
  void reset_statistics() noexcept;
  /// Forgets all frames and the timeline, as if new; counters and delay histogram stay.
  void reset() noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::proto
