/// \file
/// All settings of an endpoint, as plain values. Every default is explained in docs/transport.md.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace wzp::transport {

/// When a server makes a client prove its address (one extra round trip) before it keeps state.
struct RetryPolicy {
  /// Retry is demanded while more handshakes than this are unfinished; 0: always.
  std::size_t half_open_limit = 256;
  /// Retry packets per second at most; Initials beyond that are dropped unread (a flood must not
  /// cost more than receiving it).
  std::uint32_t max_retries_per_second = 5000;
  std::chrono::seconds token_lifetime{10};
  /// The same in all shards behind one port, so that each takes the others' tokens; none: drawn.
  std::optional<std::array<std::byte, 32>> token_key;
};

/// Ids that peers put in front of every packet to this endpoint. Byte 0 names the shard, so that
/// a socket filter can steer packets of one connection to one socket; the rest is random.
struct ConnectionIdScheme {
  /// 0, or 6-18. With 0, packets are told apart by the remote address: 6 bytes less per packet, but
  /// one connection per remote address, client role only.
  std::uint8_t length = 6;
  std::uint8_t shard = 0;
};

/// Limits on datagrams waiting in one connection. The oldest is dropped first.
struct OutboxLimits {
  std::chrono::milliseconds max_age{200};
  std::size_t max_datagrams = 512;
};

struct EndpointConfig {
  // -- Time ---------------------------------------------------------------------------------------
  /// The connection ends after this time without a packet from the peer. The smaller value of both
  /// ends counts.
  std::chrono::milliseconds idle_timeout{15'000};
  /// A PING after this time without traffic; 0: never. for_client() sets it.
  std::chrono::milliseconds keep_alive{0};
  std::chrono::milliseconds handshake_timeout{10'000};
  /// Round trip assumed before the first sample: decides how fast a lost handshake packet is
  /// repeated.
  std::chrono::milliseconds initial_rtt{100};
  /// Advertised to the peer. Acknowledgements wait up to 5 ms less for something to travel with.
  std::chrono::milliseconds max_ack_delay{40};
  /// Granularity of loss recovery and of acknowledgement timers of an active connection.
  std::chrono::milliseconds coarse_timer{18};

  // -- Sizes --------------------------------------------------------------------------------------
  /// No UDP payload sent is longer. 1200 passes everywhere QUIC does.
  std::size_t max_udp_payload = 1200;
  /// The congestion window never falls below this many bytes: media do not wait for it. Loss and
  /// late delivery are answered above QUIC, by sending less.
  std::size_t congestion_window_floor = 524'288;
  std::uint64_t connection_window = 262'144;  ///< initial_max_data
  std::uint64_t stream_window = 65'536;       ///< initial_max_stream_data_*
  std::uint64_t max_streams_bidi = 100;       ///< Messages the peer may have under way.
  std::uint64_t max_streams_uni = 0;
  std::uint64_t max_datagram_frame_size = 65'535;  ///< Advertised; 0 refuses datagrams.

  // -- Messages (one per bidirectional stream)
  // ------------------------------------------------------
  std::size_t max_message_bytes = 1'048'576;
  /// Received bytes of incomplete or overtaken messages of one connection; more ends it.
  std::size_t max_buffered_message_bytes = 2'097'152;
  /// The message that is next in order must make progress within this time, or the connection ends.
  std::chrono::milliseconds message_timeout{30'000};
  /// Message bytes accepted by send_message() and not yet acknowledged.
  std::size_t max_queued_message_bytes = 4'194'304;
  /// Message bytes in flight: signals must not flood a thin link that media share.
  std::size_t max_message_bytes_in_flight = 32'768;

  // -- Datagrams
  // ------------------------------------------------------------------------------------
  OutboxLimits outbox;
  /// Bytes of received datagrams kept until the events are taken; more are dropped and counted.
  std::size_t max_unread_datagram_bytes = 4'194'304;

  /// Memory of all datagrams that wait, received or to be sent, of the whole endpoint.
  std::size_t max_frame_bytes = 67'108'864;

  // -- Server
  // ---------------------------------------------------------------------------------------
  std::size_t max_connections = 65'536;  ///< Further clients are refused with CONNECTION_REFUSED.
  /// Unfinished handshakes kept at once; Initials beyond that are dropped.
  std::size_t max_half_open = 4096;
  RetryPolicy retry;
  /// Answers to packets of unknown connections (stateless reset, version negotiation) per second.
  std::uint32_t max_stateless_replies_per_second = 1000;
  /// The TLS session is freed as soon as the handshake is confirmed: 10 KB less per connection.
  bool free_tls_after_handshake = true;

  ConnectionIdScheme connection_id;

  /// Room for the peers of one relay.
  [[nodiscard]] static EndpointConfig for_server() { return {}; }
  /// One connection to one relay: a keep-alive every 5 s, no own connection id.
  [[nodiscard]] static EndpointConfig for_client() {
    EndpointConfig c;
    c.keep_alive = std::chrono::milliseconds(5000);
    c.connection_id.length = 0;
    return c;
  }
};

}  // namespace wzp::transport
