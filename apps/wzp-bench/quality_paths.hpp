/// \file
/// The bad networks of the quality matrix, in virtual time, and what a sender would measure of
/// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wzp/client/media_plan.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/transport/channel.hpp"

namespace wzp::bench {

/// Everything is lost for exponentially long times, whatever is sent meanwhile.
struct TimeBursts {
  double loss_rate = 0;
  Duration mean_length{0};
};

/// The link holds everything back and then delivers it at once, in order: handovers, scheduling.
struct Stalls {
  double per_minute = 0;
  Duration shortest{0};
  Duration longest{0};
};

struct QualityPath {
  std::string name;
  transport::ChannelConfig channel;
  std::optional<TimeBursts> bursts;
  std::optional<Stalls> stalls;
  double loss_percent = 0;        ///< In the long run.
  double mean_burst_packets = 1;  ///< If bursts are a matter of packets.
  Duration mean_burst{0};         ///< If they are a matter of time.
  bool is_independent = false;    ///< Belongs on the curve of the picture.

  /// What the sender is told: the truth, for packets so far apart.
  [[nodiscard]] client::PathEstimate estimate(Duration packet_interval) const;
};

/// The fixed matrix, one seed each.
[[nodiscard]] std::vector<QualityPath> all_quality_paths();

/// One talk's way through a path.
class PathChannel {
 public:
  PathChannel(const QualityPath& path, std::uint64_t seed);

  /// True if the packet will arrive.
  bool push(ByteView bytes, Instant now);
  [[nodiscard]] std::optional<transport::Channel::Packet> pop_due(Instant now) {
    return channel_.pop_due(now);
  }

  /// Nothing is under way.
  [[nodiscard]] bool is_empty() const noexcept { return channel_.packets_under_way() == 0; }

 private:
  struct Interval {
    Instant begin{};
    Instant end{};
  };
  void advance_bursts(Instant now);
  void advance_stalls(Instant now);
  [[nodiscard]] Duration exponential(double mean_seconds);

  QualityPath path_;
  transport::Channel channel_;
  SeededRng rng_;
  Interval burst_;
  Interval stall_;
};

}  // namespace wzp::bench
