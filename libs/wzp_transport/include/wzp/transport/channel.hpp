/// \file
/// A bad network path for datagrams, one direction, without I/O.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/transport/export.hpp"

namespace wzp::transport {

/// Loss in bursts: a two-state chain that is lossless in the good and lossy in the bad state.
struct GilbertElliott {
  double loss_rate = 0;    ///< Share of packets lost in the long run, 0-1 exclusive.
  double mean_burst = 1;   ///< Packets lost in a row on average, >= 1.
  double loss_in_bad = 1;  ///< Probability of loss within the bad state.
};

enum class JitterModel : std::uint8_t {
  kUniform,      ///< Uniform in [0, jitter].
  kNormal,       ///< Half normal, standard deviation = jitter, cut at 4 of it.
  kExponential,  ///< Mean = jitter, cut at 8 of it.
};

/// What a path does to packets. The default is a perfect path.
struct ChannelConfig {
  std::uint64_t seed = 1;
  double loss_rate = 0;                  ///< Independent loss, 0-1.
  std::optional<GilbertElliott> bursts;  ///< In addition to loss_rate.
  Duration delay{0};
  Duration jitter{0};
  JitterModel jitter_model = JitterModel::kUniform;
  bool reorder =
      true;  ///< Jitter may overtake; false: a packet never leaves before its predecessor.
  double duplicate_rate = 0;
  /// Bits per second on the wire; 0: unlimited. Packets queue in front of the bottleneck.
  std::uint64_t rate_bits_per_second = 0;
  std::size_t queue_bytes = 65'536;  ///< Bottleneck queue; arrivals that do not fit are lost.
  std::size_t overhead_bytes = 28;   ///< Counted per packet against rate and queue: IP and UDP.
  /// From `outage_period` - `outage_length` to the end of each period nothing passes; 0: no
  /// outages.
  Duration outage_period{0};
  Duration outage_length{0};
  std::size_t max_packets = 65'536;  ///< Under way at once; more are lost.
  bool log_fates = false;            ///< Keep one FateRecord per packet.
};

enum class Fate : std::uint8_t { kDelivered, kLostRandom, kLostBurst, kLostQueue, kLostOutage };
[[nodiscard]] WZP_TRANSPORT_EXPORT std::string_view name(Fate fate) noexcept;

struct FateRecord {
  std::uint64_t index = 0;  ///< Position among all packets pushed.
  Instant pushed_at{};
  Instant due_at{};  ///< For kDelivered.
  std::uint32_t size = 0;
  Fate fate = Fate::kDelivered;
  bool duplicated = false;
};

struct ChannelCounters {
  std::uint64_t pushed = 0;
  std::uint64_t delivered = 0;  ///< Popped; duplicates included.
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;  ///< Popped after a packet that was pushed later.
  std::uint64_t lost_random = 0;
  std::uint64_t lost_burst = 0;
  std::uint64_t lost_queue = 0;
  std::uint64_t lost_outage = 0;
  std::uint64_t bytes_pushed = 0;
  std::uint64_t bytes_delivered = 0;
};

/// Takes packets in, gives those that survive out at their time. Same seed, same packets and times:
/// same result. The fate of packet n depends on the seed and the pushes so far only, never on when
/// it is popped. Movable, single-threaded.
class WZP_TRANSPORT_EXPORT Channel {
 public:
  /// Throws std::invalid_argument for rates outside 0-1, negative times and the like.
  explicit Channel(const ChannelConfig& config);
  ~Channel();
  Channel(Channel&&) noexcept;
  Channel& operator=(Channel&&) noexcept;

  /// Decides the packet's fate; keeps a copy if it is to be delivered. `tag` travels along.
  Fate push(ByteView bytes, Instant now, std::uint64_t tag = 0);

  struct Packet {
    ByteView bytes;  ///< Valid until the next call of this channel.
    std::uint64_t tag = 0;
    Instant pushed_at{};
    Instant due_at{};
  };
  /// The next packet with due_at <= now.
  [[nodiscard]] std::optional<Packet> pop_due(Instant now);
  /// When pop_due() will have something; kNever if nothing is under way.
  [[nodiscard]] Instant next_deadline() const noexcept;

  /// Changes the conditions for packets pushed from now on (the seed is kept).
  void set_config(const ChannelConfig& config);
  /// Drops everything pushed until told otherwise: a cable pulled.
  void set_blackout(bool on) noexcept;

  [[nodiscard]] std::size_t packets_under_way() const noexcept;
  [[nodiscard]] const ChannelCounters& counters() const noexcept;
  [[nodiscard]] const std::vector<FateRecord>& fates() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::transport
