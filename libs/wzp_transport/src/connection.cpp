#include "wzp/transport/connection.hpp"

namespace wzp::transport {

std::string_view name(CloseCause cause) noexcept {
  switch (cause) {
    case CloseCause::kLocal:
      return "closed locally";
    case CloseCause::kPeerApplication:
      return "closed by peer";
    case CloseCause::kPeerTransport:
      return "transport error reported by peer";
    case CloseCause::kIdleTimeout:
      return "idle timeout";
    case CloseCause::kHandshakeTimeout:
      return "handshake timeout";
    case CloseCause::kTransportError:
      return "transport error";
    case CloseCause::kPeerLimit:
      return "peer broke a limit";
    case CloseCause::kRefused:
      return "refused";
    case CloseCause::kReset:
      return "reset";
  }
  return "unknown";
}

}  // namespace wzp::transport
