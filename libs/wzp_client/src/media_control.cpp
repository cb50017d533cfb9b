#include "wzp/client/media_control.hpp"

#include <algorithm>
#include <vector>

#include "listener_estimate.hpp"
#include "plan_selector.hpp"

namespace wzp::client {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kUpdateEvery(100);
// Where the planner's clean limits leave nothing but the cheapest plan, longer packets are allowed.
constexpr double kNarrowKbps = 17;
constexpr double kVeryNarrowKbps = 9;
// Legacy: wire rates of Good 60, Degraded 29, Catastrophic 30 kbit/s.
constexpr double kLegacyGoodKbps = 48;
constexpr double kLegacyDegradedKbps = 40;
constexpr milliseconds kLegacyStay(4000);

PlanLimits limits_for(double kbps, double max_kbps) noexcept {
  PlanLimits limits;
  limits.max_kbps = std::min(limits.max_kbps, max_kbps);
  limits.max_kbps_clean = std::min(limits.max_kbps_clean, max_kbps);
  if (kbps < kNarrowKbps) {
    limits.max_added_delay_clean = milliseconds(120);
    limits.max_added_delay = milliseconds(240);
  }
  if (kbps < kVeryNarrowKbps) limits.max_added_delay = milliseconds(400);
  return limits;
}

std::uint8_t in_steps(double percent) noexcept {
  constexpr std::uint8_t kSteps[] = {0, 2, 5, 10, 15, 20, 30, 40, 60};
  std::uint8_t out = 0;
  for (const std::uint8_t step : kSteps) {
    if (percent >= 0.75 * step) out = step;
  }
  return out;
}

proto::QualityProfile legacy_of(MediaProfile profile) noexcept {
  switch (profile) {
    case MediaProfile::kGood:
      return proto::kProfileGood;
    case MediaProfile::kDegraded:
      return proto::kProfileDegraded;
    case MediaProfile::kRescue:
      break;
  }
  return proto::kProfileCatastrophic;
}

}  // namespace

class MediaControl::Impl {
 public:
  explicit Impl(const MediaControlOptions& options)
      : options_(options), selector_(first_plan(options)) {
    rate_.initial_kbps = options.initial_kbps;
    rate_.min_kbps = options.min_kbps;
    // Room to see that there is more than is used.
    rate_.max_kbps = 2 * std::max(options.max_kbps, options.initial_kbps);
    path_.available_kbps = std::min(options.initial_kbps, options.max_kbps);
    if (options.legacy_thresholds) {
      proto::QualityControlConfig config = proto::careful_config();
      config.thresholds = *options.legacy_thresholds;
      by_thresholds_.emplace(config);
    }
  }

  void on_feedback(proto::SenderKey from, const proto::MediaFeedback& feedback, proto::SenderKey me,
                   Instant now) {
    const proto::SenderFeedback* about_us = feedback.find(me);
    if (about_us == nullptr || !newest_sent_) return;
    ListenerEstimate* listener = listener_of(from, now);
    if (listener == nullptr) return;
    const std::uint64_t before = listener->refused();
    listener->on_feedback(feedback, *about_us, *newest_sent_, own_rtt_, now);
    refused_ += listener->refused() - before;
    dirty_ = true;
  }

  void on_report(proto::SenderKey from, const proto::QualityReport& report, Instant now) {
    ListenerEstimate* listener = listener_of(from, now);
    if (listener == nullptr) return;
    listener->on_report(report, now);
    if (by_thresholds_) by_thresholds_->observe(report);
    dirty_ = true;
  }

  void on_listener_left(proto::SenderKey from) noexcept {
    listeners_.erase(std::remove_if(listeners_.begin(), listeners_.end(),
                                    [&](const ListenerEstimate& l) { return l.key() == from; }),
                     listeners_.end());
    dirty_ = true;
  }

  void on_transport(const transport::ConnectionStats& stats, Instant now) noexcept {
    own_rtt_ = stats.smoothed_rtt;
    const std::uint64_t dropped = stats.datagrams_dropped_full + stats.datagrams_dropped_aged;
    if (dropped > dropped_ && have_stats_) {
      for (ListenerEstimate& l : listeners_) l.on_local_drop(now);
      dirty_ = true;
    }
    dropped_ = dropped;
    have_stats_ = true;
  }

