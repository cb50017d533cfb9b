#include "wzp/client/feedback_reporter.hpp"

#include <algorithm>
#include <vector>

#include "wzp/proto/bandwidth_estimator.hpp"

namespace wzp::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kGrownQueue(60);
constexpr milliseconds kUrgentInterval(100);
// A sender that said nothing for this long is not reported on any more; for shorter, the report
// says that nothing comes.
constexpr seconds kSilentAfter(2);
constexpr seconds kForgetAfter(60);
constexpr seconds kQualityInterval(1);
constexpr double kBurstBytes = 100;
// A cap that was measured is asked for so long after the queue that made it.
constexpr seconds kCapTime(3);
constexpr double kCapQueueMs = 100;
constexpr double kLowestCapKbps = 6;
// IP, UDP and QUIC around a media packet.
constexpr std::size_t kWireOverhead = 54;

std::uint16_t wire_clock(Instant now) noexcept {
  const auto ms = std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
  return static_cast<std::uint16_t>(ms);
}

}  // namespace

class FeedbackReporter::Impl {
 public:
  explicit Impl(const FeedbackOptions& options) : options_(options) {}

  void on_packet(proto::SenderKey key, SeqNo16 seq, MediaTime32 media_end, std::size_t bytes,
                 Instant now) {
    Sender* sender = find(key);
    if (sender == nullptr) sender = add(key, now);
    if (sender == nullptr) return;
    sender->monitor.on_packet(seq, media_end, bytes, now);
    // Clocks of senders differ; what each packet took beyond its sender's fastest can be compared.
    const Duration queue = sender->monitor.newest_queue();
    downlink_.on_packet(now.time_since_epoch() - queue, now, bytes + kWireOverhead);
    note_cap(now);
  }

  void on_number(proto::SenderKey key, SeqNo16 seq, std::size_t bytes) noexcept {
    if (Sender* sender = find(key)) sender->monitor.on_number(seq, bytes);
  }

  void set_playout_delay(proto::SenderKey key, Duration delay) noexcept {
    if (Sender* sender = find(key)) sender->playout = delay;
  }

  void forget(proto::SenderKey key) noexcept {
    senders_.erase(std::remove_if(senders_.begin(), senders_.end(),
                                  [&](const Sender& s) { return s.key == key; }),
                   senders_.end());
  }

  std::optional<proto::MediaFeedback> poll(bool riding, std::size_t max_bytes,
                                           Instant now) noexcept {
    refill(now);
    const std::size_t room = std::min(max_bytes, static_cast<std::size_t>(std::max(tokens_, 0.0)));
    if (room < proto::MediaFeedback::kHeaderSize + proto::SenderFeedback::kSize)
      return std::nullopt;
    if (!is_due(riding, now)) return std::nullopt;
    const std::size_t fits =
        (room - proto::MediaFeedback::kHeaderSize) / proto::SenderFeedback::kSize;
    proto::MediaFeedback out;
    out.at_ms = wire_clock(now);
    out.cap_kbps = cap_kbps(now);
    while (out.count < std::min(fits, proto::MediaFeedback::kMaxSenders)) {
      Sender* next = most_pressing(now);
      if (next == nullptr) break;
      out.senders[out.count++] = take_report(*next, now);
    }
    if (out.count == 0) return std::nullopt;
    tokens_ -= static_cast<double>(encoded_size(out));
    last_report_ = now;
    return out;
  }

  [[nodiscard]] Instant next_deadline() const noexcept {
    if (senders_.empty()) return kNever;
    return last_report_ ? *last_report_ + kUrgentInterval : Instant{};
  }

