// The closed loop of a call: how the others are heard goes out, what they report decides how to
// send. In media/2 as feedback sections, in the legacy layout as quality reports.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "wzp/client/feedback_reporter.hpp"
#include "wzp/client/media_control.hpp"
#include "wzp/client/webrtc_stats.hpp"
#include "wzp/proto/media2_packet.hpp"
#include "wzp/proto/media_packet.hpp"
#include "wzp/proto/signal.hpp"

namespace wzp::client {

class MediaLoop {
 public:
  // -- In
  // An authentic packet of a stream; a report at its end concerns us.
  void on_packet(StreamId from, const proto::MediaPacketView& packet, Instant now);
  // The same in media/2; `bytes` is the size of the whole packet.
  void on_media2(StreamId from, SeqNo16 seq, const proto::Media2Payload& packet, std::size_t bytes,
                 Instant now);
  // A control packet: its number is not missing, but it says nothing about time.
  void on_control(StreamId from, SeqNo16 seq, std::size_t bytes, Instant now);
  // A feedback section of either.
  void on_feedback(StreamId from, ByteView section, Instant now);
  // The number of the newest packet that left.
  void on_sent(SeqNo16 newest) noexcept { control_.on_sent(newest); }
  // Who we are, and who sends a stream: from the end-to-end instance.
  void set_self(std::span<const std::byte> instance) noexcept;
  void set_sender(StreamId stream, std::span<const std::byte> instance);
  void set_playout_delay(StreamId stream, Duration delay) noexcept;
  // An authentic signal. True if it was for the loop.
  bool on_signal(StreamId from, std::string_view json, Instant now);
  void on_left(StreamId stream) noexcept;
  void on_transport(const transport::ConnectionStats& stats, Instant now) noexcept;

  // -- Out
  // For the end of the next packet, once a second while one sender alone is heard: everybody gets
  // the packet, and nothing in the report says whom it is about.
  [[nodiscard]] std::optional<proto::QualityReport> report_to_ride(Instant now);
  // For one sender, when reports do not ride.
  [[nodiscard]] std::optional<std::pair<StreamId, proto::QualityUpdate>> poll_update(Instant now);

  // A feedback section for a media/2 packet that is about to leave (`riding`), or for a control
  // packet of its own. Valid until the next call.
  [[nodiscard]] std::optional<ByteView> poll_feedback(bool riding, Instant now) noexcept;

  // Makes up its mind; true if profile(), expected_loss() or control().plan() changed.
  bool update(Instant now);
  // Nothing until a report changed it, or one was forced.
  [[nodiscard]] std::optional<proto::QualityProfile> profile() const noexcept { return profile_; }
  // Keeps media/2 plans within a profile; nothing: adapts again.
  void force(std::optional<MediaProfile> profile, Instant now);
  [[nodiscard]] std::uint8_t expected_loss() const noexcept { return control_.expected_loss(); }
  [[nodiscard]] const MediaControl& control() const noexcept { return control_; }

  // What was measured of streams that `stats` lists already, and what listeners report.
  void add_to(WebrtcStats& stats, Instant now) const;

  struct Counters {
    std::uint64_t reports_sent = 0;
    std::uint64_t updates_sent = 0;
    std::uint64_t reports_received = 0;
    std::uint64_t feedback_sent = 0;
    std::uint64_t feedback_received = 0;
    std::uint64_t feedback_malformed = 0;
  };
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

 private:
  struct Remote {
    Instant heard{};
    MediaTime32 time;  // of media/2, without the wrap of its 12 bits
    proto::Media2Time time_on_wire;
    bool has_time = false;
  };
  Remote* note_heard(StreamId from, Instant now);
  [[nodiscard]] proto::SenderKey key_of(StreamId stream) const noexcept;
  [[nodiscard]] bool rides(Instant now) const noexcept;
  [[nodiscard]] std::size_t heard_lately(Instant now) const noexcept;

  FeedbackReporter reporter_;
  MediaControl control_;
  std::map<StreamId, Remote> heard_;
  std::map<StreamId, proto::SenderKey> keys_;
  proto::SenderKey self_;
  std::chrono::milliseconds last_duration_{20};
  Duration rtt_{0};
  std::optional<Instant> rode_;
  std::optional<proto::QualityProfile> profile_;
  Counters counters_;
  std::array<std::byte, proto::Media2Sections::kMostBytes> section_{};
};

}  // namespace wzp::client
