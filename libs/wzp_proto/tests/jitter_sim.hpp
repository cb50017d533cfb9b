// A sender, a path and a playout clock in virtual time, for tests of the jitter buffer and for the
// table of docs/jitter-buffer.md.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "wzp/proto/jitter_buffer.hpp"
#include "wzp/proto/rng.hpp"

namespace wzp::test {

using namespace std::chrono_literals;
using proto::Playout;
using std::chrono::milliseconds;

inline constexpr Instant kSimStart = Instant(std::chrono::hours(1));

/// A packet as the sender makes it.
struct SimPacket {
  SeqNo16 seq;
  MediaTime32 timestamp;
  milliseconds duration{20};
  bool comfort = false;
  bool repair = false;
  std::uint32_t id = 0;  ///< Counts speech frames; carried in the payload.
};

/// Transit time of a packet sent at `sent` (since the start); nothing: lost.
using SimPath = std::function<std::optional<Duration>(Duration sent, Rng& rng)>;

inline SimPath constant_path(Duration transit) {
  return [transit](Duration, Rng&) { return transit; };
}
/// Uniform jitter in [0, jitter] and independent loss.
inline SimPath jitter_path(Duration transit, Duration jitter, double loss = 0) {
  return [=](Duration, Rng& rng) -> std::optional<Duration> {
    if (rng.next_unit() < loss) return std::nullopt;
    const double extra = rng.next_unit() * static_cast<double>(jitter.count());
    return transit + Duration(static_cast<std::int64_t>(extra));
  };
}

struct SimResult {
  proto::JitterBufferStats stats;
  std::uint64_t frames_sent = 0;
  std::map<std::uint32_t, int> times_played;  ///< By frame id.
  std::vector<Duration> mouth_to_ear;         ///< Of each frame played: playout minus its creation.
  std::vector<Duration> waited;               ///< Of each frame played: time in the buffer.
  std::uint64_t empty_slots = 0;
  std::uint64_t comfort_slots = 0;
  std::uint64_t out_of_order = 0;
  std::vector<std::uint32_t> order;

  [[nodiscard]] Duration waited_at(double quantile) const {
    if (waited.empty()) return {};
    std::vector<Duration> sorted = waited;
    std::sort(sorted.begin(), sorted.end());
    return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(
                                                  quantile * static_cast<double>(sorted.size())))];
  }
  [[nodiscard]] double mean_waited_ms() const {
    double sum = 0;
    for (const Duration d : waited) sum += std::chrono::duration<double, std::milli>(d).count();
    return waited.empty() ? 0 : sum / static_cast<double>(waited.size());
  }
};

struct SimConfig {
  proto::JitterBufferConfig buffer;
  SimPath path = constant_path(20ms);
  Duration length = 60s;
  milliseconds frame{20};
  std::uint16_t first_seq = 0;
  std::uint32_t first_timestamp = 0;
  double sender_ppm = 0;  ///< Above 0: the sender's clock is fast.
  int repair_every = 0;   ///< A repair packet after so many frames takes a number.
  /// Speech (true) or silence at a time; silence sends comfort noise every ten frames.
  std::function<bool(Duration)> voiced = [](Duration) { return true; };
  /// The sender starts anew at seq 0, timestamp 0 at these times.
  std::vector<Duration> restarts;
  Duration playout_phase = 7ms;
  std::uint64_t seed = 1;
  /// Called before each pop.
  std::function<void(proto::JitterBuffer&, Duration)> on_tick;
};

/// Plays `config.length` of sending and what follows, in order of time.
class JitterSim {
 public:
  explicit JitterSim(SimConfig config)
      : config_(std::move(config)), rng_(config_.seed), buffer_(config_.buffer) {
    seq_ = SeqNo16(config_.first_seq);
    timestamp_ = MediaTime32(config_.first_timestamp);
  }

