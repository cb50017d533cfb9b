// What FEC leaves of packet loss: a sender and a receiver of this library over a simulated channel.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "wzp/fec/frame_layout.hpp"
#include "wzp/proto/rng.hpp"

namespace wzp::fec::bench {

struct Profile {
  std::string name;
  FrameBlockLayout layout;
  std::chrono::milliseconds frame_duration;
};

/// The three profiles, blocks fitted as with fec-symsize.
std::vector<Profile> profiles();

/// Loses packets; mean_burst 1 means independently, otherwise losses come in runs of geometric
/// length (Gilbert's model).
class Channel {
 public:
  Channel(double loss, double mean_burst, std::uint64_t seed);
  bool loses_next();

 private:
  double to_bad_, to_good_, loss_;
  bool independent_, bad_;
  SeededRng rng_;
};

struct Outcome {
  std::uint64_t frames = 0;
  std::uint64_t lost = 0;  ///< Their packets were lost.
  /// Recovered frames by the time from their capture to their recovery, in frame durations.
  std::vector<std::uint64_t> recovered_after;
  std::uint64_t wrong = 0;  ///< Recovered with other bytes than were sent.

  /// Share of frames missing when one waits this long for each.
  [[nodiscard]] double residual(std::uint64_t frame_durations) const;
  [[nodiscard]] double residual() const { return residual(recovered_after.size()); }
};

Outcome simulate(const Profile& profile, Channel channel, std::uint64_t frames);

}  // namespace wzp::fec::bench