  bool update(Instant now) {
    if (!dirty_ && updated_ && now - *updated_ < std::chrono::seconds(1)) return false;
    if (updated_ && now - *updated_ < kUpdateEvery) return false;
    updated_ = now;
    dirty_ = false;
    if (fresh_count(now) > 0) path_ = estimate(now);
    const bool plan_changed = selector_.update(path_, limits(), now);
    const bool legacy_changed = update_legacy(now);
    const std::uint8_t loss = in_steps(path_.loss_percent);
    const bool loss_changed = loss != expected_loss_;
    expected_loss_ = loss;
    return plan_changed || legacy_changed || loss_changed;
  }

  void force(std::optional<MediaProfile> profile, Instant now) {
    forced_ = profile;
    if (profile) {
      const PathEstimate path = estimate_for_forced();
      selector_.jump(path, limits_of(*profile), now);
      legacy_ = legacy_of(*profile);
      path_.available_kbps = path.available_kbps;
    } else {
      if (fresh_count(now) > 0) {
        path_ = estimate(now);
      } else {
        path_.available_kbps = std::min(options_.initial_kbps, options_.max_kbps);
      }
      selector_.jump(path_, limits(), now);
      legacy_ = path_.available_kbps >= kLegacyDegradedKbps ? proto::kProfileGood
                                                            : proto::kProfileDegraded;
    }
    dirty_ = true;
  }

  [[nodiscard]] MediaControlState state(Instant now) const {
    MediaControlState out;
    out.path = path_;
    out.shape_changes = selector_.shape_changes();
    out.feedback_refused = refused_;
    for (const ListenerEstimate& l : listeners_) {
      if (!l.is_fresh(now)) continue;
      ++out.listeners;
      out.queue = std::max(out.queue, l.rate().queue());
      out.is_draining = out.is_draining || l.rate().state() == proto::RateControl::State::kDraining;
      out.is_competing =
          out.is_competing || l.rate().state() == proto::RateControl::State::kCompeting;
    }
    return out;
  }

  [[nodiscard]] std::vector<ListenerState> listeners(Instant now) const {
    std::vector<ListenerState> out;
    for (const ListenerEstimate& l : listeners_) {
      if (!l.is_fresh(now)) continue;
      out.push_back({l.key(), l.loss().percent(), l.jitter(), l.rtt(), l.rate_kbps()});
    }
    return out;
  }

  std::optional<SeqNo16> newest_sent_;
  std::optional<MediaProfile> forced_;
  proto::QualityProfile legacy_ = proto::kProfileGood;
  std::uint8_t expected_loss_ = 0;
  [[nodiscard]] const MediaPlan& plan() const noexcept { return selector_.plan(); }

 private:
  static MediaPlan first_plan(const MediaControlOptions& options) {
    PathEstimate path;
    path.available_kbps = std::min(options.initial_kbps, options.max_kbps);
    return plan_media(path, limits_for(path.available_kbps, options.max_kbps));
  }

  [[nodiscard]] PlanLimits limits() const noexcept {
    return forced_ ? limits_of(*forced_) : limits_for(path_.available_kbps, options_.max_kbps);
  }

  [[nodiscard]] PathEstimate estimate_for_forced() const noexcept {
    PathEstimate path = path_;
    path.available_kbps = 0;
    return path;
  }

  ListenerEstimate* listener_of(proto::SenderKey key, Instant now) {
    for (ListenerEstimate& l : listeners_) {
      if (l.key() == key) return &l;
    }
    if (listeners_.size() >= kMaxListeners) {
      listeners_.erase(std::remove_if(listeners_.begin(), listeners_.end(),
                                      [&](const ListenerEstimate& l) { return !l.is_fresh(now); }),
                       listeners_.end());
    }
    if (listeners_.size() >= kMaxListeners) return nullptr;
    return &listeners_.emplace_back(key, rate_);
  }

  [[nodiscard]] std::size_t fresh_count(Instant now) const noexcept {
    return static_cast<std::size_t>(
        std::count_if(listeners_.begin(), listeners_.end(),
                      [&](const ListenerEstimate& l) { return l.is_fresh(now); }));
  }

