#include "media_sender.hpp"

#include <algorithm>

namespace wzp::client {
namespace {

double milliseconds_of(Instant t) {
  return std::chrono::duration<double, std::milli>(t.time_since_epoch()).count();
}

CallEncoderOptions encoder_options(const CallOptions& options) {
  CallEncoderOptions out;
  out.profile = options.profile;
  out.silence_suppression = options.silence_suppression && !options.constant_rate;
  out.noise_suppression = options.noise_suppression;
  out.gain_control = options.gain_control;
  out.constant_bitrate = options.constant_rate;
  return out;
}

}  // namespace

MediaSender::MediaSender(RelayLink& relay, const CallOptions& options, AudioSource* source)
    : relay_(relay),
      source_(source),
      forced_(options.profile != proto::kProfileGood),
      encoder_(encoder_options(options)),
      media2_(relay, options),
      constant_rate_(options.constant_rate),
      muted_(options.muted) {}

void MediaSender::set_loop(MediaLoop* loop, Instant now) {
  loop_ = loop;
  media2_.set_loop(loop, now);
}

void MediaSender::capture(Instant now) {
  follow_loop(now);
  choose_layout(now);
  std::array<std::int16_t, kSamplesPerTick> pcm;
  const bool had_ended = source_ended_;
  const bool has_sound = read(pcm);
  if (source_ended_ && !had_ended && !constant_rate_) end_talk(now);
  if (has_sound && counted_.frames_sent++ == 0) counted_.capture_started_ms = milliseconds_of(now);
  if (constant_rate_) {
    if (muted_ || !has_sound) pcm.fill(0);
    send(encoder_.push(pcm), now);
  } else if (has_sound && sends_media2_) {
    media2_.push(pcm, muted_, now);
  } else if (has_sound) {
    send(muted_ ? encoder_.push_muted() : encoder_.push(pcm), now);
  }
}

// What was begun in one layout is ended in it; receivers take the other one for a new beginning.
void MediaSender::choose_layout(Instant now) {
  const bool named = !forced_ || media_profile(encoder_.profile());
  const bool wanted = named && media2_.is_possible();
  if (wanted == sends_media2_) return;
  end_talk(now);
  sends_media2_ = wanted;
}

void MediaSender::end_talk(Instant now) {
  if (sends_media2_) {
    media2_.finish(now);
  } else {
    send(encoder_.finish(), now);
  }
}

void MediaSender::follow_loop(Instant now) {
  if (loop_ == nullptr || constant_rate_) return;
  if (sends_media2_) {
    static_cast<void>(loop_->update(now));
    return;
  }
  if (const auto report = loop_->report_to_ride(now)) encoder_.attach_report(*report);
  if (!loop_->update(now)) return;
  encoder_.set_expected_loss(loop_->expected_loss());
  if (!forced_ && loop_->profile()) set_profile(*loop_->profile(), now);
}

void MediaSender::force_profile(const std::optional<proto::QualityProfile>& profile, Instant now) {
  forced_ = profile.has_value();
  media2_.force(profile ? media_profile(*profile) : std::nullopt, now);
  if (profile) {
    set_profile(*profile, now);
  } else {
    const auto wanted = loop_ != nullptr ? loop_->profile() : std::nullopt;
    set_profile(wanted.value_or(proto::kProfileGood), now);
  }
}

void MediaSender::set_profile(const proto::QualityProfile& profile, Instant now) {
  if (profile != encoder_.profile()) send(encoder_.set_profile(profile), now);
}

bool MediaSender::read(MutablePcm pcm) {
  if (source_ == nullptr || source_ended_) return false;
  source_ended_ = !source_->read(pcm);
  return !source_ended_;
}

void MediaSender::finish(Instant now) { end_talk(now); }

void MediaSender::send(std::span<const EncodedPacket> packets, Instant now) {
  for (const EncodedPacket& packet : packets) {
    if (security_ == nullptr) {
      count(packet, packet.bytes.size(), relay_.send_media(packet.bytes, now));
      continue;
    }
    send_sealed(packet, now);
    if (security_->sends_clear()) send_clear(packet, now);
  }
}

void MediaSender::send_sealed(const EncodedPacket& packet, Instant now) {
  const auto sealed = security_->seal(packet.bytes, now);
  if (!sealed) {
    ++counted_.packets_unheard;
    return;
  }
  count(packet, sealed->size(), relay_.send_media(*sealed, now));
}

void MediaSender::send_clear(const EncodedPacket& packet, Instant now) {
  if (relay_.send_media(packet.bytes, now)) {
    ++counted_.clear_packets_sent;
  } else {
    ++counted_.packets_not_sent;
  }
}

void MediaSender::count(const EncodedPacket& packet, std::size_t bytes, bool sent) {
  if (!sent) {
    ++counted_.packets_not_sent;
    return;
  }
  ++counted_.packets_sent;
  bytes_sent_ += bytes;
  if (packet.is_repair) ++counted_.repair_packets_sent;
}

void MediaSender::add_to(CallStatistics& out) const {
  out.frames_sent = counted_.frames_sent;
  out.packets_sent = counted_.packets_sent;
  out.repair_packets_sent = counted_.repair_packets_sent;
  out.packets_not_sent = counted_.packets_not_sent;
  out.clear_packets_sent = counted_.clear_packets_sent;
  out.packets_unheard = counted_.packets_unheard;
  out.capture_started_ms = counted_.capture_started_ms;
  media2_.add_to(out);
}

}  // namespace wzp::client
