/// \file
/// How a connection of an Endpoint is named, what it reports and what is known about it.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/transport/export.hpp"
#include "wzp/transport/frame_pool.hpp"
#include "wzp/transport/socket_address.hpp"

namespace wzp::transport {

/// Names a connection of one endpoint. `slot` is reused by later connections (good as an index into
/// the user's own table), the pair is not. The default value names none.
struct ConnectionHandle {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  auto operator<=>(const ConnectionHandle&) const = default;
};

/// Why a connection ended.
enum class CloseCause : std::uint8_t {
  kLocal,             ///< close() of this endpoint.
  kPeerApplication,   ///< The peer's application closed; code and reason are its own.
  kPeerTransport,     ///< The peer's QUIC or TLS layer closed: QUIC error code (0x100 + TLS alert).
  kIdleTimeout,       ///< Nothing arrived for the idle timeout.
  kHandshakeTimeout,  ///< The peer never finished the handshake, or is not there.
  kTransportError,    ///< The peer broke a rule of QUIC or TLS; code as sent to it.
  kPeerLimit,         ///< The peer broke a limit of EndpointConfig; the reason says which.
  kRefused,           ///< The peer, or a version or TLS mismatch with it, refused the connection.
  kReset,             ///< The peer has no memory of the connection (stateless reset).
};
/// "idle timeout" and so on, for log lines and metric labels.
[[nodiscard]] WZP_TRANSPORT_EXPORT std::string_view name(CloseCause cause) noexcept;

/// Application close code and reason of a deliberate, ordinary close.
inline constexpr std::uint64_t kNormalCloseCode = 0;
inline constexpr std::string_view kNormalCloseReason = "normal close";

/// The handshake is complete; datagrams and messages can be sent from now on.
struct Connected {
  ConnectionHandle connection;
  std::string server_name;  ///< SNI in lower case; "default" if a client sent none.
  std::string alpn;
  SocketAddress remote;
  bool is_server = false;  ///< This end accepted the connection.
};

/// A datagram of the peer. `bytes` lives as long as `frame` or a copy of it, which may be kept, or
/// passed to Endpoint::send_datagram() for any number of other connections without a copy.
struct DatagramReceived {
  ConnectionHandle connection;
  ByteView bytes;
  FrameRef frame;
};

/// One complete message (a signal's JSON text) of the peer. Messages come in the order in which the
/// peer opened their streams.
struct MessageReceived {
  ConnectionHandle connection;
  std::vector<std::byte> bytes;
};

/// The last event of a connection that was reported by Connected or returned by connect(): exactly
/// one for each, also after a local close().
struct ConnectionClosed {
  ConnectionHandle connection;
  CloseCause cause = CloseCause::kLocal;
  std::uint64_t code = 0;  ///< Application code for kLocal and kPeerApplication, else QUIC's.
  std::string reason;      ///< Peer-controlled text for kPeer...: quote it when printing.
};

/// Handle the default case: kinds may be added.
using Event = std::variant<Connected, DatagramReceived, MessageReceived, ConnectionClosed>;

enum class SendResult : std::uint8_t {
  kQueued,               ///< Will leave with the next flush().
  kQueuedOldestDropped,  ///< Queued, but the outbox was full and lost its oldest datagram.
  kTooLarge,             ///< Longer than ConnectionStats::max_datagram_size: never fits.
  kNotConnected,         ///< No such connection, handshake unfinished, or closing.
  kUnsupported,          ///< The peer takes no datagrams.
  kNoMemory,             ///< The endpoint's frame pool is at its limit.
};

struct ConnectionStats {
  SocketAddress remote;
  bool connected = false;                    ///< Handshake complete.
  std::chrono::nanoseconds smoothed_rtt{0};  ///< 0 before the first sample.
  std::chrono::nanoseconds latest_rtt{0};
  std::chrono::nanoseconds min_rtt{0};
  std::uint64_t congestion_window = 0;
  std::uint64_t bytes_in_flight = 0;
  std::size_t max_datagram_size = 0;  ///< Longest payload send_datagram() takes now.

  std::uint64_t packets_in = 0;  ///< UDP payloads, as are the byte counts.
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;

  std::uint64_t datagrams_in = 0;
  std::uint64_t datagrams_out = 0;  ///< Written into packets.
  std::uint64_t datagrams_acked = 0;
  std::uint64_t datagrams_lost = 0;          ///< Declared lost by QUIC; late ones may still arrive.
  std::uint64_t datagrams_dropped_full = 0;  ///< Pushed out of the outbox by newer ones.
  std::uint64_t datagrams_dropped_aged = 0;  ///< Waited longer than OutboxLimits::max_age.
  std::size_t datagrams_queued = 0;          ///< Waiting now.

  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;   ///< Fully acknowledged.
  std::size_t messages_queued = 0;  ///< Not fully acknowledged.
  std::size_t message_bytes_queued = 0;
  std::size_t message_bytes_buffered = 0;  ///< Received, of messages not yet complete or in order.
};

}  // namespace wzp::transport

template <>
struct std::hash<wzp::transport::ConnectionHandle> {
  std::size_t operator()(const wzp::transport::ConnectionHandle& c) const noexcept {
    return (static_cast<std::size_t>(c.generation) << 32 | c.slot) * 0x9e3779b97f4a7c15U;
  }
};
