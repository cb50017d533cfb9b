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

/// Streams stand in for the keys of feedback: reports of this layout name nobody.
proto::SenderKey key_of(StreamId stream) noexcept { return {stream.value}; }

proto::QualityProfile recommended(proto::QualityReport report) noexcept {
  report.rtt_4ms = 0;  // a long path is no reason
  return proto::profile_of(proto::classify(report, proto::kControllerThresholds));
}

}  // namespace

void MediaLoop::on_packet(StreamId from, const proto::MediaPacketView& packet, Instant now) {
  const auto known = heard_.find(from);
  if (known == heard_.end()) {
    if (heard_.size() >= kMostStreams) return;
    heard_.emplace(from, now);
  } else {
    known->second = now;
  }
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
  heard_.erase(stream);
  reporter_.forget(key_of(stream));
  control_.on_listener_left(key_of(stream));
}

void MediaLoop::on_transport(const transport::ConnectionStats& stats, Instant now) noexcept {
  rtt_ = stats.smoothed_rtt;
  control_.on_transport(stats, now);
}

std::size_t MediaLoop::heard_lately(Instant now) const noexcept {
  return static_cast<std::size_t>(std::count_if(
      heard_.begin(), heard_.end(), [&](const auto& h) { return now - h.second < kSpeaksFor; }));
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
  for (const auto& [stream, heard] : heard_) {
    if (now - heard >= kSpeaksFor) continue;
    const auto report = reporter_.poll_quality_report(key_of(stream), rtt_, now);
    if (!report) continue;
    ++counters_.updates_sent;
    return std::pair(stream, proto::QualityUpdate{*report, recommended(*report)});
  }
  return std::nullopt;
}

bool MediaLoop::update(Instant now) {
  const proto::QualityProfile before = control_.legacy_profile();
  if (!control_.update(now)) return false;
  if (control_.legacy_profile() != before) profile_ = control_.legacy_profile();
  return true;
}

}  // namespace wzp::client
