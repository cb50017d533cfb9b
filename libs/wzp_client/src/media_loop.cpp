#include "media_loop.hpp"

#include <algorithm>
#include <variant>

#include "wzp/client/audio.hpp"
#include "wzp/codec/audio_decoder.hpp"

namespace wzp::client {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostStreams = 128;
constexpr milliseconds kSpeaksFor(2000);
constexpr milliseconds kRidesFor(1500);

proto::SenderKey key_from(std::span<const std::byte> instance) noexcept {
  return {ByteReader(instance).u32()};
}

proto::QualityProfile recommended(proto::QualityReport report) noexcept {
  report.rtt_4ms = 0;  // a long path is no reason
  return proto::profile_of(proto::classify(report, proto::kControllerThresholds));
}

}  // namespace

// Without an instance (the relay names none) the stream stands in for the key.
proto::SenderKey MediaLoop::key_of(StreamId stream) const noexcept {
  const auto known = keys_.find(stream);
  return known != keys_.end() ? known->second : proto::SenderKey{stream.value};
}

void MediaLoop::set_self(std::span<const std::byte> instance) noexcept {
  self_ = key_from(instance);
}

void MediaLoop::set_sender(StreamId stream, std::span<const std::byte> instance) {
  if (keys_.size() >= kMostStreams && keys_.find(stream) == keys_.end()) return;
  const proto::SenderKey key = key_from(instance);
  if (key_of(stream) != key) on_left(stream);
  keys_[stream] = key;
}

void MediaLoop::set_playout_delay(StreamId stream, Duration delay) noexcept {
  reporter_.set_playout_delay(key_of(stream), delay);
}

MediaLoop::Remote* MediaLoop::note_heard(StreamId from, Instant now) {
  if (heard_.size() >= kMostStreams && heard_.find(from) == heard_.end()) return nullptr;
  Remote& remote = heard_[from];
  remote.heard = now;
  return &remote;
}

void MediaLoop::on_media2(StreamId from, SeqNo16 seq, const proto::Media2Payload& packet,
                          std::size_t bytes, Instant now) {
  Remote* remote = note_heard(from, now);
  if (remote == nullptr) return;
  // Only differences count, so any beginning will do.
  const int steps = remote->has_time ? packet.time.distance_from(remote->time_on_wire) : 0;
  const MediaTime32 begins = remote->time + steps * proto::Media2Time::kStepMs;
  if (!remote->has_time || steps > 0) {
    remote->has_time = true;
    remote->time = begins;
    remote->time_on_wire = packet.time;
  }
  // A packet of silence leaves at the end of the tick from which on it is silent.
  const milliseconds length = packet.is_silent ? milliseconds(20) : packet.shape.unit;
  reporter_.on_packet(key_of(from), seq, begins + length.count(), bytes, now);
}

void MediaLoop::on_control(StreamId from, SeqNo16 seq, std::size_t bytes, Instant now) {
  static_cast<void>(now);
  reporter_.on_number(key_of(from), seq, bytes);
}

void MediaLoop::on_feedback(StreamId from, ByteView section, Instant now) {
  const auto feedback = proto::parse_media_feedback(section);
  if (!feedback) {
    ++counters_.feedback_malformed;
    return;
  }
  ++counters_.feedback_received;
  control_.on_feedback(key_of(from), *feedback, self_, now);
}

std::optional<ByteView> MediaLoop::poll_feedback(bool riding, Instant now) noexcept {
  const auto feedback = reporter_.poll(riding, section_.size(), now);
  if (!feedback) return std::nullopt;
  const auto size = proto::write_media_feedback(*feedback, section_);
  if (!size) return std::nullopt;
  ++counters_.feedback_sent;
  return ByteView(section_).first(*size);
}

void MediaLoop::on_packet(StreamId from, const proto::MediaPacketView& packet, Instant now) {
  if (note_heard(from, now) == nullptr) return;
  const proto::MediaHeader& header = packet.header;
  milliseconds length(0);  // repair and comfort noise are stamped with their end
  if (!header.is_repair && header.codec != proto::CodecId::kComfortNoise) {
    const auto samples = codec::samples_in_packet(header.codec, packet.payload);
    if (samples) last_duration_ = milliseconds(*samples * 1000 / kSampleRateHz);
    length = last_duration_;
  }
  reporter_.on_packet(key_of(from), header.seq, header.timestamp + length.count(),
                      proto::encoded_size(packet), now);
  if (packet.report) {
    ++counters_.reports_received;
    control_.on_report(key_of(from), *packet.report, now);
  }
}

