#include "wzp/transport/channel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <queue>
#include <stdexcept>
#include <utility>

#include "wzp/proto/rng.hpp"

namespace wzp::transport {
namespace {

void require(bool ok, const char* what) {
  if (!ok) throw std::invalid_argument(std::string("ChannelConfig: ") + what);
}

void check(const ChannelConfig& c) {
  const auto is_rate = [](double r) { return r >= 0 && r <= 1; };
  require(is_rate(c.loss_rate), "loss_rate is 0-1");
  require(is_rate(c.duplicate_rate), "duplicate_rate is 0-1");
  require(c.delay >= Duration(0) && c.jitter >= Duration(0), "delay and jitter are not negative");
  require(c.outage_length >= Duration(0) && c.outage_period >= c.outage_length,
          "outage_length is 0 to outage_period");
  if (!c.bursts) return;
  require(c.bursts->mean_burst >= 1, "mean_burst is at least 1");
  require(c.bursts->loss_in_bad > 0 && c.bursts->loss_in_bad <= 1, "loss_in_bad is above 0 to 1");
  require(c.bursts->loss_rate >= 0 && c.bursts->loss_rate < c.bursts->loss_in_bad,
          "bursts.loss_rate is below loss_in_bad");
}

}  // namespace

std::string_view name(Fate fate) noexcept {
  switch (fate) {
    case Fate::kDelivered:
      return "delivered";
    case Fate::kLostRandom:
      return "lost at random";
    case Fate::kLostBurst:
      return "lost in a burst";
    case Fate::kLostQueue:
      return "lost in the queue";
    case Fate::kLostOutage:
      return "lost in an outage";
  }
  return "unknown";
}

class Channel::Impl {
 public:
  explicit Impl(const ChannelConfig& config) : config_(config), rng_(config.seed) {
    check(config_);
  }

  Fate push(ByteView bytes, Instant now, std::uint64_t tag);
  std::optional<Packet> pop_due(Instant now);

  [[nodiscard]] Instant next_deadline() const noexcept {
    return heap_.empty() ? kNever : heap_.front().due_at;
  }
  void set_config(const ChannelConfig& config) {
    check(config);
    config_ = config;
  }

  bool blackout = false;
  ChannelCounters counters;
  std::vector<FateRecord> fates;
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

 private:
  struct Pending {
    Instant due_at;
    std::uint64_t order;  // of pushing; keeps equal times in order
    std::uint64_t tag;
    Instant pushed_at;
    std::vector<std::byte> bytes;
  };
  static bool later(const Pending& a, const Pending& b) noexcept {
    return a.due_at != b.due_at ? a.due_at > b.due_at : a.order > b.order;
  }

  // Every packet draws the same amount of random numbers, so that one packet's fate does not shift
  // the fates of those behind it when only one condition changes.
  struct Draws {
    double loss, state, in_bad, jitter, jitter2, duplicate;
  };
  Draws draw() {
    return {rng_.next_unit(), rng_.next_unit(), rng_.next_unit(),
            rng_.next_unit(), rng_.next_unit(), rng_.next_unit()};
  }

  Fate decide(const Draws& draws, Instant now, std::size_t size, Instant& leaves);
  bool lost_in_burst(const Draws& draws);
  [[nodiscard]] bool in_outage(Instant now) const noexcept;
  bool pass_bottleneck(Instant now, std::size_t size, Instant& leaves);
  [[nodiscard]] Duration draw_jitter(const Draws& draws) const;
  void schedule(ByteView bytes, Instant now, Instant due, std::uint64_t tag);