  /// The worst of all, but for what a single one of several may ask.
  [[nodiscard]] PathEstimate estimate(Instant now) const noexcept {
    double lowest = 1e9;
    double second_lowest = 1e9;
    double second_loss = 0;
    double loss = 0;
    const ListenerEstimate* lossiest = nullptr;
    Duration rtt{0};
    for (const ListenerEstimate& l : listeners_) {
      if (!l.is_fresh(now)) continue;
      const double rate = l.rate_kbps();
      second_lowest = std::min(second_lowest, std::max(rate, lowest));
      lowest = std::min(lowest, rate);
      const double lost = l.loss().percent();
      if (lossiest == nullptr || lost > loss) {
        second_loss = std::max(second_loss, loss);
        loss = lost;
        lossiest = &l;
      } else {
        second_loss = std::max(second_loss, lost);
      }
      rtt = std::max(rtt, l.rtt());
    }
    const bool several = fresh_count(now) > 1;
    PathEstimate path;
    if (several) {
      lowest = std::max(lowest, std::min(second_lowest, options_.outlier_floor_kbps));
      loss = std::min(loss, std::max(second_loss, options_.outlier_loss_percent));
    }
    path.available_kbps = std::clamp(lowest, options_.min_kbps, options_.max_kbps);
    if (forced_) path.available_kbps = lowest_cap(now);
    path.loss_percent = loss;
    path.mean_burst_packets = lossiest->loss().mean_burst();
    if (lossiest->loss().packet_interval() > Duration(0)) {
      path.packet_interval = lossiest->loss().packet_interval();
    }
    path.jitter = lossiest->jitter();
    path.rtt = own_rtt_ + rtt;
    return path;
  }

  [[nodiscard]] double lowest_cap(Instant now) const noexcept {
    double lowest = 0;
    for (const ListenerEstimate& l : listeners_) {
      if (!l.is_fresh(now) || l.cap_kbps() == 0) continue;
      lowest = lowest == 0 ? l.cap_kbps() : std::min<double>(lowest, l.cap_kbps());
    }
    return fresh_count(now) > 1 && lowest > 0 ? std::max(lowest, options_.outlier_floor_kbps)
                                              : lowest;
  }

  bool update_legacy(Instant now) {
    const proto::QualityProfile wanted = wanted_legacy();
    if (wanted == legacy_) return false;
    if (!forced_ && legacy_changed_ && now - *legacy_changed_ < kLegacyStay) return false;
    legacy_changed_ = now;
    legacy_ = wanted;
    return true;
  }

  [[nodiscard]] proto::QualityProfile wanted_legacy() const {
    if (forced_) return legacy_of(*forced_);
    if (by_thresholds_) return by_thresholds_->profile();
    const bool is_good = legacy_ == proto::kProfileGood;
    const double needed = is_good ? kLegacyDegradedKbps : kLegacyGoodKbps;
    return path_.available_kbps >= needed ? proto::kProfileGood : proto::kProfileDegraded;
  }

  MediaControlOptions options_;
  proto::RateControlConfig rate_;
  PlanSelector selector_;
  std::vector<ListenerEstimate> listeners_;
  std::optional<proto::AdaptiveQualityController> by_thresholds_;
  PathEstimate path_;
  Duration own_rtt_{0};
  std::uint64_t dropped_ = 0;
  bool have_stats_ = false;
  bool dirty_ = false;
  std::optional<Instant> updated_;
  std::optional<Instant> legacy_changed_;
  std::uint64_t refused_ = 0;
};

MediaControl::MediaControl(const MediaControlOptions& options)
    : impl_(std::make_unique<Impl>(options)) {}
MediaControl::~MediaControl() = default;
MediaControl::MediaControl(MediaControl&&) noexcept = default;
MediaControl& MediaControl::operator=(MediaControl&&) noexcept = default;

void MediaControl::on_sent(SeqNo16 newest) noexcept { impl_->newest_sent_ = newest; }
void MediaControl::on_feedback(proto::SenderKey from, const proto::MediaFeedback& feedback,
                               proto::SenderKey me, Instant now) {
  impl_->on_feedback(from, feedback, me, now);
}
void MediaControl::on_report(proto::SenderKey from, const proto::QualityReport& report,
                             Instant now) {
  impl_->on_report(from, report, now);
}
void MediaControl::on_listener_left(proto::SenderKey from) noexcept {
  impl_->on_listener_left(from);
}
void MediaControl::on_transport(const transport::ConnectionStats& stats, Instant now) noexcept {
  impl_->on_transport(stats, now);
}
bool MediaControl::update(Instant now) { return impl_->update(now); }
const MediaPlan& MediaControl::plan() const noexcept { return impl_->plan(); }
proto::QualityProfile MediaControl::legacy_profile() const noexcept { return impl_->legacy_; }
std::uint8_t MediaControl::expected_loss() const noexcept { return impl_->expected_loss_; }
void MediaControl::force(MediaProfile profile, Instant now) { impl_->force(profile, now); }
void MediaControl::release(Instant now) { impl_->force(std::nullopt, now); }
std::optional<MediaProfile> MediaControl::forced() const noexcept { return impl_->forced_; }
std::vector<ListenerState> MediaControl::listeners(Instant now) const {
  return impl_->listeners(now);
}
MediaControlState MediaControl::state(Instant now) const { return impl_->state(now); }

}  // namespace wzp::client
