#include "quality_run.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "wzp/client/audio.hpp"
#include "wzp/client/call_decoder.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/codec/alignment.hpp"
#include "wzp/codec/estoi.hpp"
#include "wzp/proto/media_packet.hpp"

namespace wzp::bench {
namespace {

using client::kSamplesPerTick;
using Pcm = std::vector<std::int16_t>;

constexpr std::size_t kHeaderBytes = 28 + 28;  // IP and UDP, QUIC
constexpr std::size_t kSegment = client::kSampleRateHz;
constexpr std::size_t kLongestLag = client::kSampleRateHz;
constexpr std::ptrdiff_t kNearLag = client::kSampleRateHz / 10;
constexpr double kSameCorrelation = 0.9;
constexpr double kSureCorrelation = 0.5;
constexpr double kSilentRms = 200;
// Time for the last frames to be played.
constexpr std::size_t kTailTicks = 75;

double kbps(std::uint64_t bytes, std::size_t ticks) {
  return static_cast<double>(bytes) * 8 / (static_cast<double>(ticks) * 20);
}

double rms(std::span<const std::int16_t> pcm) {
  double sum = 0;
  for (const std::int16_t s : pcm) sum += static_cast<double>(s) * s;
  return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(pcm.size(), 1)));
}

/// What the listener hears, one tick after the other.
Pcm listen(const EncodedTalk& talk, const transport::ChannelConfig& config, QualityScore& score) {
  transport::Channel channel(config);
  client::CallDecoder decoder;
  Pcm heard;
  Instant now{};
  std::uint64_t audio = 0;
  std::uint64_t lost = 0;
  auto next = talk.packets.begin();
  std::array<std::int16_t, kSamplesPerTick> pcm;
  for (std::size_t tick = 0; tick < talk.ticks + kTailTicks; ++tick) {
    for (; next != talk.packets.end() && next->tick <= tick; ++next) {
      const auto fate = channel.push(next->bytes, now);
      if (proto::parse_media_packet(next->bytes)->header.is_repair) continue;
      ++audio;
      if (fate != transport::Fate::kDelivered) ++lost;
    }
    if (tick == talk.ticks) decoder.end_of_stream();
    now += client::kTick;
    while (const auto packet = channel.pop_due(now)) {
      decoder.handle_packet(*proto::parse_media_packet(packet->bytes), packet->due_at);
    }
    decoder.play(pcm, now);
    heard.insert(heard.end(), pcm.begin(), pcm.end());
  }
  const client::ReceiveStatistics r = decoder.statistics();
  const auto percent = [](std::uint64_t part, std::uint64_t whole) {
    return 100.0 * static_cast<double>(part) /
           static_cast<double>(std::max<std::uint64_t>(whole, 1));
  };
  score.lost_percent = percent(lost, audio);
  score.residual_percent = percent(r.frames_concealed, r.frames_played);
  return heard;
}

/// Looks for the piece near the lag of the one before; everywhere if it is not surely there.
codec::Alignment find_piece(std::span<const std::int16_t> piece, std::span<const std::int16_t> room,
                            const codec::Alignment& before) {
  const auto most = static_cast<std::ptrdiff_t>(room.size() - piece.size());
  if (before.correlation >= kSureCorrelation) {
    const auto low = std::clamp<std::ptrdiff_t>(before.lag - kNearLag, 0, most);
    const auto high = std::clamp<std::ptrdiff_t>(before.lag + kNearLag, 0, most);
    const auto found = codec::align_envelopes(piece, room, low, high);
    if (found.correlation >= kSameCorrelation) return found;
  }
  return codec::align_envelopes(piece, room, 0, most);
}

/// Where each second of the speech was heard. Silent and unrecognisable ones follow the one before.
std::vector<std::ptrdiff_t> find_lags(std::span<const std::int16_t> speech,
                                      std::span<const std::int16_t> heard) {
  std::vector<std::ptrdiff_t> lags;
  codec::Alignment last;
  for (std::size_t at = 0; at + kSegment <= speech.size(); at += kSegment) {
    const auto piece = speech.subspan(at, kSegment);
    const auto room = heard.subspan(at, std::min(kSegment + kLongestLag, heard.size() - at));
    if (rms(piece) >= kSilentRms) {
      const auto found = find_piece(piece, room, last);
      if (found.correlation >= kSureCorrelation) last = found;
    }
    lags.push_back(last.lag);
  }
  return lags;
}

}  // namespace

EncodedTalk encode_talk(std::span<const std::int16_t> speech,
                        const proto::QualityProfile& profile) {
  client::CallEncoder encoder(profile);
  EncodedTalk talk;
  const auto keep = [&](std::span<const client::EncodedPacket> packets) {
    for (const auto& p : packets) {
      talk.packets.push_back({{p.bytes.begin(), p.bytes.end()}, talk.ticks});
      talk.payload_bytes += p.bytes.size() - proto::MediaHeader::kSize;
    }
  };
  for (; (talk.ticks + 1) * kSamplesPerTick <= speech.size(); ++talk.ticks) {
    keep(encoder.push(speech.subspan(talk.ticks * kSamplesPerTick, kSamplesPerTick)));
  }
  keep(encoder.finish());
  const std::uint64_t headers = talk.packets.size() * (proto::MediaHeader::kSize + kHeaderBytes);
  talk.payload_kbps = kbps(talk.payload_bytes, talk.ticks);
  talk.wire_kbps = kbps(talk.payload_bytes + headers, talk.ticks);
  return talk;
}

QualityScore run_talk(std::span<const std::int16_t> speech, const EncodedTalk& talk,
                      const transport::ChannelConfig& channel) {
  QualityScore score;
  const Pcm heard = listen(talk, channel, score);
  const auto lags = find_lags(speech, heard);
  Pcm aligned;
  double sum = 0;
  for (std::size_t i = 0; i < lags.size(); ++i) {
    const auto from = heard.begin() + static_cast<std::ptrdiff_t>(i * kSegment) + lags[i];
    aligned.insert(aligned.end(), from, from + static_cast<std::ptrdiff_t>(kSegment));
    sum += static_cast<double>(lags[i]);
  }
  score.estoi =
      codec::estoi(speech.first(aligned.size()), aligned, client::kSampleRateHz).value_or(0.0);
  // A tick is captured before it is sent.
  score.delay_ms = sum / static_cast<double>(std::max<std::size_t>(lags.size(), 1)) / 48.0 + 20.0;
  return score;
}

}  // namespace wzp::bench