  SimResult run() {
    Duration tick = config_.playout_phase;
    while (tick < config_.length + 2s) {
      while (send_at_ <= tick && send_at_ < config_.length) send_one();
      deliver_until(tick);
      if (config_.on_tick) config_.on_tick(buffer_, tick);
      if (tick >= busy_until_) play(tick);
      tick += config_.buffer.slot;
    }
    result_.stats = buffer_.stats();
    return std::move(result_);
  }

 private:
  void send_one() {
    if (next_restart_ < config_.restarts.size() && send_at_ >= config_.restarts[next_restart_]) {
      ++next_restart_;
      seq_ = SeqNo16(0);
      timestamp_ = MediaTime32(0);
    }
    const Duration created = send_at_;
    if (config_.voiced(created)) {
      send({seq_++, timestamp_, config_.frame, false, false,
            static_cast<std::uint32_t>(result_.frames_sent)},
           created);
      created_.push_back(created);
      ++result_.frames_sent;
      silent_ = 0;
      timestamp_ = timestamp_ + config_.frame.count();
      if (config_.repair_every > 0 && ++in_block_ == config_.repair_every) {
        in_block_ = 0;
        send({seq_++, timestamp_, config_.frame, false, true, 0}, created);
      }
    } else {
      timestamp_ = timestamp_ + config_.frame.count();
      if (++silent_ % 10 == 0) send({seq_++, timestamp_, config_.frame, true, false, 0}, created);
    }
    ++frame_number_;
    const double scaled = static_cast<double>(Duration(config_.frame).count()) *
                          static_cast<double>(frame_number_) / (1.0 + config_.sender_ppm * 1e-6);
    send_at_ = Duration(static_cast<std::int64_t>(scaled));
  }

  void send(const SimPacket& packet, Duration at) {
    if (const auto transit = config_.path(at, rng_)) in_flight_.emplace(at + *transit, packet);
  }

  void deliver_until(Duration now) {
    while (!in_flight_.empty() && in_flight_.begin()->first <= now) {
      const auto [at, packet] = *in_flight_.begin();
      in_flight_.erase(in_flight_.begin());
      deliver(packet, at);
    }
  }
  void deliver(const SimPacket& packet, Duration at) {
    if (packet.repair) return buffer_.note_packet(packet.seq);
    std::array<std::byte, 60> payload{};
    ByteWriter(payload).u32(packet.id);
    proto::JitterFrame frame;
    frame.seq = packet.seq;
    frame.timestamp = packet.timestamp;
    frame.duration = packet.duration;
    frame.codec = packet.comfort ? proto::CodecId::kComfortNoise : proto::CodecId::kOpus24k;
    frame.payload = packet.comfort ? ByteView(payload).first(1) : ByteView(payload);
    static_cast<void>(buffer_.push(frame, kSimStart + at));
  }

  void play(Duration tick) {
    const Playout out = buffer_.pop(kSimStart + tick);
    if (out.duration > 0ms) busy_until_ = tick + out.duration;
    if (out.kind == Playout::Kind::kEmpty) ++result_.empty_slots;
    if (out.kind == Playout::Kind::kComfortNoise) ++result_.comfort_slots;
    if (out.kind != Playout::Kind::kFrame) return;
    const std::uint32_t id = ByteReader(out.payload).u32();
    if (!result_.order.empty() && result_.order.back() >= id) ++result_.out_of_order;
    result_.order.push_back(id);
    ++result_.times_played[id];
    result_.mouth_to_ear.push_back(tick - created_.at(id));
    result_.waited.push_back(out.waited);
  }

  SimConfig config_;
  SeededRng rng_;
  proto::JitterBuffer buffer_;
  SimResult result_;
  std::vector<Duration> created_;
  std::multimap<Duration, SimPacket> in_flight_;
  SeqNo16 seq_;
  MediaTime32 timestamp_;
  Duration send_at_{0};
  Duration busy_until_{-1};
  std::uint64_t frame_number_ = 0;
  int silent_ = 0;
  int in_block_ = 0;
  std::size_t next_restart_ = 0;
};

}  // namespace wzp::test
