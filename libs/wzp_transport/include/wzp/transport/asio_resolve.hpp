/// \file
/// Names to addresses, with Boost.Asio.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "wzp/proto/expected.hpp"
#include "wzp/transport/export.hpp"
#include "wzp/transport/socket_address.hpp"

namespace wzp::transport {

/// The first address of "name:port", "192.0.2.1:4433", "[2001:db8::1]:4433", or any of these
/// without a port. Blocks for at most `limit`. The error is one line for people. A look-up that is
/// over its limit goes on in the background until the system gives up.
[[nodiscard]] WZP_TRANSPORT_EXPORT Expected<SocketAddress, std::string> resolve(
    std::string_view host_and_port, std::uint16_t default_port,
    std::chrono::milliseconds limit = std::chrono::seconds(5));

}  // namespace wzp::transport