  std::optional<proto::QualityReport> poll_quality_report(proto::SenderKey key, Duration rtt,
                                                          Instant now) noexcept {
    Sender* sender = find(key);
    if (sender == nullptr || !sender->monitor.heard()) return std::nullopt;
    if (sender->quality_at && now - *sender->quality_at < kQualityInterval) return std::nullopt;
    const proto::SenderFeedback present = sender->monitor.report(key, sender->playout);
    const auto interval = sender->quality_at
                              ? proto::interval_between(wire_clock(*sender->quality_at),
                                                        sender->quality, wire_clock(now), present)
                              : std::nullopt;
    sender->quality_at = now;
    sender->quality = present;
    if (!interval || interval->expected == 0) return std::nullopt;
    const float loss =
        100.0F * static_cast<float>(interval->lost()) / static_cast<float>(interval->expected);
    return proto::make_quality_report(loss, std::chrono::duration_cast<milliseconds>(rtt),
                                      milliseconds(present.jitter_ms), cap_kbps(now));
  }

  [[nodiscard]] std::optional<proto::ReceptionTotals> totals(proto::SenderKey key) const noexcept {
    for (const Sender& s : senders_) {
      if (s.key == key && s.monitor.heard()) return s.monitor.totals();
    }
    return std::nullopt;
  }

  [[nodiscard]] std::uint8_t cap_kbps(Instant now) const noexcept {
    double cap =
        options_.max_receive_kbps > 0 ? static_cast<double>(options_.max_receive_kbps) : 1e9;
    if (now < cap_until_) cap = std::min(cap, downlink_.estimate_kbps());
    if (cap >= 1e9) return 0;
    const double each = cap / static_cast<double>(std::max<std::size_t>(active(now), 1));
    return static_cast<std::uint8_t>(std::clamp(each, kLowestCapKbps, 255.0));
  }

 private:
  struct Sender {
    proto::SenderKey key;
    proto::ReceptionMonitor monitor;
    Duration playout{0};
    std::optional<Instant> reported_at;
    proto::SenderFeedback reported;
    std::optional<Instant> quality_at;
    proto::SenderFeedback quality;
  };

  Sender* find(proto::SenderKey key) noexcept {
    const auto it = std::find_if(senders_.begin(), senders_.end(),
                                 [&](const Sender& s) { return s.key == key; });
    return it == senders_.end() ? nullptr : &*it;
  }

  Sender* add(proto::SenderKey key, Instant now) {
    if (senders_.size() >= kMaxSenders) drop_silent(now);
    if (senders_.size() >= kMaxSenders) return nullptr;
    Sender sender;
    sender.key = key;
    senders_.push_back(sender);
    return &senders_.back();
  }

  void drop_silent(Instant now) noexcept {
    senders_.erase(std::remove_if(senders_.begin(), senders_.end(),
                                  [&](const Sender& s) {
                                    const auto last = s.monitor.last_arrival();
                                    return !last || now - *last > kForgetAfter;
                                  }),
                   senders_.end());
  }

  [[nodiscard]] static bool is_active(const Sender& s, Instant now) noexcept {
    const auto last = s.monitor.last_arrival();
    return last && now - *last < kSilentAfter;
  }
  [[nodiscard]] std::size_t active(Instant now) const noexcept {
    return static_cast<std::size_t>(std::count_if(
        senders_.begin(), senders_.end(), [&](const Sender& s) { return is_active(s, now); }));
  }

  /// Something happened to this sender's packets that it should know soon.
  [[nodiscard]] static bool is_troubled(const Sender& s) noexcept {
    if (s.monitor.newest_queue() > kGrownQueue) return true;
    if (!s.reported_at) return true;
    const proto::SenderFeedback present = s.monitor.report(s.key, s.playout);
    return present.loss_runs != s.reported.loss_runs;
  }

  [[nodiscard]] bool is_due(bool riding, Instant now) const noexcept {
    if (!last_report_) return true;
    const Duration passed = now - *last_report_;
    if (passed < kUrgentInterval) return false;
    if (passed >= (riding ? options_.quiet_interval : options_.alone_interval)) return true;
    bool grown = false;
    bool troubled = false;
    for (const Sender& s : senders_) {
      if (!is_active(s, now)) continue;
      const Duration queue = s.monitor.newest_queue();
      const milliseconds known = s.reported.rise_4ms * proto::SenderFeedback::kRiseUnit;
      grown = grown || queue > kGrownQueue + known;
      troubled = troubled || is_troubled(s);
    }
    return grown || (troubled && riding && passed >= options_.trouble_interval);
  }

