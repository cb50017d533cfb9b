#include "remote_streams.hpp"

#include <array>
#include <iterator>

namespace wzp::client {
namespace {

// A stream nobody lists, and that says nothing for this long, is forgotten.
constexpr std::chrono::seconds kForgetUnlisted{10};

}  // namespace

CallDecoder* RemoteStreams::decoder_for(StreamId stream, Instant now) {
  auto found = streams_.find(stream);
  if (found == streams_.end()) {
    if (streams_.size() >= most_) return nullptr;
    found = streams_.try_emplace(stream, jitter_).first;
    ++count_;
  }
  found->second.heard = now;
  return &found->second.decoder;
}

bool RemoteStreams::deliver(StreamId stream, const proto::MediaPacketView& packet, Instant now) {
  CallDecoder* const decoder = decoder_for(stream, now);
  if (decoder != nullptr) decoder->handle_packet(packet, now);
  return decoder != nullptr;
}

bool RemoteStreams::deliver_media2(StreamId stream, SeqNo16 seq, const proto::Media2Payload& packet,
                                   Instant now) {
  CallDecoder* const decoder = decoder_for(stream, now);
  if (decoder != nullptr) decoder->handle_media2(seq, packet, now);
  return decoder != nullptr;
}

void RemoteStreams::note_number(StreamId stream, SeqNo16 seq) {
  const auto found = streams_.find(stream);
  if (found != streams_.end()) found->second.decoder.note_number(seq);
}

void RemoteStreams::end_of_stream(StreamId stream) {
  const auto found = streams_.find(stream);
  if (found != streams_.end()) found->second.decoder.end_of_stream();
}

ReceiveStatistics RemoteStreams::RemoteStream::statistics() const {
  ReceiveStatistics out = decoder.statistics();
  meter.add_to(out);
  return out;
}

void RemoteStreams::play(Instant now) {
  std::array<std::int16_t, kSamplesPerTick> track;
  for (auto entry = streams_.begin(); entry != streams_.end();) {
    auto& [stream, remote] = *entry;
    const PlayoutOrigin origin = remote.decoder.play(track, now);
    if (map_enabled_) map_.add({tick_, stream, origin});
    if (origin != PlayoutOrigin::kNothing) {
      mixer_.add(track);
      remote.meter.add(origin, track);
      sink_.play_track(stream, track, now);
    }
    const bool finished = remote.decoder.is_finished();
    if (finished) observer_.on_played_out(stream);
    const bool gone = finished || is_forgotten(stream, remote, now);
    entry = gone ? retire(entry) : std::next(entry);
  }
  std::array<std::int16_t, kSamplesPerTick> mixed;
  mixer_.finish(mixed);
  sink_.play(mixed, now);
  ++tick_;
}

bool RemoteStreams::is_forgotten(StreamId stream, const RemoteStream& remote, Instant now) const {
  return !room_.lists(stream) && now - remote.heard > kForgetUnlisted;
}

RemoteStreams::Streams::iterator RemoteStreams::retire(Streams::iterator entry) {
  retired_[entry->first].add(entry->second.statistics());
  while (retired_.size() > kMaxRetired) {
    retired_sum_.add(retired_.begin()->second);
    retired_.erase(retired_.begin());
  }
  return streams_.erase(entry);
}

void RemoteStreams::retire(StreamId stream) {
  if (const auto found = streams_.find(stream); found != streams_.end()) retire(found);
}

ReceiveStatistics RemoteStreams::statistics() const {
  ReceiveStatistics out = retired_sum_;
  for (const auto& [stream, retired] : retired_) out.add(retired);
  for (const auto& [stream, remote] : streams_) out.add(remote.statistics());
  return out;
}

std::vector<InboundStatistics> RemoteStreams::inbound() const {
  std::vector<InboundStatistics> out;
  for (const auto& [stream, remote] : streams_) {
    InboundStatistics& in = out.emplace_back();
    in.stream = stream;
    in.receive = remote.statistics();
  }
  return out;
}

std::optional<ReceiveStatistics> RemoteStreams::statistics_of(StreamId stream) const {
  std::optional<ReceiveStatistics> out;
  if (const auto live = streams_.find(stream); live != streams_.end()) {
    out = live->second.statistics();
  }
  if (const auto retired = retired_.find(stream); retired != retired_.end()) {
    if (!out) out.emplace();
    out->add(retired->second);
  }
  return out;
}

}  // namespace wzp::client
