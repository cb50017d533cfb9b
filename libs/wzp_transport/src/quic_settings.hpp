// From EndpointConfig to ngtcp2's settings and transport parameters: the one place where they meet.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include "wzp/proto/rng.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/transport/endpoint_config.hpp"

namespace wzp::transport {

inline ngtcp2_tstamp to_ngtcp2(Instant t) noexcept {
  return static_cast<ngtcp2_tstamp>(t.time_since_epoch().count());
}
inline Instant from_ngtcp2(ngtcp2_tstamp t) noexcept {
  return t >= static_cast<ngtcp2_tstamp>(kNever.time_since_epoch().count())
             ? kNever
             : Instant(Duration(static_cast<std::int64_t>(t)));
}
template <class Rep, class Period>
ngtcp2_duration to_ngtcp2(std::chrono::duration<Rep, Period> d) noexcept {
  return static_cast<ngtcp2_duration>(std::chrono::duration_cast<Duration>(d).count());
}

ngtcp2_settings make_settings(const EndpointConfig& config, Rng& rng, Instant now) noexcept;
ngtcp2_transport_params make_transport_params(const EndpointConfig& config) noexcept;

// Bytes of a packet around one DATAGRAM payload, planned for peers with ids of up to 8 bytes: first
// byte, id, packet number, AEAD tag, and 9 for the frame header as the reference counts it. Both
// ends of a wzp call thus see the same limit: 1162 in a packet of 1200.
std::size_t max_datagram_payload(std::size_t udp_payload, std::size_t peer_cid_size,
                                 std::uint64_t peer_max_frame_size) noexcept;

// Throws std::invalid_argument if the values contradict each other or QUIC.
void check_config(const EndpointConfig& config);

}  // namespace wzp::transport
