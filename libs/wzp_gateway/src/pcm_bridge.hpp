/// \file
/// Between the PCM of one browser and the packets of a room. Sans I/O.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "wzp/client/call_decoder.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/codec/mixer.hpp"
#include "wzp/proto/bytes.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/proto/signal.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::gateway {

struct PcmBridgeCounters {
  std::uint64_t frames_up = 0;        ///< From the browser, encoded.
  std::uint64_t frames_down = 0;      ///< Mixed for the browser.
  std::uint64_t frames_too_fast = 0;  ///< From the browser, above real time: dropped.
  std::uint64_t frames_short = 0;     ///< Fewer than 960 samples: dropped.
  std::uint64_t frames_filled = 0;    ///< Silence where the browser sent nothing.
  std::uint64_t packets_malformed = 0;
  std::uint64_t packets_over_limit = 0;  ///< Of more streams than are decoded at once.
  std::uint64_t underruns = 0;           ///< Frames that had to be concealed.
  std::uint64_t overruns = 0;            ///< Frames too late, or dropped for delay.
};

/// Up: each frame is encoded as it comes. A browser that pauses (push-to-talk) is filled up with
/// silence, so that media time keeps pace with time; one that sends faster than real time loses
/// what is more than 200 ms ahead. Down: one decoder with its own jitter buffer for each stream of
/// the room, all mixed on the caller's 20 ms clock.
class PcmBridge {
 public:
  static constexpr std::size_t kFrameBytes = client::kSamplesPerTick * 2;
  static constexpr std::size_t kMaxStreams = 16;  ///< Heard at once; 0.4 MB each.
  /// Takes an encoded packet. Called from inside push_frame() and tick().
  using Send = std::function<void(ByteView packet)>;

  explicit PcmBridge(Send send);

  /// PCM of the browser: 16-bit little-endian. More than 960 samples: the first 960 count.
  void push_frame(ByteView pcm, Instant now);
  /// Once per 20 ms: fills pauses.
  void tick(Instant now);

  /// A trunk datagram of the room. False if nothing in it could be used.
  bool handle_datagram(ByteView datagram, Instant now);
  void handle_room(const proto::RoomUpdate& update);
  /// Once per 20 ms: kFrameBytes of everybody else; false if nobody is heard.
  bool play(MutableBytes out, Instant now);

  [[nodiscard]] PcmBridgeCounters counters() const;
  /// Of the stream with the most sound waiting, in frames of 20 ms.
  [[nodiscard]] std::uint64_t buffer_depth() const;
  [[nodiscard]] std::size_t stream_count() const noexcept { return streams_.size(); }

 private:
  struct Stream {
    client::CallDecoder decoder;
    Instant last_packet{};
  };
  bool deliver(StreamId from, ByteView packet, Instant now);
  void encode(client::PcmView samples);
  void retire(const Stream& stream);
  [[nodiscard]] Duration ahead(Instant now) const;

  Send send_;
  client::CallEncoder encoder_;
  codec::Mixer mixer_;
  std::map<StreamId, Stream> streams_;
  PcmBridgeCounters counters_;
  bool has_begun_ = false;
  bool was_heard_ = false;
  Instant began_{};       // when frame 0 was due
  Instant last_frame_{};  // of the browser
  std::uint64_t frames_ = 0;
};

}  // namespace wzp::gateway
