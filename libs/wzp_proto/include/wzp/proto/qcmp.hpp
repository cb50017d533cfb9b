/// \file
/// QCMP: the latency probe format of the Quilkin proxy, over plain UDP. Format: docs/wire/qcmp.md.
///
/// A ping carries a nonce and the sender's clock; the pong repeats them and adds when the ping came
/// and when the pong left. From that the sender gets the round trip without the responder's
/// processing time, and both one-way times as far as the clocks agree (as NTP does).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/errc.hpp"
#include "wzp/proto/expected.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::proto {

inline constexpr std::size_t kQcmpPingSize = 17;
inline constexpr std::size_t kQcmpPongSize = 33;
inline constexpr std::size_t kQcmpMaxSize = kQcmpPongSize;

/// Nanoseconds since the Unix epoch, UTC.
using UtcNanos = std::int64_t;

struct QcmpPing {
  std::uint8_t nonce = 0;
  UtcNanos client_timestamp = 0;
  bool operator==(const QcmpPing&) const = default;
};

struct QcmpPong {
  std::uint8_t nonce = 0;
  UtcNanos client_timestamp = 0;           ///< Copied from the ping.
  UtcNanos server_start_timestamp = 0;     ///< When the ping came.
  UtcNanos server_transmit_timestamp = 0;  ///< When the pong left.
  bool operator==(const QcmpPong&) const = default;
};

using QcmpPacket = std::variant<QcmpPing, QcmpPong>;

/// Why bytes are no QCMP packet.
struct QcmpError {
  /// kBadMagic: not QCMP at all, no error of a QCMP peer. kUnknownVersion, kUnknownKind (command),
  /// kLengthMismatch: it was meant to be QCMP.
  Errc code = Errc::kBadMagic;
  std::size_t specified = 0;  ///< kLengthMismatch: the length that was required ...
  std::size_t available = 0;  ///< ... and the one that was there.
  std::uint8_t value = 0;     ///< The unknown version or command.
  bool operator==(const QcmpError&) const = default;
};

[[nodiscard]] WZP_PROTO_EXPORT std::string describe(const QcmpError& error);

/// Checks in this order: at least 17 bytes, magic, version, command, length for the command, stated
/// length against the command's, stated length against the rest.
[[nodiscard]] WZP_PROTO_EXPORT Expected<QcmpPacket, QcmpError> parse_qcmp(ByteView in) noexcept;

/// \return 17 or 33, or kBufferTooSmall.
[[nodiscard]] WZP_PROTO_EXPORT Result<std::size_t> write_qcmp(const QcmpPacket& packet,
                                                              MutableBytes out) noexcept;

/// What a pong says about the path. One-way times include the difference of the clocks.
struct QcmpMeasurement {
  Duration round_trip{0};  ///< Without the responder's own time.
  Duration incoming{0};    ///< Pinger to responder.
  Duration outgoing{0};    ///< Responder to pinger.
};

/// `received` is when the pong came. Hostile time stamps wrap, they do not overflow.
[[nodiscard]] WZP_PROTO_EXPORT QcmpMeasurement measure(const QcmpPong& pong,
                                                       UtcNanos received) noexcept;

/// The answering side; stateless but for its counters.
class WZP_PROTO_EXPORT QcmpResponder {
 public:
  struct Counters {
    std::uint64_t answered = 0;
    std::uint64_t not_qcmp = 0;     ///< Without the magic number.
    std::uint64_t malformed = 0;    ///< With it, but wrong.
    std::uint64_t unsupported = 0;  ///< A pong.
    std::uint64_t no_room = 0;      ///< The buffer for the answer was too small.
  };

  /// \return the pong's size in `out` (at most kQcmpPongSize), 0 if there is nothing to answer.
  std::size_t respond(ByteView datagram, UtcNanos received, UtcNanos transmit,
                      MutableBytes out) noexcept;
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

 private:
  Counters counters_;
};

/// Where a ping goes. IPv4 addresses as IPv4-mapped IPv6 ones, so that equal means equal.
struct ProbeAddress {
  std::array<std::byte, 16> ip{};
  std::uint16_t port = 0;
  bool operator==(const ProbeAddress&) const = default;
};

/// The pinging side: many pings in flight at once, each with a nonce of its own, leased at random
/// until the reply or the timeout. Movable, single-threaded, no allocation after construction.
class WZP_PROTO_EXPORT QcmpPinger {
 public:
  /// The reference never leases nonce 255.
  static constexpr std::size_t kMaxInFlight = 255;

  struct Counters {
    std::uint64_t sent = 0;
    std::uint64_t replies = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t refused = 0;    ///< Pings not sent because no nonce was left.
    std::uint64_t late = 0;       ///< Replies to a ping that had timed out or was answered before.
    std::uint64_t unknown = 0;    ///< Replies to nothing that was asked of that address.
    std::uint64_t malformed = 0;  ///< Not a pong.
  };
  struct Reply {
    ProbeAddress address;
    std::uint8_t nonce = 0;
    QcmpMeasurement measurement;
  };
  struct Timeout {
    ProbeAddress address;
    std::uint8_t nonce = 0;
  };

  explicit QcmpPinger(Duration timeout = std::chrono::seconds(5));
  ~QcmpPinger();
  QcmpPinger(QcmpPinger&&) noexcept;
  QcmpPinger& operator=(QcmpPinger&&) noexcept;

  /// Writes a ping to be sent at once. \return its size; kExhausted if 255 are in flight,
  /// kBufferTooSmall.
  [[nodiscard]] Result<std::size_t> ping(const ProbeAddress& to, UtcNanos utc, Instant now,
                                         Rng& rng, MutableBytes out);
  /// A datagram came. \return the measurement if it answers a ping in flight to this address.
  std::optional<Reply> handle_datagram(const ProbeAddress& from, ByteView datagram,
                                       UtcNanos received) noexcept;
  /// The next ping given up at `now`; call until nothing is left.
  std::optional<Timeout> poll_timeout(Instant now) noexcept;
  /// When the oldest ping in flight is given up.
  [[nodiscard]] Instant next_deadline() const noexcept;

  [[nodiscard]] std::size_t in_flight() const noexcept;
  [[nodiscard]] const Counters& counters() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::proto
