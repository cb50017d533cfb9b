/// \file
/// QUIC without I/O: any number of connections behind one UDP socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/transport/connection.hpp"
#include "wzp/transport/endpoint_config.hpp"
#include "wzp/transport/errc.hpp"
#include "wzp/transport/export.hpp"
#include "wzp/transport/frame_pool.hpp"
#include "wzp/transport/socket_address.hpp"
#include "wzp/transport/tls_context.hpp"
#include "wzp/transport/tx_batch.hpp"

namespace wzp::transport {

/// What happened to packets that belong to no connection, and sums over all connections.
struct EndpointCounters {
  std::uint64_t packets_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_out = 0;

  std::uint64_t accepted = 0;           ///< Handshakes completed as server.
  std::uint64_t connected = 0;          ///< Handshakes completed as client.
  std::uint64_t closed = 0;             ///< ConnectionClosed events.
  std::uint64_t handshakes_failed = 0;  ///< Accepted attempts that never became a connection.

  std::uint64_t packets_malformed = 0;   ///< Empty, too long, or no QUIC header.
  std::uint64_t packets_unknown = 0;     ///< For a connection that does not exist.
  std::uint64_t initials_too_short = 0;  ///< First packet under 1200 bytes.
  std::uint64_t initials_dropped = 0;    ///< Over max_half_open or the Retry rate.
  std::uint64_t tokens_invalid = 0;
  std::uint64_t retries_sent = 0;
  std::uint64_t version_negotiations_sent = 0;
  std::uint64_t stateless_resets_sent = 0;
  std::uint64_t replies_suppressed = 0;  ///< Stateless replies over their rate.
  std::uint64_t sent_on = 0;             ///< To the shard that serves their server name.
  std::uint64_t refused_misplaced = 0;   ///< On a wrong shard, and not to be sent on any more.
  std::uint64_t refused = 0;             ///< CONNECTION_REFUSED: over max_connections.

  std::uint64_t datagrams_unread_dropped = 0;  ///< Over max_unread_datagram_bytes.
  std::uint64_t datagrams_dropped_full = 0;
  std::uint64_t datagrams_dropped_aged = 0;
  std::uint64_t messages_truncated = 0;    ///< Stream ended or was reset before its message did.
  std::uint64_t messages_with_excess = 0;  ///< Bytes after the end of a message, ignored.
  std::uint64_t peer_limits_broken = 0;    ///< Connections ended with CloseCause::kPeerLimit.
};

/// A QUIC endpoint for media datagrams and messages. Server, client or both, depending on its TLS
/// contexts. It owns no socket and reads no clock; UdpDriver and SimNetwork are drivers for it:
///
///     endpoint.receive(from, to, payload, now);            // for each UDP payload that arrived
///     while (auto event = endpoint.poll_event()) ...;      // act on them: send_datagram() ...
///     do { more = endpoint.flush(batch, now); send(batch); batch.clear(); } while (more);
///     timer.expires_at(endpoint.next_deadline());          // then handle_deadline(now), as above
///
/// One round of this is a *turn*. Everything sent to one connection within a turn shares packets.
/// `now` never goes back. Not thread-safe: one endpoint per thread. Movable. Handles of other
/// endpoints are recognised only by chance: don't mix them.
class WZP_TRANSPORT_EXPORT Endpoint {
 public:
  /// `tls` gives the role; set_tls() can add the other. `rng` supplies connection ids, keys for
  /// tokens and padding, and must outlive the endpoint (TLS keys come from the TLS library's own
  /// generator). Throws std::invalid_argument if the configuration contradicts itself.
  Endpoint(const EndpointConfig& config, TlsContext tls, Rng& rng);
  ~Endpoint();
  Endpoint(Endpoint&&) noexcept;
  Endpoint& operator=(Endpoint&&) noexcept;

  /// Replaces (or adds) the context of its role, for handshakes that start from now on.
  void set_tls(TlsContext tls);

  /// For one of several endpoints behind one port: which of them (ConnectionIdScheme::shard) serves
  /// a server name, in lower case. A client that comes to another one is sent on by a Retry, whose
  /// connection id steers its next packet; before that nothing is kept. All need the same
  /// RetryPolicy::token_key. A client that had to prove its address already is refused instead.
  using ShardOf = std::function<std::uint8_t(std::string_view server_name)>;
  void set_shard_of(ShardOf shard_of);

