// The closed loop of a call in the legacy layout: how the others are heard goes out as quality
// reports, what they report decides how to send.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "wzp/client/feedback_reporter.hpp"
#include "wzp/client/media_control.hpp"
#include "wzp/proto/media_packet.hpp"
#include "wzp/proto/signal.hpp"

namespace wzp::client {

class MediaLoop {
 public:
  // -- In
  // An authentic packet of a stream; a report at its end concerns us.
  void on_packet(StreamId from, const proto::MediaPacketView& packet, Instant now);
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

  // Makes up its mind; true if profile() or expected_loss() changed.
  bool update(Instant now);
  // Nothing until a report changed it, or one was forced.
  [[nodiscard]] std::optional<proto::QualityProfile> profile() const noexcept { return profile_; }
  [[nodiscard]] std::uint8_t expected_loss() const noexcept { return control_.expected_loss(); }
  [[nodiscard]] const MediaControl& control() const noexcept { return control_; }

  struct Counters {
    std::uint64_t reports_sent = 0;
    std::uint64_t updates_sent = 0;
    std::uint64_t reports_received = 0;
  };
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

 private:
  [[nodiscard]] bool rides(Instant now) const noexcept;
  [[nodiscard]] std::size_t heard_lately(Instant now) const noexcept;

  FeedbackReporter reporter_;
  MediaControl control_;
  std::map<StreamId, Instant> heard_;
  std::chrono::milliseconds last_duration_{20};
  Duration rtt_{0};
  std::optional<Instant> rode_;
  std::optional<proto::QualityProfile> profile_;
  Counters counters_;
};

}  // namespace wzp::client
