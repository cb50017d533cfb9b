// One sender and one listener, the loop between them closed, over simulated paths in virtual time.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "../../../tests/support/tcp_flow.hpp"
#include "wzp/client/feedback_reporter.hpp"
#include "wzp/client/media_control.hpp"
#include "wzp/proto/bytes.hpp"
#include "wzp/transport/channel.hpp"

namespace wzp::test {

inline constexpr std::size_t kLoopOverhead = 54;  // IP, UDP, QUIC

/// A moment of the simulation, one each 100 ms.
struct LoopSample {
  double at = 0;        // seconds
  double queue_ms = 0;  // of the last packet that came through
  client::MediaPlan plan;
  double allowed_kbps = 0;
  bool draining = false;
  bool competing = false;
};

struct LoopResult {
  std::vector<LoopSample> samples;
  std::uint64_t shape_changes = 0;
  std::uint64_t feedback_bytes = 0;
  std::uint64_t reports = 0;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  double tcp_kbps = 0;

  /// The longest time in one piece during which the queue was above `ms`.
  [[nodiscard]] double seconds_above(double ms) const {
    double longest = 0;
    double run = 0;
    for (const LoopSample& s : samples) {
      run = s.queue_ms > ms ? run + 0.1 : 0;
      longest = std::max(longest, run);
    }
    return longest;
  }
  [[nodiscard]] double mean_kbps(double from, double to) const {
    double sum = 0;
    int n = 0;
    for (const LoopSample& s : samples) {
      if (s.at < from || s.at >= to) continue;
      sum += client::wire_kbps(s.plan);
      ++n;
    }
    return n > 0 ? sum / n : 0;
  }
};

struct LoopPath {
  transport::ChannelConfig forward;
  transport::ChannelConfig back;
  /// Changes the forward path while it runs; called each 100 ms.
  std::function<void(transport::Channel&, transport::ChannelConfig&, double)> change;
  /// While it says so nothing comes through, and then all at once (radio links).
  std::function<bool(double)> stalled;
  std::optional<TcpFlow::Growth> tcp;
  Duration rtt_known{0};  // what QUIC says
};

/// 50 ms each way, some jitter, no loss, no limit.
[[nodiscard]] inline LoopPath plain_loop_path() {
  using std::chrono::milliseconds;
  LoopPath path;
  path.forward.delay = milliseconds(50);
  path.forward.jitter = milliseconds(10);
  path.forward.reorder = false;
  path.forward.overhead_bytes = kLoopOverhead;
  path.back.delay = milliseconds(50);
  path.back.jitter = milliseconds(5);
  path.rtt_known = milliseconds(100);
  return path;
}

/// Makes the media packets of a sender and takes them at the listener. The default sends packets of
/// the plan's size with nothing in them.
class LoopMedia {
 public:
  virtual ~LoopMedia() = default;
  struct Packet {
    std::vector<std::byte> bytes;
    SeqNo16 seq;
    MediaTime32 media_end;
  };
  /// Time went on by 10 ms: what is to be sent.
  virtual std::vector<Packet> advance(const client::MediaPlan& plan, Instant now) = 0;
  /// The number of the packet that arrives next.
  virtual void on_number(SeqNo16) {}
  virtual void on_arrival(ByteView bytes, Instant at) = 0;
  /// The playout clock, each 20 ms, after the arrivals until now.
  virtual void play(Instant now) = 0;
};

class PlainLoopMedia final : public LoopMedia {
 public:
  std::vector<Packet> advance(const client::MediaPlan& plan, Instant now) override;
  void on_arrival(ByteView, Instant) override {}
  void play(Instant) override {}

 private:
  std::optional<Instant> start_;
  Instant next_{};
  std::uint16_t seq_ = 65'000;
};

LoopResult run_loop(const LoopPath& path, LoopMedia& media, double seconds,
                    const client::MediaControlOptions& options = {});

}  // namespace wzp::test
