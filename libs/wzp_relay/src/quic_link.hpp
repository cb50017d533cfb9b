/// \file
/// A Link over a connection of an Endpoint.
#pragma once

#include "link.hpp"
#include "wzp/transport/endpoint.hpp"

namespace wzp::relay {

class QuicLink final : public Link {
 public:
  QuicLink(transport::Endpoint& endpoint, transport::ConnectionHandle connection,
           transport::SocketAddress remote)
      : endpoint_(&endpoint), connection_(connection), remote_(remote) {}

  bool send_frame(StreamId from, const transport::FrameRef& frame, Duration may_wait,
                  Instant now) override;
  bool send_signal_text(std::string_view text, Instant now) override;
  void close(std::string_view reason, Instant now) override;
  [[nodiscard]] transport::SocketAddress remote() const override { return remote_; }

 private:
  transport::Endpoint* endpoint_;
  transport::ConnectionHandle connection_;
  transport::SocketAddress remote_;
};

}  // namespace wzp::relay
