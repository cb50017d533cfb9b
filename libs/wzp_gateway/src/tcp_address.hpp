/// \file
/// Our addresses and those of Asio.
#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>

#include "wzp/transport/socket_address.hpp"

namespace wzp::gateway {

[[nodiscard]] inline boost::asio::ip::tcp::endpoint to_tcp_endpoint(
    const transport::SocketAddress& address) {
  namespace ip = boost::asio::ip;
  const ByteView bytes = address.ip();
  const auto copy_to = [bytes](auto& out) {
    std::transform(bytes.begin(), bytes.end(), out.begin(),
                   [](std::byte b) { return std::to_integer<unsigned char>(b); });
  };
  if (address.family() == transport::SocketAddress::Family::kIpv6) {
    ip::address_v6::bytes_type ipv6{};
    copy_to(ipv6);
    return {ip::address_v6(ipv6, address.scope()), address.port()};
  }
  ip::address_v4::bytes_type ipv4{};
  if (!bytes.empty()) copy_to(ipv4);
  return {ip::address_v4(ipv4), address.port()};
}

/// A mapped IPv4 address becomes its IPv4 form.
[[nodiscard]] inline transport::SocketAddress from_tcp_endpoint(
    const boost::asio::ip::tcp::endpoint& endpoint) {
  using boost::asio::ip::make_address_v4;
  using boost::asio::ip::v4_mapped;
  const auto address = endpoint.address();
  if (address.is_v4()) {
    return transport::SocketAddress::ipv4(address.to_v4().to_bytes(), endpoint.port());
  }
  const auto ipv6 = address.to_v6();
  if (ipv6.is_v4_mapped()) {
    return transport::SocketAddress::ipv4(make_address_v4(v4_mapped, ipv6).to_bytes(),
                                          endpoint.port());
  }
  return transport::SocketAddress::ipv6(ipv6.to_bytes(), endpoint.port(),
                                        static_cast<std::uint32_t>(ipv6.scope_id()));
}

[[nodiscard]] inline bool is_loopback(const transport::SocketAddress& address) {
  return to_tcp_endpoint(address).address().is_loopback();
}

}  // namespace wzp::gateway