  // -- Input
  // ----------------------------------------------------------------------------------------
  /// Starts a connection; Connected or ConnectionClosed follows. `server_name` goes out as SNI
  /// unless it is empty or an IP address.
  [[nodiscard]] Result<ConnectionHandle> connect(const SocketAddress& remote,
                                                 std::string_view server_name, Instant now);

  /// One UDP payload. `to` is the local address it arrived at (may be unspecified). Anything may be
  /// passed; what is not QUIC is counted and dropped. Use the same `now` for a whole batch.
  void receive(const SocketAddress& from, const SocketAddress& to, ByteView udp_payload,
               Instant now);

  /// Does what is due. Call it at or after next_deadline(), then poll and flush.
  void handle_deadline(Instant now);

  // -- Events
  // ---------------------------------------------------------------------------------------
  /// The next event, in order of occurrence.
  [[nodiscard]] std::optional<Event> poll_event();

  // -- Sending
  // --------------------------------------------------------------------------------------
  /// Copies `bytes` once into the connection's outbox. Datagrams of one `stream` (unless it is 0)
  /// never share a packet: what is lost together could not repair each other.
  SendResult send_datagram(ConnectionHandle connection, ByteView bytes, Instant now,
                           StreamId stream = {});
  /// Queues a reference: the same frame may go to any number of connections. With `may_wait`, and
  /// if nothing else makes the connection write before, it is held for company: datagrams that come
  /// for any connection meanwhile leave with it, all at once, when the first one's time is over.
  SendResult send_datagram(ConnectionHandle connection, const FrameRef& frame, Instant now,
                           StreamId stream = {}, Duration may_wait = Duration{0});
  /// A frame to be sent to many. Empty if too long or no memory is left.
  [[nodiscard]] FrameRef make_frame(ByteView bytes) noexcept;

  /// Sends one message: a bidirectional stream with a four-byte length, `bytes` and FIN. Messages
  /// arrive in the order of these calls. Takes a copy.
  [[nodiscard]] Result<void> send_message(ConnectionHandle connection, ByteView bytes, Instant now);

  /// Ends a connection. Datagrams and messages queued before leave in the same flush, once, ahead
  /// of the close. Nothing is reported but ConnectionClosed{kLocal}. Unknown handles are ignored.
  void close(ConnectionHandle connection, std::uint64_t code, std::string_view reason, Instant now);
  /// As close(), but first waits until all messages are acknowledged, at most `linger`. Messages
  /// and datagrams sent afterwards are refused.
  void close_after_delivery(ConnectionHandle connection, std::uint64_t code,
                            std::string_view reason, Duration linger, Instant now);
  void close_all(std::uint64_t code, std::string_view reason, Instant now);

  /// Writes the packets of all connections that have something to say: per connection datagrams
  /// first, as many per packet as fit, then messages. Returns true if the batch got full: send it,
  /// clear it, call again.
  [[nodiscard]] bool flush(TxBatch& batch, Instant now);

  /// When handle_deadline() wants to be called; kNever if never. Changes with every other call.
  [[nodiscard]] Instant next_deadline() const;

  // -- Connections
  // ----------------------------------------------------------------------------------
  [[nodiscard]] bool is_open(ConnectionHandle connection) const noexcept;
  [[nodiscard]] std::size_t connection_count() const noexcept;  ///< Half-open ones included.
  [[nodiscard]] std::size_t half_open_count() const noexcept;
  /// All zero for an unknown handle.
  [[nodiscard]] ConnectionStats stats(ConnectionHandle connection) const;
  [[nodiscard]] const EndpointCounters& counters() const noexcept;

  /// Longest payload send_datagram() takes now; 0 for an unknown handle. Cheaper than stats().
  [[nodiscard]] std::size_t max_datagram_size(ConnectionHandle connection) const noexcept;

  /// Keying material of RFC 8446 section 7.5, equal on both ends; available from Connected on.
  [[nodiscard]] Result<std::vector<std::byte>> export_keying_material(ConnectionHandle connection,
                                                                      std::string_view label,
                                                                      ByteView context,
                                                                      std::size_t size) const;

  /// Moves a client's connection to another local address (the driver must send from it).
  [[nodiscard]] Result<void> migrate(ConnectionHandle connection, const SocketAddress& local,
                                     Instant now);
  /// Starts a change of the packet keys. Happens by itself long before a cipher's limit.
  [[nodiscard]] Result<void> update_keys(ConnectionHandle connection, Instant now);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::transport
