#include "wzp/client/call_decoder.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include "media2_input.hpp"
#include "wzp/codec/audio_decoder.hpp"
#include "wzp/codec/time_stretcher.hpp"
#include "wzp/fec/frame_block_decoder.hpp"
#include "wzp/proto/playout_delay.hpp"

namespace wzp::client {
namespace {

using std::chrono::milliseconds;

// Recovered frames are in time only if playout is a block behind. That delay is paid while packets
// are being lost, and for so long after the last one.
constexpr std::chrono::seconds kLossMemory{10};
// Repair packets wait behind their block's source packets, so the slack of one tick.
constexpr milliseconds kRepairSlack{20};
// A sender that is silent sends what came just before an onset in one go with it.
constexpr milliseconds kOnsetDelay{60};
constexpr std::uint64_t kFrameMs = 20;
constexpr std::size_t kMaxStretchedSamples =
    codec::kMaxPacketSamples + codec::TimeStretcher::kLongestLag;

fec::FrameBlockDecoder make_fec() {
  auto decoder = fec::FrameBlockDecoder::create();
  return std::move(decoder.value());  // the default options are valid
}

milliseconds duration_of(std::size_t samples) {
  return milliseconds(samples * 1000 / kSampleRateHz);
}

codec::StretchMode mode_for(proto::PlayoutDecision decision) {
  switch (decision) {
    case proto::PlayoutDecision::kAccelerate:
      return codec::StretchMode::kAccelerate;
    case proto::PlayoutDecision::kExpand:
      return codec::StretchMode::kExpand;
    case proto::PlayoutDecision::kNormal:
      break;
  }
  return codec::StretchMode::kNone;
}

}  // namespace

class CallDecoder::Impl {
 public:
  explicit Impl(const proto::JitterBufferConfig& config) : jitter_(config), fec_(make_fec()) {
    pending_.reserve(kSamplesPerTick + kMaxStretchedSamples);
  }

  // -- In ----------------------------------------------------------------------------------------

  void handle_packet(const proto::MediaPacketView& packet, Instant now) {
    ++statistics_.packets_received;
    const proto::MediaHeader& header = packet.header;
    if (header.is_repair) {
      ++statistics_.repair_packets_received;
      jitter_.note_packet(header.seq);
      take_repair(header, packet.payload, now);
    } else if (header.codec == proto::CodecId::kComfortNoise) {
      sender_pauses_ = true;
      jitter_.push({header.seq, header.timestamp, milliseconds(20), header.codec,
                    proto::FrameOrigin::kReceived, packet.payload},
                   now);
    } else {
      take_source(header, packet.payload, now);
    }
  }

  void handle_media2(SeqNo16 seq, const proto::Media2Payload& packet, Instant now) {
    ++statistics_.packets_received;
    const milliseconds span_before = media2_.span();
    const auto frames = media2_.take(seq, packet);
    // The first losses are not waited for: a sender that starts to repeat itself has a reason.
    if (media2_.span() > span_before || skips(seq)) note_loss(now);
    if (packet.is_silent) sender_pauses_ = true;
    for (const proto::JitterFrame& frame : frames) take_media2(frame, now);
  }

  void note_number(SeqNo16 seq) {
    static_cast<void>(skips(seq));
    jitter_.note_packet(seq);
  }

  // -- Out ---------------------------------------------------------------------------------------

