// What goes out in media/2: encoded by the loop's plan, sealed, sent; and how the others are heard.
#pragma once

#include <optional>

#include "call_security.hpp"
#include "media_loop.hpp"
#include "relay_link.hpp"
#include "wzp/client/media2_encoder.hpp"

namespace wzp::client {

// The profile of ours that stands for one of the reference's three; nothing for others.
[[nodiscard]] std::optional<MediaProfile> media_profile(const proto::QualityProfile& profile);

class Media2Sender {
 public:
  // All references outlive this object.
  Media2Sender(RelayLink& relay, const CallOptions& options);

  void set_security(CallSecurity* security) noexcept { security_ = security; }
  void set_loop(MediaLoop* loop, Instant now);
  // Every listener understands it, and nothing must go out in clear.
  [[nodiscard]] bool is_possible() const noexcept;

  // 20 ms of sound, or of a muted microphone.
  void push(PcmView pcm, bool muted, Instant now);
  void finish(Instant now);
  // Keeps to one profile; nothing: as the loop says.
  void force(std::optional<MediaProfile> profile, Instant now);
  // A report of its own, if one is due and no media is there to carry it.
  void send_feedback(Instant now);

  void add_to(CallStatistics& statistics) const;
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }

 private:
  [[nodiscard]] MediaPlan wanted_plan() const;
  void follow_plan();
  [[nodiscard]] bool is_packet_due(Instant now) const noexcept;
  void attach_feedback(Instant now);
  void send(std::span<const Media2Packet> packets, Instant now);
  [[nodiscard]] bool send_payload(bool control, ByteView payload, Instant now);

  RelayLink& relay_;
  bool enabled_;
  CallSecurity* security_ = nullptr;
  MediaLoop* loop_ = nullptr;
  std::optional<MediaProfile> forced_;
  Media2EncoderOptions options_;
  std::optional<Media2Encoder> encoder_;
  MediaPlan plan_;
  std::optional<Instant> last_media_;
  bool feedback_waits_ = false;
  std::uint64_t bytes_sent_ = 0;
  CallStatistics counted_;  // Those of its members that concern sending.
};

}  // namespace wzp::client
