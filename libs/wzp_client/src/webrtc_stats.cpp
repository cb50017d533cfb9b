#include "wzp/client/webrtc_stats.hpp"

#include <cmath>
#include <cstdio>
#include <string_view>

#include "wzp/client/audio.hpp"

namespace wzp::client {
namespace {

constexpr double kTickSeconds = 0.02;

std::string number(double value) {
  if (!std::isfinite(value)) return "0";
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
    out += plain ? c : '?';
  }
  return out + '"';
}

/// One statistics object.
class Stats {
 public:
  Stats(std::string_view type, std::string id, double timestamp_ms) : id_(std::move(id)) {
    member("id", quoted(id_));
    member("type", quoted(type));
    char text[40];
    std::snprintf(text, sizeof text, "%.3f", timestamp_ms);
    member("timestamp", text);
  }
  Stats& text(std::string_view name, std::string_view value) { return member(name, quoted(value)); }
  Stats& flag(std::string_view name, bool value) { return member(name, value ? "true" : "false"); }
  Stats& count(std::string_view name, std::uint64_t value) {
    return member(name, std::to_string(value));
  }
  Stats& signed_count(std::string_view name, std::int64_t value) {
    return member(name, std::to_string(value));
  }
  Stats& real(std::string_view name, double value) { return member(name, number(value)); }
  Stats& real(std::string_view name, const std::optional<double>& value) {
    return value ? real(name, *value) : *this;
  }

  void append_to(std::string& out) const {
    if (!out.empty()) out += ",\n";
    out += "  " + quoted(id_) + ": {" + body_ + "\n  }";
  }

