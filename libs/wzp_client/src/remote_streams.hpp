// What comes from the others: a decoder for each stream, mixed on the playout clock.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "playout_meter.hpp"
#include "room_view.hpp"
#include "wzp/client/call.hpp"
#include "wzp/client/call_decoder.hpp"
#include "wzp/client/call_observer.hpp"
#include "wzp/client/playout_map.hpp"
#include "wzp/client/webrtc_stats.hpp"
#include "wzp/codec/mixer.hpp"

namespace wzp::client {

class RemoteStreams {
 public:
  // All references outlive this object.
  RemoteStreams(const CallOptions& options, AudioSink& sink, const RoomView& room,
                CallObserver& observer)
      : most_(options.max_remote_streams), sink_(sink), room_(room), observer_(observer) {
    jitter_.min_delay = options.min_playout_delay;
  }

  // False if there are too many streams already.
  bool deliver(StreamId stream, const proto::MediaPacketView& packet, Instant now);
  bool deliver_media2(StreamId stream, SeqNo16 seq, const proto::Media2Payload& packet,
                      Instant now);
  // A packet without sound: its number is not missing.
  void note_number(StreamId stream, SeqNo16 seq);
  // Its sender left: what is buffered is still played.
  void end_of_stream(StreamId stream);
  // Forgets a stream at once; its statistics stay.
  void retire(StreamId stream);
  // 20 ms of everybody, to the sink.
  void play(Instant now);

  [[nodiscard]] std::uint64_t ticks() const noexcept { return tick_; }
  // Streams ever heard.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] ReceiveStatistics statistics() const;
  [[nodiscard]] std::optional<ReceiveStatistics> statistics_of(StreamId stream) const;
  // Of the streams that are heard now.
  [[nodiscard]] std::vector<InboundStatistics> inbound() const;
  void record_map() noexcept { map_enabled_ = true; }
  [[nodiscard]] const PlayoutMap& map() const noexcept { return map_; }

 private:
  static constexpr std::size_t kMaxRetired = 256;
  struct RemoteStream {
    explicit RemoteStream(const proto::JitterBufferConfig& jitter) : decoder(jitter) {}
    CallDecoder decoder;
    PlayoutMeter meter;
    Instant heard{};

    [[nodiscard]] ReceiveStatistics statistics() const;
  };
  using Streams = std::map<StreamId, RemoteStream>;

  // Null if there are too many streams already.
  CallDecoder* decoder_for(StreamId stream, Instant now);
  [[nodiscard]] bool is_forgotten(StreamId stream, const RemoteStream& remote, Instant now) const;
  Streams::iterator retire(Streams::iterator entry);

  std::size_t most_;
  proto::JitterBufferConfig jitter_ = CallDecoder::default_jitter();
  AudioSink& sink_;
  const RoomView& room_;
  CallObserver& observer_;
  Streams streams_;
  codec::Mixer mixer_;
  std::uint64_t tick_ = 0;
  std::uint64_t count_ = 0;
  std::map<StreamId, ReceiveStatistics> retired_;
  ReceiveStatistics retired_sum_;
  PlayoutMap map_;
  bool map_enabled_ = false;
};

}  // namespace wzp::client
