#include "wzp/transport/errc.hpp"

#include <string>

namespace wzp::transport {

std::string_view message(Errc error) noexcept {
  switch (error) {
    case Errc::kUnknownConnection:
      return "no such connection";
    case Errc::kMessageTooLong:
      return "message longer than the limit";
    case Errc::kMessageQueueFull:
      return "too many unacknowledged message bytes";
    case Errc::kTooManyConnections:
      return "connection limit reached";
    case Errc::kInvalidServerName:
      return "not usable as TLS server name";
    case Errc::kNoTlsContext:
      return "no TLS context for this role";
    case Errc::kAlreadyConnected:
      return "already connected to this address";
    case Errc::kAddressInvalid:
      return "expected an address like 192.0.2.1:4433 or [2001:db8::1]:4433";
    case Errc::kAddressInUse:
      return "address in use";
    case Errc::kAddressNotAvailable:
      return "address is not one of this machine";
    case Errc::kPermissionDenied:
      return "permission denied";
    case Errc::kSocketFailed:
      return "socket could not be opened";
    case Errc::kExporterUnavailable:
      return "handshake not finished, no keying material yet";
    case Errc::kMigrationFailed:
      return "connection cannot change its path now";
    case Errc::kShuttingDown:
      return "connection is closing";
    case Errc::kKeyUpdateNotPossible:
      return "previous key update not confirmed yet";
  }
  return "unknown transport error";
}

namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "wzp.transport"; }
  std::string message(int code) const override {
    return std::string(transport::message(static_cast<Errc>(code)));
  }
};

}  // namespace

std::error_code make_error_code(Errc error) noexcept {
  static const Category category;
  return {static_cast<int>(error), category};
}

}  // namespace wzp::transport
