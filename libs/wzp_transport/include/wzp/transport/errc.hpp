/// \file
/// Errors of wzp::transport.
#pragma once

#include <string_view>
#include <system_error>
#include <type_traits>

#include "wzp/proto/expected.hpp"
#include "wzp/transport/export.hpp"

namespace wzp::transport {

/// What a peer, the network or the operating system can cause. Numbers are stable and never reused.
enum class Errc {
  kUnknownConnection = 1,   ///< The handle names no open connection (any more).
  kMessageTooLong = 2,      ///< A message longer than EndpointConfig::max_message_bytes.
  kMessageQueueFull = 3,    ///< Unacknowledged messages reached their limit: slow down or close.
  kTooManyConnections = 4,  ///< EndpointConfig::max_connections is reached.
  kInvalidServerName = 5,   ///< Longer than 253 bytes or not usable as TLS server name.
  kNoTlsContext = 6,        ///< connect() without a client context, or accept without a server one.
  kAlreadyConnected =
      7,                ///< Without connection ids there can be one connection per remote address.
  kAddressInvalid = 8,  ///< Text that is no "ip:port" or "[ip]:port".
  kAddressInUse = 9,    ///< Another socket holds the UDP port.
  kAddressNotAvailable = 10,   ///< The address belongs to no interface of this machine.
  kPermissionDenied = 11,      ///< The operating system refused the port.
  kSocketFailed = 12,          ///< Any other failure while opening or configuring the socket.
  kExporterUnavailable = 13,   ///< The handshake of the connection is not finished.
  kMigrationFailed = 14,       ///< The connection cannot change its path now.
  kShuttingDown = 15,          ///< The connection is being closed and takes nothing new.
  kKeyUpdateNotPossible = 16,  ///< The previous key update is not confirmed yet.
};

/// "transport: message too long", for a log line.
[[nodiscard]] WZP_TRANSPORT_EXPORT std::string_view message(Errc error) noexcept;
[[nodiscard]] WZP_TRANSPORT_EXPORT std::error_code make_error_code(Errc error) noexcept;

template <class T>
using Result = wzp::Expected<T, Errc>;

}  // namespace wzp::transport

template <>
struct std::is_error_code_enum<wzp::transport::Errc> : std::true_type {};
