/// \file
/// What carries a participant: today a QUIC connection.
#pragma once

#include <cstddef>
#include <string_view>

#include "wzp/proto/serial.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/transport/frame_pool.hpp"
#include "wzp/transport/socket_address.hpp"

namespace wzp::relay {

/// Carries media frames and signals to one participant. A participant is the same whatever its
/// link.
class Link {
 public:
  virtual ~Link() = default;
  /// Sends a frame of `from`; it may wait for others to travel with. False if it will not be sent:
  /// too long for the path, or the link is closing.
  virtual bool send_frame(StreamId from, const transport::FrameRef& frame, Duration may_wait,
                          Instant now) = 0;
  /// The JSON text of a signal.
  virtual bool send_signal_text(std::string_view text, Instant now) = 0;
  /// Signals sent before are still delivered.
  virtual void close(std::string_view reason, Instant now) = 0;
  [[nodiscard]] virtual transport::SocketAddress remote() const = 0;
};

}  // namespace wzp::relay