  ChannelConfig config_;
  SeededRng rng_;
  bool bad_ = false;
  Instant link_free_at_{};
  Instant last_due_{};
  std::uint64_t next_order_ = 0;
  std::uint64_t newest_popped_ = 0;
  bool popped_any_ = false;
  std::vector<Pending> heap_;
  std::vector<std::vector<std::byte>> spare_;  // buffers to be used again
  std::vector<std::byte> popped_;
};

bool Channel::Impl::in_outage(Instant now) const noexcept {
  if (blackout) return true;
  if (config_.outage_period <= Duration(0) || config_.outage_length <= Duration(0)) return false;
  return now.time_since_epoch() % config_.outage_period >=
         config_.outage_period - config_.outage_length;
}

// Leaves the bad state with probability 1 / mean_burst (in lost packets), and enters it as often as
// the long-run loss rate needs.
bool Channel::Impl::lost_in_burst(const Draws& draws) {
  if (!config_.bursts) return false;
  const GilbertElliott& g = *config_.bursts;
  const double leave = std::min(1.0, g.loss_in_bad / g.mean_burst);
  const double share_bad = g.loss_rate / g.loss_in_bad;
  const double enter = std::min(1.0, leave * share_bad / (1 - share_bad));
  bad_ = bad_ ? draws.state >= leave : draws.state < enter;
  return bad_ && draws.in_bad < g.loss_in_bad;
}

bool Channel::Impl::pass_bottleneck(Instant now, std::size_t size, Instant& leaves) {
  leaves = now;
  if (config_.rate_bits_per_second == 0) return true;
  const double bits = static_cast<double>(size + config_.overhead_bytes) * 8;
  const auto rate = static_cast<double>(config_.rate_bits_per_second);
  const Instant starts = std::max(now, link_free_at_);
  const double queued_bytes = std::chrono::duration<double>(starts - now).count() * rate / 8;
  if (queued_bytes + bits / 8 > static_cast<double>(config_.queue_bytes)) return false;
  link_free_at_ = starts + Duration(static_cast<std::int64_t>(bits / rate * 1e9));
  leaves = link_free_at_;
  return true;
}

Duration Channel::Impl::draw_jitter(const Draws& draws) const {
  if (config_.jitter == Duration(0)) return Duration(0);
  double factor = draws.jitter;
  if (config_.jitter_model == JitterModel::kNormal) {
    const double u = std::max(draws.jitter, std::numeric_limits<double>::min());
    factor = std::min(4.0, std::fabs(std::sqrt(-2 * std::log(u)) *
                                     std::cos(2 * std::numbers::pi * draws.jitter2)));
  } else if (config_.jitter_model == JitterModel::kExponential) {
    factor = std::min(8.0, -std::log(1 - draws.jitter));
  }
  return Duration(static_cast<std::int64_t>(factor * static_cast<double>(config_.jitter.count())));
}

Fate Channel::Impl::decide(const Draws& draws, Instant now, std::size_t size, Instant& leaves) {
  const bool burst = lost_in_burst(draws);
  if (in_outage(now)) return Fate::kLostOutage;
  if (draws.loss < config_.loss_rate) return Fate::kLostRandom;
  if (burst) return Fate::kLostBurst;
  if (heap_.size() >= config_.max_packets || !pass_bottleneck(now, size, leaves)) {
    return Fate::kLostQueue;
  }
  return Fate::kDelivered;
}

void Channel::Impl::schedule(ByteView bytes, Instant now, Instant due, std::uint64_t tag) {
  std::vector<std::byte> copy;
  if (!spare_.empty()) {
    copy = std::move(spare_.back());
    spare_.pop_back();
  }
  copy.assign(bytes.begin(), bytes.end());
  heap_.push_back({due, next_order_++, tag, now, std::move(copy)});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

Fate Channel::Impl::push(ByteView bytes, Instant now, std::uint64_t tag) {
  const Draws draws = draw();
  Instant leaves = now;
  const Fate fate = decide(draws, now, bytes.size(), leaves);
  FateRecord record{
      counters.pushed, now, {}, static_cast<std::uint32_t>(bytes.size()), fate, false};
  ++counters.pushed;
  counters.bytes_pushed += bytes.size();
  switch (fate) {
    case Fate::kDelivered: {
      Instant due = leaves + config_.delay + draw_jitter(draws);
      if (!config_.reorder) due = std::max(due, last_due_);
      last_due_ = std::max(due, last_due_);
      record.due_at = due;
      record.duplicated = draws.duplicate < config_.duplicate_rate;
      schedule(bytes, now, due, tag);
      if (record.duplicated) {
        schedule(bytes, now, due, tag);
        ++counters.duplicated;
      }
      break;
    }
    case Fate::kLostRandom:
      ++counters.lost_random;
      break;
    case Fate::kLostBurst:
      ++counters.lost_burst;
      break;
    case Fate::kLostQueue:
      ++counters.lost_queue;
      break;
    case Fate::kLostOutage:
      ++counters.lost_outage;
      break;
  }
  if (config_.log_fates) fates.push_back(record);
  return fate;
}

std::optional<Channel::Packet> Channel::Impl::pop_due(Instant now) {
  if (heap_.empty() || heap_.front().due_at > now) return std::nullopt;
  std::pop_heap(heap_.begin(), heap_.end(), later);
  Pending pending = std::move(heap_.back());
  heap_.pop_back();
  if (popped_.capacity() != 0) spare_.push_back(std::move(popped_));
  popped_ = std::move(pending.bytes);
  ++counters.delivered;
  counters.bytes_delivered += popped_.size();
  if (popped_any_ && pending.order < newest_popped_) ++counters.reordered;
  newest_popped_ = popped_any_ ? std::max(newest_popped_, pending.order) : pending.order;
  popped_any_ = true;
  return Packet{popped_, pending.tag, pending.pushed_at, pending.due_at};
}

Channel::Channel(const ChannelConfig& config) : impl_(std::make_unique<Impl>(config)) {}
Channel::~Channel() = default;
Channel::Channel(Channel&&) noexcept = default;
Channel& Channel::operator=(Channel&&) noexcept = default;

Fate Channel::push(ByteView bytes, Instant now, std::uint64_t tag) {
  return impl_->push(bytes, now, tag);
}
std::optional<Channel::Packet> Channel::pop_due(Instant now) { return impl_->pop_due(now); }
Instant Channel::next_deadline() const noexcept { return impl_->next_deadline(); }
void Channel::set_config(const ChannelConfig& config) { impl_->set_config(config); }
void Channel::set_blackout(bool on) noexcept { impl_->blackout = on; }
std::size_t Channel::packets_under_way() const noexcept { return impl_->size(); }
const ChannelCounters& Channel::counters() const noexcept { return impl_->counters; }
const std::vector<FateRecord>& Channel::fates() const noexcept { return impl_->fates; }

}  // namespace wzp::transport
