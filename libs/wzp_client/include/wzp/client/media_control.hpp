/// \file
/// The sending half of the closed loop: what listeners report in, how to send out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "wzp/client/export.hpp"
#include "wzp/client/media_plan.hpp"
#include "wzp/proto/media_feedback.hpp"
#include "wzp/proto/quality_control.hpp"
#include "wzp/proto/quality_profile.hpp"
#include "wzp/proto/quality_report.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/transport/connection.hpp"

namespace wzp::client {

struct MediaControlOptions {
  double initial_kbps = 50;  ///< Believed of a path until it says otherwise.
  double min_kbps = 5;
  /// Highest wire rate ever used; the planner's own limits are 37 without and 50 with copies.
  double max_kbps = 50;
  /// In a room of several, a single listener gets no less than this, however bad its path, its cap
  /// or its honesty: below, it takes two.
  double outlier_floor_kbps = 24;
  double outlier_loss_percent = 10;
  /// Legacy mode by one of the reference's threshold sets (loss and round trip) instead of by rate.
  std::optional<proto::QualityThresholds> legacy_thresholds;
};

/// What the control works with at present, for display and statistics.
struct MediaControlState {
  std::size_t listeners = 0;  ///< With a fresh report.
  PathEstimate path;          ///< What the plan was made for; available_kbps is the rate allowed.
  Duration queue{0};          ///< The longest that any of them sees.
  bool is_draining = false;   ///< Less is sent than gets through, to empty a queue.
  bool is_competing = false;  ///< Beside somebody who keeps the queue full.
  std::uint64_t shape_changes = 0;     ///< Of codec, packet length or copies.
  std::uint64_t feedback_refused = 0;  ///< Reports that cannot be true.
};

/// What one listener's fresh reports say.
struct ListenerState {
  proto::SenderKey listener;
  double loss_percent = 0;
  Duration jitter{0};
  Duration rtt{0};  ///< Its own to the relay; 0: not reported.
  double rate_kbps = 0;
};

/// Decides for one sender how to send to everybody who listens. Reports move it, and nothing else:
/// a long round trip alone changes nothing, loss alone adds copies, a queue lowers the rate. The
/// rate is what the worst listener gets, within bounds (outlier_floor_kbps). A listener that has
/// not reported for 5 s no longer counts; without any the plan stays.
///
///     control.on_sent(seq);
///     control.on_feedback(from, feedback, me, now);
///     if (control.update(now)) encoder.set_plan(control.plan());
///
/// Sans-I/O, single-threaded, movable. Allocates for listeners that are new.
class WZP_CLIENT_EXPORT MediaControl {
 public:
  static constexpr std::size_t kMaxListeners = 128;

  explicit MediaControl(const MediaControlOptions& options = {});
  ~MediaControl();
  MediaControl(MediaControl&&) noexcept;
  MediaControl& operator=(MediaControl&&) noexcept;

  /// The newest packet number that left: what a report may speak of.
  void on_sent(SeqNo16 newest) noexcept;
  /// An authentic report of `from`; only what it says about `me` is used.
  void on_feedback(proto::SenderKey from, const proto::MediaFeedback& feedback, proto::SenderKey me,
                   Instant now);
  /// The legacy layout's report, as packet trailer or QualityUpdate.
  void on_report(proto::SenderKey from, const proto::QualityReport& report, Instant now);
  void on_listener_left(proto::SenderKey from) noexcept;
  /// Of the connection to the relay: round trip, and packets that were thrown away here.
  void on_transport(const transport::ConnectionStats& stats, Instant now) noexcept;

  /// Makes up its mind. Cheap if nothing was reported. \return whether plan() or legacy_profile()
  /// or expected_loss() changed.
  bool update(Instant now);

  [[nodiscard]] const MediaPlan& plan() const noexcept;
  /// The same for the legacy layout: Good, or Degraded below about 45 kbit/s of wire; Catastrophic
  /// costs no less there and is chosen by thresholds or force() only.
  [[nodiscard]] proto::QualityProfile legacy_profile() const noexcept;
  /// For CallEncoder::set_expected_loss(): the measured loss in steps.
  [[nodiscard]] std::uint8_t expected_loss() const noexcept;

  /// Stays within a profile whatever the rate on the path; losses still choose the copies, and a
  /// listener's cap still holds.
  void force(MediaProfile profile, Instant now);
  /// Adapts again.
  void release(Instant now);
  [[nodiscard]] std::optional<MediaProfile> forced() const noexcept;

  [[nodiscard]] MediaControlState state(Instant now) const;
  [[nodiscard]] std::vector<ListenerState> listeners(Instant now) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::client
