// A call's connection to its relay: signals and datagrams out.
#pragma once

#include "wzp/proto/signal.hpp"
#include "wzp/transport/endpoint.hpp"

namespace wzp::client {

// All media of a client is one stream: a repair packet must not be lost with what it repairs.
inline constexpr StreamId kOurMedia{1};

struct RelayLink {
  transport::Endpoint& endpoint;
  transport::ConnectionHandle connection;

  void send(const proto::Signal& signal, Instant now) {
    const std::string text = proto::write_signal(signal);
    // Refused only when a megabyte is waiting already: the connection is about to die anyway.
    static_cast<void>(endpoint.send_message(connection, as_byte_view(text), now));
  }
  bool send_media(ByteView packet, Instant now) {
    const auto result = endpoint.send_datagram(connection, packet, now, kOurMedia);
    return result == transport::SendResult::kQueued ||
           result == transport::SendResult::kQueuedOldestDropped;
  }
};

}  // namespace wzp::client
