// What goes out: the source on its clock, encoded, sealed, sent.
#pragma once

#include "call_security.hpp"
#include "media2_sender.hpp"
#include "media_loop.hpp"
#include "relay_link.hpp"
#include "wzp/client/call_encoder.hpp"

namespace wzp::client {

class MediaSender {
 public:
  // `source` may be null; all references outlive this object.
  MediaSender(RelayLink& relay, const CallOptions& options, AudioSource* source);

  // Null: everything goes in clear, as in the reference.
  void set_security(CallSecurity* security) noexcept {
    security_ = security;
    media2_.set_security(security);
  }
  // Null: sends as it was told, whatever the others report.
  void set_loop(MediaLoop* loop, Instant now);
  // Every listener has it; reports to senders then travel with it.
  [[nodiscard]] bool sends_media2() const noexcept { return sends_media2_; }
  // A report of its own, if one is due and there is no media to carry it.
  void send_feedback(Instant now) { media2_.send_feedback(now); }
  // From now on; nothing: as the loop says.
  void force_profile(const std::optional<proto::QualityProfile>& profile, Instant now);
  [[nodiscard]] const proto::QualityProfile& profile() const noexcept { return encoder_.profile(); }
  void set_muted(bool muted) noexcept { muted_ = muted; }
  [[nodiscard]] bool is_muted() const noexcept { return muted_; }

  // Whether there is a tick to take every 20 ms.
  [[nodiscard]] bool is_running() const noexcept {
    return constant_rate_ || (source_ != nullptr && !source_ended_);
  }
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept {
    return bytes_sent_ + media2_.bytes_sent();
  }
  [[nodiscard]] bool has_source() const noexcept { return source_ != nullptr; }
  [[nodiscard]] bool source_ended() const noexcept { return source_ended_; }
  // 20 ms of the source.
  void capture(Instant now);
  // The end of the talk: what was begun is protected and sent.
  void finish(Instant now);

  void add_to(CallStatistics& statistics) const;

 private:
  void follow_loop(Instant now);
  void choose_layout(Instant now);
  void end_talk(Instant now);
  void set_profile(const proto::QualityProfile& profile, Instant now);
  bool read(MutablePcm pcm);
  void send(std::span<const EncodedPacket> packets, Instant now);
  void send_sealed(const EncodedPacket& packet, Instant now);
  void send_clear(const EncodedPacket& packet, Instant now);
  void count(const EncodedPacket& packet, std::size_t bytes, bool sent);

  RelayLink& relay_;
  AudioSource* source_;
  CallSecurity* security_ = nullptr;
  MediaLoop* loop_ = nullptr;
  bool forced_;
  CallEncoder encoder_;
  Media2Sender media2_;
  bool sends_media2_ = false;
  std::uint64_t bytes_sent_ = 0;
  bool constant_rate_;
  bool muted_;
  bool source_ended_ = false;
  CallStatistics counted_;  // Those of its members that concern sending.
};

}  // namespace wzp::client
