/// \file
/// The other direction: one remote stream's packets in, PCM out.
#pragma once

#include <memory>
#include <optional>

#include "wzp/client/audio.hpp"
#include "wzp/client/call_statistics.hpp"
#include "wzp/client/export.hpp"
#include "wzp/client/playout_map.hpp"
#include "wzp/proto/jitter_buffer.hpp"
#include "wzp/proto/media2_packet.hpp"
#include "wzp/proto/media_packet.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::client {

/// Forward error correction, jitter buffer, decoder and concealment of one sender. Packets come
/// whenever the network brings them; play() is called on the playout clock. A frame that forward
/// error correction rebuilds goes into the jitter buffer like one that arrived, and is played if
/// its moment has not passed. While packets are being lost the buffer is kept as long as a block
/// takes, or as media/2's copies reach back.
///
/// The delay is changed by playing faster or slower at unchanged pitch (codec::TimeStretcher): one
/// pitch period per frame at most. Nothing that came in time is dropped, and frames are counted by
/// what was played, not by how long it took.
///
/// Single-threaded, movable. Allocates in the constructor only (about 0.4 MB).
class WZP_CLIENT_EXPORT CallDecoder {
 public:
  /// The defaults of the jitter buffer, with time-stretching.
  [[nodiscard]] static proto::JitterBufferConfig default_jitter() noexcept;

  /// Without `jitter.client_stretches`, delay is changed by inserting concealment and by dropping.
  explicit CallDecoder(const proto::JitterBufferConfig& jitter = default_jitter());
  ~CallDecoder();
  CallDecoder(CallDecoder&&) noexcept;
  CallDecoder& operator=(CallDecoder&&) noexcept;

  /// A packet of this sender; the payload is copied. Anything may be passed.
  void handle_packet(const proto::MediaPacketView& packet, Instant now);

  /// An opened media/2 packet of this sender, and its number; everything is copied. Anything may be
  /// passed. A sender may change between the two kinds at any packet.
  void handle_media2(SeqNo16 seq, const proto::Media2Payload& packet, Instant now);
  /// A packet of this sender came that carries no sound (media/2 control): its number is not
  /// missing.
  void note_number(SeqNo16 seq) noexcept;

  /// Fills `out` (kSamplesPerTick samples) with the next 20 ms, and says where its first sample
  /// came from. kNothing: the stream has not started or has paused for long; `out` is silence.
  PlayoutOrigin play(MutablePcm out, Instant now);

  /// The sender has left: what is buffered is still played.
  void end_of_stream() noexcept;
  /// It has left, and everything was played.
  [[nodiscard]] bool is_finished() const noexcept;

  [[nodiscard]] ReceiveStatistics statistics() const;
  /// How much later than the fastest recent packet's arrival sound is heard, as of the last play().
  [[nodiscard]] Duration buffer_delay() const noexcept;
  /// The sender's media time of the first sample of the last play(), to a millisecond (15 where
  /// sound is being stretched); nothing after kNothing.
  [[nodiscard]] std::optional<MediaTime32> heard_time() const noexcept;

  /// Told each frame forward error correction rebuilt, before it goes into the buffer: for tests.
  using RecoveredObserver = void (*)(void* context, MediaTime32 timestamp, ByteView frame);
  void set_recovered_observer(RecoveredObserver observer, void* context) noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::client
