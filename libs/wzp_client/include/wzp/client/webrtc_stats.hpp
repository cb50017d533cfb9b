/// \file
/// What a call counted, under the names, in the units and in the shape of the W3C's "Identifiers
/// for WebRTC's Statistics API", so that tools made for browsers read it. Which member means what
/// here: docs/statistics.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wzp/client/call_statistics.hpp"
#include "wzp/client/export.hpp"
#include "wzp/proto/codec_id.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/transport/connection.hpp"

namespace wzp::client {

/// One remote stream.
struct InboundStatistics {
  StreamId stream;
  std::string participant;  ///< Fingerprint, as trackIdentifier; may be empty.
  ReceiveStatistics receive;
  std::int64_t packets_lost = 0;
  std::uint64_t bytes_received = 0;  ///< Of media packets, without IP, UDP and QUIC.
  double jitter_seconds = 0;         ///< RFC 3550, 6.4.1.
};

/// What one listener reports of us.
struct RemoteInboundStatistics {
  StreamId stream;
  std::optional<double> fraction_lost;  ///< 0-1, of late.
  std::optional<double> jitter_seconds;
  std::optional<double> round_trip_seconds;  ///< To the listener; not to the relay only.
};

/// Everything at one moment. What is not set is left out of the JSON.
struct WebrtcStats {
  double timestamp_ms = 0;  ///< Since 1970, the caller's clock.
  CallStatistics call;
  std::vector<InboundStatistics> inbound;
  std::vector<RemoteInboundStatistics> remote_inbound;
  transport::ConnectionStats connection;
  proto::CodecId codec = proto::CodecId::kOpus24k;  ///< What we send.
  std::uint64_t bytes_sent = 0;                     ///< Of media packets.
  std::optional<double> target_bps;                 ///< Of the encoder.
  std::optional<double> available_bps;              ///< On the wire, as the control believes.
  double playout_delay_seconds = 0;                 ///< From the mixer to the ear, as far as known.

  /// A JSON object of statistics objects by their id: inbound-rtp, outbound-rtp,
  /// remote-inbound-rtp, media-playout, codec, candidate-pair and transport.
  [[nodiscard]] WZP_CLIENT_EXPORT std::string to_json() const;
};

}  // namespace wzp::client
