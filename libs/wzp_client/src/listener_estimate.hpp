// What one listener's reports say about the way to it.
#pragma once

#include <cstdint>
#include <optional>

#include "wzp/proto/media_feedback.hpp"
#include "wzp/proto/quality_report.hpp"
#include "wzp/proto/rate_control.hpp"

namespace wzp::client {

/// Loss and burst length over two spans of time: the short one so that a path that turns bad is
/// believed soon, the long one so that it is not forgotten with the first good second.
class LossEstimate {
 public:
  void add(double expected, double lost, double runs, Duration length) noexcept;
  [[nodiscard]] double percent() const noexcept;
  [[nodiscard]] double mean_burst() const noexcept;
  /// Mean time between packets while it was measured; 0: nothing was.
  [[nodiscard]] Duration packet_interval() const noexcept;

 private:
  struct Span {
    double expected = 0;
    double lost = 0;
    double runs = 0;
    double seconds = 0;
    void add(double e, double l, double r, double length, double memory) noexcept;
    [[nodiscard]] double percent() const noexcept {
      return expected > 0 ? 100 * lost / expected : 0;
    }
  };
  Span short_;
  Span long_;
};

class ListenerEstimate {
 public:
  explicit ListenerEstimate(proto::SenderKey key, const proto::RateControlConfig& rate) noexcept
      : key_(key), rate_(rate) {}

  /// A report of this listener. `newest_sent`: numbers beyond it are lies.
  void on_feedback(const proto::MediaFeedback& feedback, const proto::SenderFeedback& about_us,
                   SeqNo16 newest_sent, Duration own_rtt, Instant now) noexcept;
  void on_report(const proto::QualityReport& report, Instant now) noexcept;
  void on_local_drop(Instant now) noexcept { rate_.on_local_drop(now); }

  [[nodiscard]] proto::SenderKey key() const noexcept { return key_; }
  [[nodiscard]] bool is_fresh(Instant now) const noexcept;
  [[nodiscard]] double rate_kbps() const noexcept;
  [[nodiscard]] std::uint8_t cap_kbps() const noexcept { return cap_kbps_; }
  [[nodiscard]] const LossEstimate& loss() const noexcept { return loss_; }
  [[nodiscard]] Duration jitter() const noexcept { return jitter_; }
  [[nodiscard]] Duration rtt() const noexcept { return rtt_; }
  [[nodiscard]] Duration playout() const noexcept { return playout_; }
  [[nodiscard]] const proto::RateControl& rate() const noexcept { return rate_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  void use(const proto::FeedbackInterval& interval, Duration round_trip, Instant now) noexcept;

  proto::SenderKey key_;
  proto::RateControl rate_;
  LossEstimate loss_;
  std::optional<proto::SenderFeedback> last_;
  std::uint16_t last_at_ms_ = 0;
  std::optional<Instant> heard_;
  std::optional<Instant> reported_;
  std::uint8_t cap_kbps_ = 0;
  Duration jitter_{0};
  Duration rtt_{0};
  Duration playout_{0};
  std::uint64_t refused_ = 0;
};

}  // namespace wzp::client
