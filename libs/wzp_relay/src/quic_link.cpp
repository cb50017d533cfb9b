#include "quic_link.hpp"

namespace wzp::relay {

bool QuicLink::send_frame(StreamId from, const transport::FrameRef& frame, Duration may_wait,
                          Instant now) {
  const transport::SendResult result =
      endpoint_->send_datagram(connection_, frame, now, from, may_wait);
  return result == transport::SendResult::kQueued ||
         result == transport::SendResult::kQueuedOldestDropped;
}

bool QuicLink::send_signal_text(std::string_view text, Instant now) {
  return endpoint_->send_message(connection_, as_byte_view(text), now).has_value();
}

void QuicLink::close(std::string_view reason, Instant now) {
  endpoint_->close_after_delivery(connection_, transport::kNormalCloseCode, reason,
                                  std::chrono::seconds(1), now);
}

}  // namespace wzp::relay
