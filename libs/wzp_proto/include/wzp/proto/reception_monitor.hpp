/// \file
/// Counts how one sender is heard, for feedback to it (media_feedback.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "wzp/proto/media_feedback.hpp"

namespace wzp::proto {

/// Since the first packet or the sender's last restart.
struct ReceptionTotals {
  std::uint64_t packets = 0;
  std::int64_t lost = 0;
  std::uint64_t bytes = 0;
  double jitter_ms = 0;  ///< RFC 3550, 6.4.1.
};

/// One sender's packets as they arrive. A value without allocation.
///
///     monitor.on_packet(header.seq, end_of_newest_frame, datagram_size, now);
///     feedback.senders[feedback.count++] = monitor.report(key, playout_delay);
///     monitor.end_interval();
class WZP_PROTO_EXPORT ReceptionMonitor {
 public:
  /// A packet arrived, of whatever kind shares the numbers. `media_end` is the media time at which
  /// its newest frame ended: a live sender sends it then. Repeats are ignored. A number more than
  /// 1000 from the newest, and not taken back by the next packet, starts all counts anew.
  void on_packet(SeqNo16 seq, MediaTime32 media_end, std::size_t bytes, Instant now) noexcept;

  /// The same for a packet without media time. Ignored before the first on_packet().
  void on_number(SeqNo16 seq, std::size_t bytes) noexcept;

  /// The counts now, and delay and rise of the present interval. Requires: heard().
  [[nodiscard]] SenderFeedback report(SenderKey sender, Duration playout_delay) const noexcept;
  /// It was reported: a new interval begins.
  void end_interval() noexcept { interval_packets_ = 0; }

  [[nodiscard]] ReceptionTotals totals() const noexcept;
  [[nodiscard]] bool heard() const noexcept { return heard_; }
  /// Packets since the last report; what is new enough to be worth another.
  [[nodiscard]] std::uint32_t unreported() const noexcept { return interval_packets_; }
  /// How much longer the newest two packets took than the fastest of the last ten seconds or so: a
  /// queue that just grew, before anything was reported. 0 with fewer packets.
  [[nodiscard]] Duration newest_queue() const noexcept;
  [[nodiscard]] std::optional<Instant> last_arrival() const noexcept { return last_arrival_; }

 private:
  void start(SeqNo16 seq) noexcept;
  [[nodiscard]] bool is_new(SeqNo16 seq) noexcept;
  [[nodiscard]] bool mark(SeqNo16 seq) noexcept;
  void mark_late(int behind) noexcept;
  void note_delay(MediaTime32 media_end, Instant now) noexcept;

  bool heard_ = false;
  SeqNo16 newest_;
  std::uint64_t seen_ = 0;  // bit i: newest - i
  std::uint64_t received_ = 0;
  std::uint64_t expected_ = 0;
  std::uint8_t loss_runs_ = 0;
  std::uint64_t bytes_ = 0;
  std::optional<SeqNo16> stray_;
  // Delays in ms relative to the first packet's.
  std::uint16_t first_delay_ms_ = 0;  // as it goes on the wire
  bool have_delay_ = false;
  std::int64_t origin_ms_ = 0;
  MediaTime32 last_media_;
  double base_ms_ = 0;
  std::int64_t newest_ms_ = 0;
  std::int64_t before_newest_ms_ = 0;
  std::int64_t interval_min_ms_ = 0;
  std::uint32_t interval_packets_ = 0;  // with a media time
  double jitter_ms_ = 0;
  std::optional<Instant> last_arrival_;
};

}  // namespace wzp::proto
