// SocketAddress to and from what the socket calls take.
#pragma once

#include <sys/socket.h>

#include "wzp/transport/socket_address.hpp"

namespace wzp::transport {

// Fills `out` and returns its length; 0 for the default address.
socklen_t to_sockaddr(const SocketAddress& address, sockaddr_storage& out) noexcept;
// As above, for an IPv6 socket: IPv4 in its mapped form.
socklen_t to_sockaddr_v6(const SocketAddress& address, sockaddr_storage& out) noexcept;
// An IPv4-mapped IPv6 address becomes IPv4; anything but IPv4 and IPv6 the default address.
SocketAddress from_sockaddr(const sockaddr* address) noexcept;

}  // namespace wzp::transport
