#include "wzp/client/legacy_sender_tracker.hpp"

#include <chrono>
#include <cmath>

namespace wzp::client {
namespace {

// A packet further from where a sender should be than this, in ms, is somebody else's.
constexpr double kMaxMismatchMs = 1500.0;
// A sender pausing (silence suppression) sends every 200 ms; after this it may have restarted.
constexpr int kMaxSeqStep = 512;
// Sequence numbers advance at most by 100 a second (a repair packet for each 20 ms frame).
constexpr double kMsPerSeqStep = 10.0;

}  // namespace

double LegacySenderTracker::mismatch(const Track& track, const proto::MediaHeader& header,
                                     Instant now) {
  const int steps = header.seq.distance_from(track.seq);
  if (std::abs(steps) > kMaxSeqStep) return kMaxMismatchMs + 1.0;
  const double elapsed = std::chrono::duration<double, std::milli>(now - track.heard).count();
  const double advanced = header.timestamp.distance_from(track.timestamp);
  // Media time must follow the clock. More numbers than time allows, or fewer than none while time
  // advances, belong to somebody else as well.
  double out = std::abs(advanced - elapsed);
  const double too_many = std::abs(steps) * kMsPerSeqStep - std::abs(advanced) - 100.0;
  if (too_many > 0) out += too_many;
  return out;
}

LegacySenderTracker::Sender LegacySenderTracker::classify(const proto::MediaHeader& header,
                                                          Instant now) {
  Track* best = nullptr;
  double best_mismatch = kMaxMismatchMs;
  Track* free = &tracks_[0];
  for (Track& track : tracks_) {
    if (!track.in_use || (free->in_use && track.heard < free->heard)) {
      if (free->in_use) free = &track;
    }
    if (!track.in_use) continue;
    const double m = mismatch(track, header, now);
    if (m < best_mismatch) {
      best_mismatch = m;
      best = &track;
    }
  }
  const bool is_new = best == nullptr;
  if (is_new) best = free;
  // A packet that was overtaken does not move its sender back.
  if (is_new || !header.seq.is_older_than(best->seq)) {
    *best = {true, header.seq, header.timestamp, now};
  }
  return {static_cast<std::size_t>(best - tracks_.data()), is_new};
}

}  // namespace wzp::client