 private:
  Stats& member(std::string_view name, std::string_view value) {
    if (!body_.empty()) body_ += ',';
    body_ += "\n    \"";
    body_ += name;
    body_ += "\": ";
    body_ += value;
    return *this;
  }
  std::string id_;
  std::string body_;
};

std::string id_of(std::string_view prefix, StreamId stream) {
  return std::string(prefix) + std::to_string(stream.value);
}

double seconds_of(std::chrono::nanoseconds d) { return std::chrono::duration<double>(d).count(); }

std::uint64_t samples(std::uint64_t frames) { return frames * kSamplesPerTick; }

void add_inbound(std::string& out, const WebrtcStats& all, const InboundStatistics& in) {
  const ReceiveStatistics& r = in.receive;
  const std::uint64_t emitted = samples(r.frames_received + r.frames_recovered);
  const std::uint64_t heard = samples(r.frames_played) + r.samples_inserted - r.samples_removed;
  Stats s("inbound-rtp", id_of("I", in.stream), all.timestamp_ms);
  s.text("kind", "audio").count("ssrc", in.stream.value).text("transportId", "T");
  s.text("trackIdentifier", in.participant).text("playoutId", "P");
  s.count("packetsReceived", r.packets_received).signed_count("packetsLost", in.packets_lost);
  s.real("jitter", in.jitter_seconds).count("bytesReceived", in.bytes_received);
  s.count("packetsDiscarded", r.frames_late + r.frames_discarded + r.frames_duplicate);
  s.count("fecPacketsReceived", r.repair_packets_received);
  s.real("jitterBufferDelay", r.delay.mean_seconds() * static_cast<double>(emitted));
  s.count("jitterBufferEmittedCount", emitted);
  s.count("totalSamplesReceived", heard);
  s.count("concealedSamples", samples(r.frames_concealed + r.frames_comfort));
  s.count("silentConcealedSamples", samples(r.frames_comfort));
  s.count("concealmentEvents", r.concealment_events);
  s.count("insertedSamplesForDeceleration", r.samples_inserted);
  s.count("removedSamplesForAcceleration", r.samples_removed);
  s.real("audioLevel", r.audio_level).real("totalAudioEnergy", r.total_audio_energy);
  s.real("totalSamplesDuration", static_cast<double>(heard) / kSampleRateHz);
  s.append_to(out);
}

void add_outbound(std::string& out, const WebrtcStats& all) {
  const CallStatistics& c = all.call;
  Stats s("outbound-rtp", "O", all.timestamp_ms);
  s.text("kind", "audio").text("transportId", "T").text("codecId", "C");
  s.count("packetsSent", c.packets_sent).count("bytesSent", all.bytes_sent);
  s.real("targetBitrate", all.target_bps).flag("active", c.frames_sent > 0);
  s.append_to(out);
}

void add_remote_inbound(std::string& out, const WebrtcStats& all,
                        const RemoteInboundStatistics& remote) {
  Stats s("remote-inbound-rtp", id_of("R", remote.stream), all.timestamp_ms);
  s.text("kind", "audio").text("localId", "O").text("transportId", "T");
  s.real("fractionLost", remote.fraction_lost).real("jitter", remote.jitter_seconds);
  s.real("roundTripTime", remote.round_trip_seconds);
  s.append_to(out);
}

void add_playout(std::string& out, const WebrtcStats& all) {
  const double ticks = all.call.connected_seconds / kTickSeconds;
  const auto played = static_cast<std::uint64_t>(std::llround(ticks)) * kSamplesPerTick;
  Stats s("media-playout", "P", all.timestamp_ms);
  s.text("kind", "audio").real("synthesizedSamplesDuration", 0.0);
  s.count("synthesizedSamplesEvents", 0);
  s.real("totalSamplesDuration", static_cast<double>(played) / kSampleRateHz);
  s.real("totalPlayoutDelay", all.playout_delay_seconds * static_cast<double>(played));
  s.count("totalSamplesCount", played);
  s.append_to(out);
}

void add_codec(std::string& out, const WebrtcStats& all) {
  const bool codec2 =
      all.codec == proto::CodecId::kCodec2_1200 || all.codec == proto::CodecId::kCodec2_3200;
  Stats s("codec", "C", all.timestamp_ms);
  s.count("payloadType", static_cast<std::uint64_t>(all.codec)).text("transportId", "T");
  s.text("mimeType", codec2 ? "audio/codec2" : "audio/opus");
  s.count("clockRate", codec2 ? 8000 : 48000).count("channels", 1);
  s.append_to(out);
}

void add_path(std::string& out, const WebrtcStats& all) {
  const transport::ConnectionStats& c = all.connection;
  Stats pair("candidate-pair", "CP", all.timestamp_ms);
  pair.text("transportId", "T").text("state", c.connected ? "succeeded" : "in-progress");
  pair.flag("nominated", true);
  pair.count("packetsSent", c.packets_out).count("packetsReceived", c.packets_in);
  pair.count("bytesSent", c.bytes_out).count("bytesReceived", c.bytes_in);
  pair.count("packetsDiscardedOnSend", c.datagrams_dropped_full + c.datagrams_dropped_aged);
  if (c.smoothed_rtt.count() > 0) pair.real("currentRoundTripTime", seconds_of(c.latest_rtt));
  pair.real("availableOutgoingBitrate", all.available_bps);
  pair.append_to(out);

  Stats transport("transport", "T", all.timestamp_ms);
  transport.text("selectedCandidatePairId", "CP");
  transport.count("packetsSent", c.packets_out).count("packetsReceived", c.packets_in);
  transport.count("bytesSent", c.bytes_out).count("bytesReceived", c.bytes_in);
  transport.text("dtlsState", c.connected ? "connected" : "connecting").text("tlsVersion", "0304");
  transport.append_to(out);
}

}  // namespace

std::string WebrtcStats::to_json() const {
  std::string out;
  for (const InboundStatistics& in : inbound) add_inbound(out, *this, in);
  add_outbound(out, *this);
  for (const RemoteInboundStatistics& remote : remote_inbound) {
    add_remote_inbound(out, *this, remote);
  }
  add_playout(out, *this);
  add_codec(out, *this);
  add_path(out, *this);
  return "{\n" + out + "\n}\n";
}

}  // namespace wzp::client
