// What goes out: the source on its clock, encoded, sealed, sent.
#pragma once

#include "call_security.hpp"
#include "relay_link.hpp"
#include "wzp/client/call_encoder.hpp"

namespace wzp::client {

class MediaSender {
 public:
  // `source` may be null; all references outlive this object.
  MediaSender(RelayLink& relay, const CallOptions& options, AudioSource* source);

  // Null: everything goes in clear, as in the reference.
  void set_security(CallSecurity* security) noexcept { security_ = security; }
  void set_muted(bool muted) noexcept { muted_ = muted; }
  [[nodiscard]] bool is_muted() const noexcept { return muted_; }

  // Whether there is a tick to take every 20 ms.
  [[nodiscard]] bool is_running() const noexcept {
    return constant_rate_ || (source_ != nullptr && !source_ended_);
  }
  [[nodiscard]] bool has_source() const noexcept { return source_ != nullptr; }
  [[nodiscard]] bool source_ended() const noexcept { return source_ended_; }
  // 20 ms of the source.
  void capture(Instant now);
  // The end of the talk: what was begun is protected and sent.
  void finish(Instant now);

  void add_to(CallStatistics& statistics) const;

 private:
  bool read(MutablePcm pcm);
  void send(std::span<const EncodedPacket> packets, Instant now);
  void send_sealed(const EncodedPacket& packet, Instant now);
  void send_clear(const EncodedPacket& packet, Instant now);
  void count(const EncodedPacket& packet, bool sent);

  RelayLink& relay_;
  AudioSource* source_;
  CallSecurity* security_ = nullptr;
  CallEncoder encoder_;
  bool constant_rate_;
  bool muted_;
  bool source_ended_ = false;
  CallStatistics counted_;  // Those of its members that concern sending.
};

}  // namespace wzp::client