bool MediaLoop::on_signal(StreamId from, std::string_view json, Instant now) {
  const auto signal = proto::parse_signal(as_byte_view(json));
  const auto* update = signal ? std::get_if<proto::QualityUpdate>(&*signal) : nullptr;
  if (update == nullptr) return false;
  ++counters_.reports_received;
  control_.on_report(key_of(from), update->report, now);
  return true;
}

void MediaLoop::on_left(StreamId stream) noexcept {
  reporter_.forget(key_of(stream));
  control_.on_listener_left(key_of(stream));
  heard_.erase(stream);
  keys_.erase(stream);
}

void MediaLoop::on_transport(const transport::ConnectionStats& stats, Instant now) noexcept {
  rtt_ = stats.smoothed_rtt;
  control_.on_transport(stats, now);
}

std::size_t MediaLoop::heard_lately(Instant now) const noexcept {
  return static_cast<std::size_t>(std::count_if(heard_.begin(), heard_.end(), [&](const auto& h) {
    return now - h.second.heard < kSpeaksFor;
  }));
}

bool MediaLoop::rides(Instant now) const noexcept { return rode_ && now - *rode_ < kRidesFor; }

std::optional<proto::QualityReport> MediaLoop::report_to_ride(Instant now) {
  if (heard_.size() != 1 || heard_lately(now) != 1) return std::nullopt;
  const auto report = reporter_.poll_quality_report(key_of(heard_.begin()->first), rtt_, now);
  if (!report) return std::nullopt;
  rode_ = now;
  ++counters_.reports_sent;
  return report;
}

std::optional<std::pair<StreamId, proto::QualityUpdate>> MediaLoop::poll_update(Instant now) {
  if (rides(now)) return std::nullopt;
  for (const auto& [stream, remote] : heard_) {
    if (now - remote.heard >= kSpeaksFor) continue;
    const auto report = reporter_.poll_quality_report(key_of(stream), rtt_, now);
    if (!report) continue;
    ++counters_.updates_sent;
    return std::pair(stream, proto::QualityUpdate{*report, recommended(*report)});
  }
  return std::nullopt;
}

void MediaLoop::add_to(WebrtcStats& stats, Instant now) const {
  for (InboundStatistics& in : stats.inbound) {
    const auto totals = reporter_.totals(key_of(in.stream));
    if (!totals) continue;
    in.packets_lost = totals->lost;
    in.bytes_received = totals->bytes;
    in.jitter_seconds = totals->jitter_ms / 1000;
  }
  for (const ListenerState& l : control_.listeners(now)) {
    const auto stream = std::find_if(heard_.begin(), heard_.end(),
                                     [&](const auto& h) { return key_of(h.first) == l.listener; });
    if (stream == heard_.end()) continue;
    RemoteInboundStatistics remote;
    remote.stream = stream->first;
    remote.fraction_lost = l.loss_percent / 100;
    remote.jitter_seconds = std::chrono::duration<double>(l.jitter).count();
    if (l.rtt > Duration(0)) {
      remote.round_trip_seconds = std::chrono::duration<double>(l.rtt + rtt_).count();
    }
    stats.remote_inbound.push_back(remote);
  }
  const auto state = control_.state(now);
  if (state.listeners > 0) stats.available_bps = state.path.available_kbps * 1000;
}

void MediaLoop::force(std::optional<MediaProfile> profile, Instant now) {
  if (profile) {
    control_.force(*profile, now);
  } else {
    control_.release(now);
  }
}

bool MediaLoop::update(Instant now) {
  const proto::QualityProfile before = control_.legacy_profile();
  if (!control_.update(now)) return false;
  if (control_.legacy_profile() != before) profile_ = control_.legacy_profile();
  return true;
}

}  // namespace wzp::client