  PlayoutOrigin play(MutablePcm out, Instant now) {
    adapt_delay(now);
    const PlayoutOrigin origin = fill_pending(now);
    heard_time_.reset();
    if (origin != PlayoutOrigin::kNothing) {
      heard_time_ = media_end_ - static_cast<std::int64_t>(pending_.size() * 1000 / kSampleRateHz);
    }
    const std::size_t n = std::min(out.size(), pending_.size());
    std::copy_n(pending_.begin(), n, out.begin());
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(n), out.end(), std::int16_t{0});
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(n));
    return origin;
  }

  /// Sound decoded and not yet played: what is popped now is heard so much later.
  [[nodiscard]] Duration pending_time() const noexcept {
    return std::chrono::nanoseconds(pending_.size() * 1'000'000'000 / kSampleRateHz);
  }

  [[nodiscard]] bool is_finished() const noexcept {
    return ended_ && jitter_.depth() == 0 && pending_.empty();
  }

  [[nodiscard]] ReceiveStatistics statistics() const {
    const proto::JitterBufferStats j = jitter_.stats();
    ReceiveStatistics out = statistics_;
    out.frames_received = j.received_ms / kFrameMs;
    out.frames_recovered = j.recovered_ms / kFrameMs;
    out.frames_concealed = j.concealed_ms / kFrameMs;
    out.frames_comfort = j.comfort_ms / kFrameMs;
    out.frames_played = j.played_ms / kFrameMs;
    out.frames_late = j.late * frame_ms_ / kFrameMs;
    out.frames_duplicate = j.duplicates * frame_ms_ / kFrameMs;
    out.frames_discarded = j.discarded * frame_ms_ / kFrameMs;
    out.packets_reordered = j.reordered;
    out.packets_undecodable += media2_.undecodable();
    out.blocks_recovered = fec_.counters().blocks_recovered;
    return out;
  }

  proto::JitterBuffer jitter_;
  bool ended_ = false;
  std::optional<MediaTime32> heard_time_;
  RecoveredObserver observer_ = nullptr;
  void* observer_context_ = nullptr;

 private:
  void take_source(const proto::MediaHeader& header, ByteView payload, Instant now) {
    const auto samples = codec::samples_in_packet(header.codec, payload);
    if (!samples) {
      ++statistics_.packets_undecodable;
      return;
    }
    codec_ = header.codec;
    layout_ = fec::infer_layout(header.codec, header.fec_ratio_code);
    layout_.frame_duration = duration_of(*samples);
    frame_ms_ = static_cast<std::uint64_t>(layout_.frame_duration.count());
    path_.update(unwrapped(header.timestamp), now, false);
    jitter_.push({header.seq, header.timestamp, layout_.frame_duration, header.codec,
                  proto::FrameOrigin::kReceived, payload},
                 now);
    take_recovered(fec_.add_source({header.fec_block, header.fec_symbol, header.timestamp, payload},
                                   layout_, now),
                   now);
  }

  void take_repair(const proto::MediaHeader& header, ByteView payload, Instant now) {
    fec::ReceivedLayout layout = fec::infer_layout(header.codec, header.fec_ratio_code);
    layout.frame_duration = layout_.frame_duration;
    take_recovered(fec_.add_repair({header.fec_block, header.fec_symbol, header.reserved,
                                    header.timestamp, payload},
                                   layout, now),
                   now);
  }

  void take_recovered(const fec::Result<fec::FrameBlockDecoder::Recovered>& recovered,
                      Instant now) {
    if (!recovered) return;  // counted by the decoder
    for (const fec::RecoveredFrame& frame : *recovered) {
      if (observer_ != nullptr) observer_(observer_context_, frame.media_time, frame.frame);
      const auto samples = codec::samples_in_packet(codec_, frame.frame);
      if (!samples) {
        ++statistics_.packets_undecodable;
        continue;
      }
      const proto::PushResult pushed =
          jitter_.push({std::nullopt, frame.media_time, duration_of(*samples), codec_,
                        proto::FrameOrigin::kRecovered, frame.frame},
                       now);
      if (pushed == proto::PushResult::kLate) note_loss(now);
    }
  }

  /// A number before this one has not come (yet).
  bool skips(SeqNo16 seq) noexcept {
    const int ahead = newest_media2_ ? seq.distance_from(*newest_media2_) : 1;
    if (ahead > 0) newest_media2_ = seq;
    return ahead > 1;
  }

  void take_media2(const proto::JitterFrame& frame, Instant now) {
    const bool is_copy = frame.origin == proto::FrameOrigin::kRecovered;
    if (frame.codec != proto::CodecId::kComfortNoise) {
      frame_ms_ = static_cast<std::uint64_t>(frame.duration.count());
      if (!is_copy) path_.update(unwrapped(frame.timestamp), now, false);
    }
    if (is_copy) {
      note_loss(now);
      if (observer_ != nullptr) observer_(observer_context_, frame.timestamp, frame.payload);
    }
    jitter_.push(frame, now);
  }

  /// Media time without wrap, for the delay estimate.
  Duration unwrapped(MediaTime32 timestamp) {
    media_ += timestamp.distance_from(last_timestamp_);
    last_timestamp_ = timestamp;
    return milliseconds(media_);
  }

  /// Called for frames that forward error correction could save, in time or not: then a longer
  /// buffer pays. Frames that are missing for another reason (a pause) say nothing.
  void note_loss(Instant now) {
    last_loss_ = now;
    has_lost_ = true;
  }

  void adapt_delay(Instant now) {
    const bool losing = has_lost_ && now - last_loss_ < kLossMemory;
    milliseconds floor = sender_pauses_ ? kOnsetDelay : milliseconds(0);
    if (losing && layout_.frames_per_block != 0) {
      const milliseconds block = layout_.frame_duration * (layout_.frames_per_block - 1);
      floor = std::max(floor, block + path_.target() + kRepairSlack);
    }
    if (losing && media2_.span() > milliseconds(0)) {
      floor = std::max(floor, media2_.span() + path_.target());
    }
    jitter_.set_delay_floor(floor);
  }

  /// Decodes until a tick's worth is there; the origin of its first sample.
  PlayoutOrigin fill_pending(Instant now) {
    PlayoutOrigin origin = pending_.empty() ? PlayoutOrigin::kNothing : last_origin_;
    while (pending_.size() < kSamplesPerTick) {
      if (ended_ && jitter_.depth() == 0) break;
      const proto::Playout next = jitter_.pop(now);
      if (next.kind == proto::Playout::Kind::kEmpty) break;
      last_origin_ = decode(next);
      if (origin == PlayoutOrigin::kNothing) origin = last_origin_;
      if (last_origin_ == PlayoutOrigin::kRecovered) note_loss(now);
    }
    return origin;
  }

  PlayoutOrigin decode(const proto::Playout& next) {
    const auto length = static_cast<std::size_t>(next.duration.count()) * (kSampleRateHz / 1000);
    std::array<std::int16_t, codec::kMaxPacketSamples> room;
    const MutablePcm out = MutablePcm(room).first(std::min(length, room.size()));
    PlayoutOrigin origin = PlayoutOrigin::kConcealed;
    bool done = false;
    switch (next.kind) {
      case proto::Playout::Kind::kFrame:
        origin = next.origin == proto::FrameOrigin::kRecovered ? PlayoutOrigin::kRecovered
                                                               : PlayoutOrigin::kReceived;
        statistics_.delay.add(next.waited + pending_time());
        done = codec_decoder_.decode(next.codec, next.payload, out).has_value();
        if (!done) ++statistics_.packets_undecodable;
        break;
      case proto::Playout::Kind::kComfortNoise:
        origin = PlayoutOrigin::kComfort;
        done = comfort(next.payload, out);
        break;
      case proto::Playout::Kind::kMissing:
        done = codec_decoder_.decode_fec(next.codec, next.following, out).has_value();
        break;
      default:
        break;
    }
    if (!done && !codec_decoder_.conceal(out)) std::fill(out.begin(), out.end(), std::int16_t{0});
    append_stretched(mode_for(next.decision), out);
    media_end_ = next.timestamp + next.duration.count();
    return origin;
  }

  /// All sound goes through the stretcher, so that it knows what came before.
  void append_stretched(codec::StretchMode mode, PcmView sound) {
    std::array<std::int16_t, kMaxStretchedSamples> room;
    const codec::Stretched done = stretcher_.process(mode, sound, room);
    pending_.insert(pending_.end(), room.begin(),
                    room.begin() + static_cast<std::ptrdiff_t>(done.samples));
    if (done.change > 0) {
      statistics_.samples_inserted += static_cast<std::uint64_t>(done.change);
    } else {
      statistics_.samples_removed += static_cast<std::uint64_t>(-done.change);
    }
  }

  bool comfort(ByteView level, MutablePcm out) {
    for (std::size_t at = 0; at < out.size(); at += kSamplesPerTick) {
      const std::size_t n = std::min(kSamplesPerTick, out.size() - at);
      std::array<std::int16_t, kSamplesPerTick> noise;
      if (!codec_decoder_.decode(proto::CodecId::kComfortNoise, level, noise)) return false;
      std::copy_n(noise.begin(), n, out.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return true;
  }

  fec::FrameBlockDecoder fec_;
  Media2Input media2_;
  std::optional<SeqNo16> newest_media2_;
  codec::AudioDecoder codec_decoder_;
  codec::TimeStretcher stretcher_;
  proto::PlayoutDelayEstimator path_;
  fec::ReceivedLayout layout_;
  proto::CodecId codec_ = proto::CodecId::kOpus24k;
  std::uint64_t frame_ms_ = kFrameMs;
  std::int64_t media_ = 0;
  MediaTime32 last_timestamp_;
  MediaTime32 media_end_;  // of what was decoded last
  Instant last_loss_{};
  bool has_lost_ = false;
  bool sender_pauses_ = false;         // it sends comfort noise
  std::vector<std::int16_t> pending_;  // decoded, not yet played: less than a stretched packet
  PlayoutOrigin last_origin_ = PlayoutOrigin::kNothing;
  ReceiveStatistics statistics_;
};

proto::JitterBufferConfig CallDecoder::default_jitter() noexcept {
  proto::JitterBufferConfig config;
  config.client_stretches = true;
  return config;
}

CallDecoder::CallDecoder(const proto::JitterBufferConfig& jitter)
    : impl_(std::make_unique<Impl>(jitter)) {}
CallDecoder::~CallDecoder() = default;
CallDecoder::CallDecoder(CallDecoder&&) noexcept = default;
CallDecoder& CallDecoder::operator=(CallDecoder&&) noexcept = default;

void CallDecoder::handle_packet(const proto::MediaPacketView& packet, Instant now) {
  impl_->handle_packet(packet, now);
}
void CallDecoder::handle_media2(SeqNo16 seq, const proto::Media2Payload& packet, Instant now) {
  impl_->handle_media2(seq, packet, now);
}
void CallDecoder::note_number(SeqNo16 seq) noexcept { impl_->note_number(seq); }
PlayoutOrigin CallDecoder::play(MutablePcm out, Instant now) { return impl_->play(out, now); }
void CallDecoder::end_of_stream() noexcept { impl_->ended_ = true; }
bool CallDecoder::is_finished() const noexcept { return impl_->is_finished(); }
ReceiveStatistics CallDecoder::statistics() const { return impl_->statistics(); }
Duration CallDecoder::buffer_delay() const noexcept {
  return impl_->jitter_.current_delay() + impl_->pending_time();
}
std::optional<MediaTime32> CallDecoder::heard_time() const noexcept { return impl_->heard_time_; }
void CallDecoder::set_recovered_observer(RecoveredObserver observer, void* context) noexcept {
  impl_->observer_ = observer;
  impl_->observer_context_ = context;
}

}  // namespace wzp::client
