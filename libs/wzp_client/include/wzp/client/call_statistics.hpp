/// \file
/// What a call counted, as values and as JSON.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "wzp/client/export.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::client {

/// Delays in bins of 1 ms up to 2 s, without allocation; longer ones count as 2 s.
class WZP_CLIENT_EXPORT DelayHistogram {
 public:
  void add(Duration delay) noexcept;
  void merge(const DelayHistogram& other) noexcept;
  /// The delay below which `share` (0-1) of all entries lie, in ms; 0 without entries.
  [[nodiscard]] double quantile(double share) const noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  static constexpr std::size_t kBins = 2000;
  std::array<std::uint32_t, kBins + 1> bins_{};
  std::uint64_t count_ = 0;
};

/// What happened to one remote stream's sound. A frame is 20 ms of sound, whatever the packets'
/// length. Each played frame has one origin:
/// played = received + recovered + concealed + comfort.
struct ReceiveStatistics {
  std::uint64_t frames_received = 0;   ///< Played from a packet that came in time.
  std::uint64_t frames_recovered = 0;  ///< Played from forward error correction.
  std::uint64_t frames_concealed = 0;  ///< Neither was there in time.
  std::uint64_t frames_comfort = 0;    ///< The sender was silent.
  std::uint64_t frames_played = 0;
  std::uint64_t frames_late = 0;  ///< Came after their moment; also counted as concealed.
  std::uint64_t frames_duplicate = 0;
  std::uint64_t frames_discarded = 0;  ///< In time, but dropped: overflow or delay adjustment.

  /// Sound added and taken out by time-stretching, at 48 kHz: heard = 960 * played + inserted -
  /// removed.
  std::uint64_t samples_inserted = 0;
  std::uint64_t samples_removed = 0;

  std::uint64_t packets_received = 0;  ///< Source, repair and comfort noise.
  std::uint64_t repair_packets_received = 0;
  std::uint64_t packets_reordered = 0;
  std::uint64_t packets_undecodable = 0;  ///< Payloads the codec refused; concealed.
  std::uint64_t blocks_recovered = 0;     ///< FEC blocks that gave back at least one frame.

  DelayHistogram delay;  ///< From a frame's arrival to its playout.

  void add(const ReceiveStatistics& other) noexcept;
};

/// The whole call. Rates are those of the connection to the relay, IPv4 and UDP headers included
/// (28 bytes a packet; IPv6 has 20 more), over the time since it was made.
struct CallStatistics {
  std::uint64_t frames_sent = 0;   ///< 20 ms each.
  std::uint64_t packets_sent = 0;  ///< Media packets, repair included.
  std::uint64_t repair_packets_sent = 0;
  std::uint64_t packets_not_sent = 0;     ///< Refused by the transport.
  std::uint64_t datagrams_malformed = 0;  ///< Received and dropped.
  std::uint64_t signals_malformed = 0;
  std::uint64_t signals_unknown = 0;
  std::uint64_t packets_of_unknown_streams = 0;

  // End-to-end encryption. `packets_sent` are sealed; received packets that did not open:
  std::uint64_t clear_refused = 0;  ///< In clear, from a participant that can seal.
  std::uint64_t no_key = 0;         ///< Sealed with a key we were not given (yet).
  std::uint64_t replayed = 0;
  std::uint64_t auth_failed = 0;          ///< Altered, or sealed by somebody else.
  std::uint64_t unencrypted_refused = 0;  ///< From a participant that cannot seal.
  std::uint64_t clear_packets_sent = 0;   ///< Copies in clear: allow_unencrypted_peers.
  std::uint64_t packets_unheard = 0;      ///< Not sent, because nobody holds our key.
  std::uint64_t keep_alives_sent = 0;     ///< Sealed and empty, when nothing else was to be said.
  std::uint64_t key_changes = 0;          ///< Of our own key.

  ReceiveStatistics receive;         ///< All remote streams together.
  std::uint64_t remote_streams = 0;  ///< Heard at any time.
  double wire_kbps_tx = 0;
  double wire_kbps_rx = 0;
  double rtt_ms = 0;  ///< To the relay, smoothed; 0 if unknown.
  double connected_seconds = 0;
  /// On the clock of `Instant`, to compare two calls on one machine; 0 before.
  double capture_started_ms = 0;  ///< The first frame was taken from the source.
  double playout_started_ms = 0;  ///< The first frame was given to the sink.

  /// One JSON object, flat, numbers only, with a line per member.
  [[nodiscard]] WZP_CLIENT_EXPORT std::string to_json() const;
};

}  // namespace wzp::client
