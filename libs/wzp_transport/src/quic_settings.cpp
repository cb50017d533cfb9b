#include "quic_settings.hpp"

#include <algorithm>
#include <stdexcept>

namespace wzp::transport {

ngtcp2_settings make_settings(const EndpointConfig& config, Rng& rng, Instant now) noexcept {
  ngtcp2_settings s;
  ngtcp2_settings_default(&s);
  s.cc_algo = NGTCP2_CC_ALGO_CUBIC;
  s.initial_ts = to_ngtcp2(now);
  s.initial_rtt = to_ngtcp2(config.initial_rtt);
  s.handshake_timeout = to_ngtcp2(config.handshake_timeout);
  // CUBIC never shrinks its window below two packets of the largest size. Claiming a huge size, and
  // passing buffers of the real one to every write, keeps the window away from media.
  s.max_tx_udp_payload_size = config.congestion_window_floor / 2;
  s.no_tx_udp_payload_size_shaping = 1;
  // A probe of the path's MTU would take a datagram's place, and voice needs no more than 1200.
  // Turning discovery off is no way: ngtcp2 1.11 then fails an assertion when a peer's address
  // changes. A single size that never fits any write ends it before it begins.
  static constexpr std::uint16_t kImpossibleProbe = 65'535;
  s.pmtud_probes = &kImpossibleProbe;
  s.pmtud_probeslen = 1;
  s.rand_ctx.native_handle = &rng;
  return s;
}

ngtcp2_transport_params make_transport_params(const EndpointConfig& config) noexcept {
  ngtcp2_transport_params p;
  ngtcp2_transport_params_default(&p);
  p.initial_max_data = config.connection_window;
  p.initial_max_stream_data_bidi_local = config.stream_window;
  p.initial_max_stream_data_bidi_remote = config.stream_window;
  p.initial_max_stream_data_uni = config.stream_window;
  p.initial_max_streams_bidi = config.max_streams_bidi;
  p.initial_max_streams_uni = config.max_streams_uni;
  p.max_idle_timeout = to_ngtcp2(config.idle_timeout);
  p.max_udp_payload_size = 1472;
  p.max_ack_delay = to_ngtcp2(config.max_ack_delay);
  p.max_datagram_frame_size = config.max_datagram_frame_size;
  p.active_connection_id_limit = 2;
  p.grease_quic_bit = 1;
  return p;
}

std::size_t max_datagram_payload(std::size_t udp_payload, std::size_t peer_cid_size,
                                 std::uint64_t peer_max_frame_size) noexcept {
  constexpr std::size_t kFirstByteNumberAndTag = 1 + 4 + 16;
  constexpr std::size_t kFrameHeader = 9;
  if (peer_max_frame_size <= kFrameHeader) return 0;
  const std::size_t around =
      kFirstByteNumberAndTag + std::max<std::size_t>(peer_cid_size, 8) + kFrameHeader;
  return std::min<std::size_t>(udp_payload - around, peer_max_frame_size - kFrameHeader);
}

void check_config(const EndpointConfig& c) {
  const auto require = [](bool ok, const char* what) {
    if (!ok) throw std::invalid_argument(std::string("EndpointConfig: ") + what);
  };
  using std::chrono::milliseconds;
  require(c.max_udp_payload >= 1200 && c.max_udp_payload <= 1472, "max_udp_payload is 1200-1472");
  require(
      c.connection_id.length == 0 || (c.connection_id.length >= 6 && c.connection_id.length <= 18),
      "connection_id.length is 0 or 6-18");
  require(c.congestion_window_floor >= 14'720 && c.congestion_window_floor <= (1U << 24),
          "congestion_window_floor is 14,720-16,777,216");
  require(c.max_ack_delay > milliseconds(5) && c.max_ack_delay < milliseconds(16'384),
          "max_ack_delay is 6 ms-16 s");
  require(c.coarse_timer > milliseconds(0) && c.coarse_timer <= c.max_ack_delay,
          "coarse_timer is above 0 and at most max_ack_delay");
  require(c.initial_rtt > milliseconds(0), "initial_rtt is above 0");
  require(c.handshake_timeout > milliseconds(0), "handshake_timeout is above 0");
  require(c.idle_timeout > milliseconds(0), "idle_timeout is above 0");
  require(c.max_connections > 0 && c.max_half_open > 0, "connection limits are above 0");
  require(c.max_message_bytes <= UINT32_MAX, "max_message_bytes fits 32 bits");
}

}  // namespace wzp::transport
