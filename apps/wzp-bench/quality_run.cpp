#include "quality_run.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "wzp/client/audio.hpp"
#include "wzp/client/call_decoder.hpp"
#include "wzp/codec/estoi.hpp"
#include "wzp/codec/mel_distance.hpp"
#include "wzp/proto/media2_packet.hpp"
#include "wzp/proto/media_packet.hpp"

namespace wzp::bench {
namespace {

using client::kSamplesPerTick;
using Pcm = std::vector<std::int16_t>;

constexpr std::size_t kPiece = client::kSampleRateHz / 2;
constexpr std::size_t kSamplesPerMs = client::kSampleRateHz / 1000;
constexpr double kBestR = 93.2;
constexpr double kBestEstoi = 0.975;
constexpr double kPointsPerEstoi = 200;
// Time for the last frames to be played.
constexpr std::size_t kTailTicks = 100;

/// When each tick of the playout was said.
struct Listening {
  Pcm heard;
  std::vector<std::optional<std::int64_t>> said_ms;
};

void deliver(const Talk& talk, ByteView bytes, Instant at, client::CallDecoder& decoder) {
  if (talk.mode == Mode::kMedia2) {
    const auto header = proto::parse_media2_header(bytes);
    const auto payload = proto::parse_media2_payload(bytes.subspan(proto::Media2Header::kSize));
    decoder.handle_media2(header->seq, *payload, at);
    return;
  }
  const auto packet = proto::parse_media_packet(bytes);
  if (talk.mode == Mode::kReference && packet->header.is_repair) {
    decoder.note_number(packet->header.seq);
  } else {
    decoder.handle_packet(*packet, at);
  }
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(std::max<std::uint64_t>(whole, 1));
}

Listening listen(const Talk& talk, const QualityPath& path, std::uint64_t seed,
                 QualityScore& score) {
  PathChannel channel(path, seed);
  client::CallDecoder decoder;
  Listening out;
  Instant now{};
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  auto next = talk.packets.begin();
  std::array<std::int16_t, kSamplesPerTick> pcm;
  for (std::size_t tick = 0; tick < talk.ticks + kTailTicks; ++tick) {
    now += client::kTick;  // what was said in this tick is sent at its end
    for (; next != talk.packets.end() && next->tick <= tick; ++next) {
      const bool arrives = channel.push(next->bytes, now);
      if (next->is_repair) continue;
      ++sent;
      if (!arrives) ++lost;
    }
    while (const auto packet = channel.pop_due(now)) {
      deliver(talk, packet->bytes, packet->due_at, decoder);
    }
    if (next == talk.packets.end() && channel.is_empty()) decoder.end_of_stream();
    decoder.play(pcm, now);
    out.heard.insert(out.heard.end(), pcm.begin(), pcm.end());
    const auto said = decoder.heard_time();
    out.said_ms.push_back(said ? std::optional<std::int64_t>(said->value()) : std::nullopt);
  }
  const client::ReceiveStatistics r = decoder.statistics();
  score.lost_percent = percent(lost, sent);
  score.residual_percent = percent(r.frames_concealed, r.frames_played);
  score.late_percent = percent(r.frames_late, r.frames_played);
  return out;
}

/// The heard sample that was said at `ms`, by the nearest tick that says so.
std::size_t position_of(const Listening& l, std::int64_t ms, std::int64_t codec_ms,
                        std::size_t near_tick) {
  std::int64_t best = 1'000'000;
  std::size_t at = near_tick * kSamplesPerTick;
  const std::size_t end = std::min(near_tick + 150, l.said_ms.size());
  for (std::size_t tick = near_tick; tick < end; ++tick) {
    if (!l.said_ms[tick]) continue;
    const std::int64_t apart = ms - *l.said_ms[tick];
    if (std::llabs(apart) >= best) continue;
    best = std::llabs(apart);
    const auto sample = static_cast<std::int64_t>(tick * kSamplesPerTick) +
                        (apart + codec_ms) * static_cast<std::int64_t>(kSamplesPerMs);
    at = static_cast<std::size_t>(std::max<std::int64_t>(sample, 0));
  }
  return at;
}

/// What was heard of the speech, piece by piece at the delay of each.
Pcm aligned(const Listening& l, std::size_t speech_samples, std::chrono::microseconds codec_delay) {
  const std::int64_t codec_ms = codec_delay.count() / 1000;
  Pcm out;
  for (std::size_t at = 0; at + kPiece <= speech_samples; at += kPiece) {
    const std::size_t middle = at + kPiece / 2;
    const auto ms = static_cast<std::int64_t>(middle / kSamplesPerMs);
    const std::size_t heard = position_of(l, ms, codec_ms, middle / kSamplesPerTick);
    const std::size_t from = heard >= kPiece / 2 ? heard - kPiece / 2 : 0;
    for (std::size_t i = from; i < from + kPiece; ++i) {
      out.push_back(i < l.heard.size() ? l.heard[i] : std::int16_t{0});
    }
  }
  return out;
}

/// A tick is played from the moment on at which it was asked for.
double mean_delay_ms(const Listening& l) {
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t tick = 0; tick < l.said_ms.size(); ++tick) {
    if (!l.said_ms[tick]) continue;
    sum += static_cast<double>((tick + 1) * 20) - static_cast<double>(*l.said_ms[tick]);
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

}  // namespace

double conversation_r(double estoi, double delay_ms) {
  client::HeardSpeech only_late{proto::CodecId::kOpus24k, 40'000};  // a codec that costs nothing
  only_late.delay = std::chrono::microseconds(static_cast<std::int64_t>(delay_ms * 1000));
  const double listening = kBestR - kPointsPerEstoi * std::max(0.0, kBestEstoi - estoi);
  return std::max(0.0, listening - client::impairment(only_late));
}

QualityRun run_talk(std::span<const std::int16_t> speech, const Talk& talk, const QualityPath& path,
                    std::uint64_t seed) {
  QualityRun run;
  QualityScore& score = run.score;
  Listening l = listen(talk, path, seed, score);
  const double codec_ms = static_cast<double>(talk.codec_delay.count()) / 1000.0;
  score.delay_ms = mean_delay_ms(l) + codec_ms;
  const Pcm found = aligned(l, speech.size(), talk.codec_delay);
  const auto clean = speech.first(found.size());
  score.estoi = codec::estoi(clean, found, client::kSampleRateHz).value_or(0.0);
  score.mel_db = codec::mel_distance_db(clean, found).value_or(0.0);
  score.r = conversation_r(score.estoi, score.delay_ms);
  run.heard = std::move(l.heard);
  return run;
}

}  // namespace wzp::bench