  /// Of those that were heard since, or fell silent just now, the one not reported for longest; a
  /// grown queue comes first.
  Sender* most_pressing(Instant now) noexcept {
    Sender* best = nullptr;
    Duration best_score{0};
    for (Sender& s : senders_) {
      if (!is_active(s, now) || s.reported_at == now) continue;
      const Duration waited = s.reported_at ? now - *s.reported_at : Duration(seconds(10));
      const Duration score = waited + 10 * s.monitor.newest_queue();
      if (score > best_score) {
        best = &s;
        best_score = score;
      }
    }
    return best;
  }

  static proto::SenderFeedback take_report(Sender& sender, Instant now) noexcept {
    sender.reported = sender.monitor.report(sender.key, sender.playout);
    sender.reported_at = now;
    sender.monitor.end_interval();
    return sender.reported;
  }

  void refill(Instant now) noexcept {
    const double passed = refilled_ ? std::chrono::duration<double>(now - *refilled_).count() : 0;
    refilled_ = now;
    tokens_ = std::min(kBurstBytes, tokens_ + passed * options_.bytes_per_second);
  }

  void note_cap(Instant now) noexcept {
    const bool over =
        downlink_.state() == proto::CongestionState::kOveruse || downlink_.queue_ms() > kCapQueueMs;
    // A single sender sees the queue for itself in what is reported to it.
    if (over && active(now) > 1) cap_until_ = now + kCapTime;
  }

  FeedbackOptions options_;
  std::vector<Sender> senders_;
  proto::BandwidthEstimator downlink_{{2000, kLowestCapKbps, 10'000}};
  Instant cap_until_{};
  std::optional<Instant> last_report_;
  std::optional<Instant> refilled_;
  double tokens_ = kBurstBytes;
};

FeedbackReporter::FeedbackReporter(const FeedbackOptions& options)
    : impl_(std::make_unique<Impl>(options)) {}
FeedbackReporter::~FeedbackReporter() = default;
FeedbackReporter::FeedbackReporter(FeedbackReporter&&) noexcept = default;
FeedbackReporter& FeedbackReporter::operator=(FeedbackReporter&&) noexcept = default;

void FeedbackReporter::on_packet(proto::SenderKey sender, SeqNo16 seq, MediaTime32 media_end,
                                 std::size_t bytes, Instant now) {
  impl_->on_packet(sender, seq, media_end, bytes, now);
}
void FeedbackReporter::on_number(proto::SenderKey sender, SeqNo16 seq, std::size_t bytes) noexcept {
  impl_->on_number(sender, seq, bytes);
}
void FeedbackReporter::set_playout_delay(proto::SenderKey sender, Duration delay) noexcept {
  impl_->set_playout_delay(sender, delay);
}
void FeedbackReporter::forget(proto::SenderKey sender) noexcept { impl_->forget(sender); }
std::optional<proto::MediaFeedback> FeedbackReporter::poll(bool riding, std::size_t max_bytes,
                                                           Instant now) noexcept {
  return impl_->poll(riding, max_bytes, now);
}
Instant FeedbackReporter::next_deadline() const noexcept { return impl_->next_deadline(); }
std::optional<proto::QualityReport> FeedbackReporter::poll_quality_report(proto::SenderKey sender,
                                                                          Duration rtt,
                                                                          Instant now) noexcept {
  return impl_->poll_quality_report(sender, rtt, now);
}
std::optional<proto::ReceptionTotals> FeedbackReporter::totals(
    proto::SenderKey sender) const noexcept {
  return impl_->totals(sender);
}
std::uint8_t FeedbackReporter::cap_kbps(Instant now) const noexcept { return impl_->cap_kbps(now); }

}  // namespace wzp::client
