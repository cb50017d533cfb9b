/// \file
/// An IP address with a UDP port, as a value.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "wzp/proto/bytes.hpp"
#include "wzp/transport/errc.hpp"
#include "wzp/transport/export.hpp"

namespace wzp::transport {

/// IPv4 or IPv6 address and port; 24 bytes, comparable, hashable. The default value is "no
/// address". An IPv4-mapped IPv6 address (::ffff:a.b.c.d) is turned into its IPv4 form when it
/// comes from a socket, so that a dual-stack socket and an IPv4 socket name a peer alike.
class WZP_TRANSPORT_EXPORT SocketAddress {
 public:
  enum class Family : std::uint8_t { kNone = 0, kIpv4 = 4, kIpv6 = 6 };

  constexpr SocketAddress() = default;
  [[nodiscard]] static SocketAddress ipv4(std::array<std::uint8_t, 4> ip, std::uint16_t port);
  [[nodiscard]] static SocketAddress ipv6(std::array<std::uint8_t, 16> ip, std::uint16_t port,
                                          std::uint32_t scope = 0);
  [[nodiscard]] static SocketAddress loopback_ipv4(std::uint16_t port);
  [[nodiscard]] static SocketAddress loopback_ipv6(std::uint16_t port);

  /// Reads "192.0.2.1:4433" or "[2001:db8::1]:4433". Names are not resolved. A link-local address
  /// may carry a numeric scope: "[fe80::1%2]:4433".
  [[nodiscard]] static Result<SocketAddress> parse(std::string_view text);
  /// The form parse() reads; "none" for the default value.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] Family family() const noexcept { return family_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::uint32_t scope() const noexcept { return scope_; }
  /// 4 or 16 bytes in network order; empty for the default value.
  [[nodiscard]] ByteView ip() const noexcept;
  [[nodiscard]] bool is_unspecified() const noexcept;
  [[nodiscard]] SocketAddress with_port(std::uint16_t port) const noexcept;

  auto operator<=>(const SocketAddress&) const = default;
  [[nodiscard]] std::size_t hash() const noexcept;

 private:
  std::array<std::uint8_t, 16> ip_{};  // an IPv4 address in the first four, the rest zero
  std::uint32_t scope_ = 0;
  std::uint16_t port_ = 0;
  Family family_ = Family::kNone;
};

}  // namespace wzp::transport

template <>
struct std::hash<wzp::transport::SocketAddress> {
  std::size_t operator()(const wzp::transport::SocketAddress& a) const noexcept { return a.hash(); }
};
