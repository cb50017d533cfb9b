#include "media2_sender.hpp"

#include <array>

namespace wzp::client {
namespace {

// Without a media packet for so long, reports go in packets of their own.
constexpr std::chrono::milliseconds kMediaCarries{250};

}  // namespace

std::optional<MediaProfile> media_profile(const proto::QualityProfile& profile) {
  if (profile == proto::kProfileGood) return MediaProfile::kGood;
  if (profile == proto::kProfileDegraded) return MediaProfile::kDegraded;
  if (profile == proto::kProfileCatastrophic) return MediaProfile::kRescue;
  return std::nullopt;
}

// A constant rate stays with the plain layout: reports of changing length ride in media/2.
Media2Sender::Media2Sender(RelayLink& relay, const CallOptions& options)
    : relay_(relay), enabled_(options.media2 && !options.constant_rate) {
  options_.silence_suppression = options.silence_suppression;
  options_.noise_suppression = options.noise_suppression;
  options_.gain_control = options.gain_control;
  if (options.profile != proto::kProfileGood) forced_ = media_profile(options.profile);
}

void Media2Sender::set_loop(MediaLoop* loop, Instant now) {
  loop_ = loop;
  if (loop_ != nullptr && forced_) loop_->force(forced_, now);
}

bool Media2Sender::is_possible() const noexcept {
  return enabled_ && security_ != nullptr && security_->takes_media2();
}

MediaPlan Media2Sender::wanted_plan() const {
  if (loop_ != nullptr) return loop_->control().plan();
  return plan_media({}, limits_of(forced_.value_or(MediaProfile::kGood)));
}

void Media2Sender::follow_plan() {
  const MediaPlan wanted = wanted_plan();
  if (!encoder_) {
    options_.plan = plan_ = wanted;
    encoder_.emplace(options_);
  } else if (!(wanted == plan_)) {
    plan_ = wanted;
    encoder_->set_plan(wanted);
  }
}

void Media2Sender::push(PcmView pcm, bool muted, Instant now) {
  follow_plan();
  if (!muted && is_packet_due(now)) attach_feedback(now);
  send(muted ? encoder_->push_muted() : encoder_->push(pcm), now);
}

void Media2Sender::finish(Instant now) {
  if (encoder_) send(encoder_->finish(), now);
}

void Media2Sender::force(std::optional<MediaProfile> profile, Instant now) {
  forced_ = profile;
  if (loop_ != nullptr) loop_->force(profile, now);
}

// With this tick a packet is complete: a report made earlier would be old when it leaves.
bool Media2Sender::is_packet_due(Instant now) const noexcept {
  return !last_media_ || now + kTick > *last_media_ + plan_.packet_time() - kTick / 2;
}

void Media2Sender::attach_feedback(Instant now) {
  if (loop_ == nullptr || feedback_waits_) return;
  const auto section = loop_->poll_feedback(true, now);
  if (section) feedback_waits_ = encoder_->attach(proto::Media2Sections::kFeedback, *section);
}

void Media2Sender::send_feedback(Instant now) {
  const bool carried = last_media_ && now - *last_media_ < kMediaCarries;
  if (loop_ == nullptr || carried || !is_possible()) return;
  const auto section = loop_->poll_feedback(false, now);
  if (!section) return;
  std::array<std::byte, 2 + proto::Media2Sections::kMostBytes> room{};
  proto::Media2Writer writer(room);
  writer.add_section(proto::Media2Sections::kFeedback, *section);
  if (writer.ok()) static_cast<void>(send_payload(true, writer.bytes(), now));
}

void Media2Sender::send(std::span<const Media2Packet> packets, Instant now) {
  for (const Media2Packet& packet : packets) {
    feedback_waits_ = false;
    last_media_ = now;
    if (send_payload(false, packet.payload, now)) ++counted_.packets_sent;
  }
}

bool Media2Sender::send_payload(bool control, ByteView payload, Instant now) {
  const auto sealed = security_->seal_media2(control, payload, now);
  if (!sealed) {
    ++counted_.packets_unheard;
    return false;
  }
  if (loop_ != nullptr) loop_->on_sent(sealed->seq);
  if (!relay_.send_media(sealed->bytes, now)) {
    ++counted_.packets_not_sent;
    return false;
  }
  bytes_sent_ += sealed->bytes.size();
  return true;
}

void Media2Sender::add_to(CallStatistics& out) const {
  out.packets_sent += counted_.packets_sent;
  out.packets_not_sent += counted_.packets_not_sent;
  out.packets_unheard += counted_.packets_unheard;
}

}  // namespace wzp::client
