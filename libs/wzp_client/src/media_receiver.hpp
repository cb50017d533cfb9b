// Datagrams of the relay: taken apart, opened, given to their streams.
#pragma once

#include "call_security.hpp"
#include "media_loop.hpp"
#include "remote_streams.hpp"
#include "wzp/client/legacy_sender_tracker.hpp"
#include "wzp/proto/trunk_frame.hpp"

namespace wzp::client {

class MediaReceiver {
 public:
  explicit MediaReceiver(RemoteStreams& streams) : streams_(streams) {}

  // Null: everything comes in clear, as in the reference.
  void set_security(CallSecurity* security) noexcept { security_ = security; }
  void set_loop(MediaLoop* loop) noexcept { loop_ = loop; }
  void set_relay_names_streams(bool names) noexcept { relay_names_streams_ = names; }
  void handle_datagram(ByteView datagram, Instant now);
  void add_to(CallStatistics& statistics) const;

 private:
  void on_trunk(const proto::Result<proto::TrunkFrameView>& frame, Instant now);
  void on_entry(StreamId stream, ByteView packet, Instant now);
  void on_media2(StreamId stream, ByteView packet, Instant now);
  void on_sections(StreamId stream, proto::Media2Sections sections, Instant now);
  void on_plain_packet(ByteView datagram, Instant now);
  void deliver(StreamId stream, const proto::MediaPacketView& packet, Instant now);

  RemoteStreams& streams_;
  CallSecurity* security_ = nullptr;
  MediaLoop* loop_ = nullptr;
  bool relay_names_streams_ = false;
  LegacySenderTracker legacy_senders_;
  std::uint64_t malformed_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace wzp::client
