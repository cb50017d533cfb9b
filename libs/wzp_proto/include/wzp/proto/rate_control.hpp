/// \file
/// How much a sender may send to one receiver, from that receiver's feedback.
///
/// Works on the intervals between two reports (media_feedback.hpp), a few a second, and so on the
/// height of the queue rather than on the slope of single packets' delays (bandwidth_estimator.hpp,
/// which is for whoever sees each packet). A queue of one's own is drained by sending less than
/// gets through; a queue that does not shrink when less is sent is somebody else's, and is lived
/// with. Loss counts only when it comes with a queue. The length of the round trip does not count.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "wzp/proto/export.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::proto {

struct RateControlConfig {
  double initial_kbps = 50;
  double min_kbps = 5;
  double max_kbps = 200;
  /// Beside a flow that keeps the queue full (TCP) the rate is not lowered further than this: to
  /// yield would not shorten the queue.
  double competing_floor_kbps = 24;
};

/// One interval. Rates are those on the wire, headers included.
struct DeliveryInterval {
  Duration length{0};  ///< On the receiver's clock.
  double delivered_kbps = 0;
  double loss_percent = 0;
  Duration delay_step{0};  ///< Smallest one-way delay against that of the interval before.
  Duration rise{0};        ///< What the newest packets took more than the fastest.
  Duration round_trip{0};  ///< 0: not known.
};

/// For one receiver. `now` is the sender's clock. A value without allocation.
class WZP_PROTO_EXPORT RateControl {
 public:
  enum class State : std::uint8_t {
    kProbing,    ///< Room is left, or was not found to be missing: the rate grows.
    kDraining,   ///< A queue of our own is being emptied.
    kCompeting,  ///< The queue is not ours; the rate is held, and grows slowly.
  };

  explicit RateControl(const RateControlConfig& config = {}) noexcept;

  /// An interval in which at least one packet arrived.
  void on_interval(const DeliveryInterval& interval, Instant now) noexcept;
  /// The local transport threw packets away because it may not send as fast.
  void on_local_drop(Instant now) noexcept;

  /// What may be sent now.
  [[nodiscard]] double rate_kbps() const noexcept;
  [[nodiscard]] State state() const noexcept { return state_; }
  /// Delay above the shortest lately seen, of the newest packets.
  [[nodiscard]] Duration queue() const noexcept;
  /// Over the last 0.7 s; 0: not known yet.
  [[nodiscard]] double delivered_kbps() const noexcept { return delivered(0.7); }

 private:
  void note_delay(const DeliveryInterval& interval) noexcept;
  [[nodiscard]] double queue_ms() const noexcept;
  [[nodiscard]] double smallest_queue_ms() const noexcept;
  void note_delivery(const DeliveryInterval& interval) noexcept;
  [[nodiscard]] double delivered(double at_least_seconds) const noexcept;
  [[nodiscard]] bool is_overused() const noexcept;
  [[nodiscard]] bool is_in_vain(Instant now) noexcept;
  [[nodiscard]] bool is_filling() const noexcept;
  void ease_off(Instant now) noexcept;
  void back_off(Instant now) noexcept;
  void cut() noexcept;
  void hold(Instant now) noexcept;
  void drain(Instant now) noexcept;
  [[nodiscard]] bool may_compete(Instant now) const noexcept;
  void start_competing(Instant now) noexcept;
  void compete(Instant now) noexcept;
  void grow(const DeliveryInterval& interval, Instant now) noexcept;
  [[nodiscard]] double lowest() const noexcept;

  struct Delivery {
    double kbit = 0;
    double seconds = 0;
  };

  RateControlConfig config_;
  State state_ = State::kProbing;
  double rate_kbps_;
  double drain_kbps_ = 0;
  // Delay, in ms relative to the first report's.
  double delay_ms_ = 0;
  double base_ms_ = 0;
  double newest_ms_ = 0;
  double slope_ = 0;  // ms of delay per ms, over the last interval
  double smooth_slope_ = 0;
  double standing_ms_ = 0;       // the queue when less was sent because of it; 0: it was not
  double standing_seconds_ = 0;  // with a queue that is not short
  int growing_ = 0;              // intervals in a row whose delay grew
  std::array<Delivery, 8> deliveries_{};
  std::size_t next_delivery_ = 0;
  double loss_percent_ = 0;
  // What is known about the limit.
  double limit_kbps_ = 0;  // what got through when the queue grew; 0: not known
  double known_kbps_ = 0;  // the limit before this one
  Duration hold_{0};       // longer each time that the same limit is found
  Instant hold_until_{};
  std::optional<Instant> eased_off_;
  double clean_seconds_ = 0;  // at or above the limit without a queue
  // Draining.
  double before_kbps_ = 0;  // the rate that was left for it
  Instant cut_at_{};
  double peak_ms_ = 0;
  // The first limit found lately, and how often the queue came back at a rate that should have fit.
  double reference_kbps_ = 0;
  std::optional<Instant> reference_at_;
  int in_vain_ = 0;
  // Competing.
  Instant competing_since_{};
  std::optional<Instant> mistaken_at_;
  Instant last_fall_{};  // of the queue, by itself
  double competing_peak_ms_ = 0;
  double competing_start_ms_ = 0;
  Duration round_trip_{0};
};

}  // namespace wzp::proto
