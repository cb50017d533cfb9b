/// \file
/// A Link that ends in the same process.
#pragma once

#include "link.hpp"
#include "wzp/relay/guest.hpp"

namespace wzp::relay {

class GuestLink final : public Link {
 public:
  GuestLink(Guest& guest, const transport::SocketAddress& remote)
      : guest_(&guest), remote_(remote) {}

  bool send_frame(StreamId, const transport::FrameRef& frame, Duration, Instant) override {
    return guest_->handle_datagram(frame.bytes());
  }
  bool send_signal_text(std::string_view text, Instant) override {
    guest_->handle_signal(text);
    return true;
  }
  void close(std::string_view reason, Instant) override { guest_->handle_close(reason); }
  [[nodiscard]] transport::SocketAddress remote() const override { return remote_; }

 private:
  Guest* guest_;
  transport::SocketAddress remote_;
};

}  // namespace wzp::relay
