#include "wzp/transport/socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "sockaddr.hpp"

namespace wzp::transport {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <class Int>
std::optional<Int> number(std::string_view text) {
  Int value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// inet_pton wants a terminated string.
template <std::size_t N>
bool parse_ip(int family, std::string_view text, std::array<std::uint8_t, N>& out) {
  char terminated[INET6_ADDRSTRLEN + 1] = {};
  if (text.size() >= sizeof terminated) return false;
  std::copy(text.begin(), text.end(), terminated);
  return ::inet_pton(family, terminated, out.data()) == 1;
}

std::optional<SocketAddress> parse_ipv4(std::string_view ip, std::uint16_t port) {
  std::array<std::uint8_t, 4> raw{};
  if (!parse_ip(AF_INET, ip, raw)) return std::nullopt;
  return SocketAddress::ipv4(raw, port);
}

std::optional<SocketAddress> parse_ipv6(std::string_view ip, std::uint16_t port) {
  std::optional<std::uint32_t> scope = 0;
  if (const auto percent = ip.find('%'); percent != std::string_view::npos) {
    scope = number<std::uint32_t>(ip.substr(percent + 1));
    ip = ip.substr(0, percent);
  }
  std::array<std::uint8_t, 16> raw{};
  if (!scope || !parse_ip(AF_INET6, ip, raw)) return std::nullopt;
  return SocketAddress::ipv6(raw, port, *scope);
}

}  // namespace

SocketAddress SocketAddress::ipv4(std::array<std::uint8_t, 4> ip, std::uint16_t port) {
  SocketAddress a;
  std::copy(ip.begin(), ip.end(), a.ip_.begin());
  a.port_ = port;
  a.family_ = Family::kIpv4;
  return a;
}

SocketAddress SocketAddress::ipv6(std::array<std::uint8_t, 16> ip, std::uint16_t port,
                                  std::uint32_t scope) {
  SocketAddress a;
  a.ip_ = ip;
  a.port_ = port;
  a.scope_ = scope;
  a.family_ = Family::kIpv6;
  return a;
}

SocketAddress SocketAddress::loopback_ipv4(std::uint16_t port) {
  return ipv4({127, 0, 0, 1}, port);
}

SocketAddress SocketAddress::loopback_ipv6(std::uint16_t port) {
  std::array<std::uint8_t, 16> ip{};
  ip[15] = 1;
  return ipv6(ip, port);
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return Unexpected(Errc::kAddressInvalid);
  const auto port = number<std::uint16_t>(text.substr(colon + 1));
  std::string_view ip = text.substr(0, colon);
  if (!port || ip.empty()) return Unexpected(Errc::kAddressInvalid);
  const bool bracketed = ip.front() == '[' && ip.back() == ']';
  const auto address =
      bracketed ? parse_ipv6(ip.substr(1, ip.size() - 2), *port) : parse_ipv4(ip, *port);
  if (!address) return Unexpected(Errc::kAddressInvalid);
  return *address;
}

std::string SocketAddress::to_string() const {
  if (family_ == Family::kNone) return "none";
  char text[INET6_ADDRSTRLEN] = {};
  const bool v6 = family_ == Family::kIpv6;
  ::inet_ntop(v6 ? AF_INET6 : AF_INET, ip_.data(), text, sizeof text);
  std::string out = v6 ? "[" : "";
  out.append(text);
  if (scope_ != 0) out.append("%").append(std::to_string(scope_));
  if (v6) out.append("]");
  out.append(":").append(std::to_string(port_));
  return out;
}

ByteView SocketAddress::ip() const noexcept {
  const std::size_t size = family_ == Family::kIpv6 ? 16 : family_ == Family::kIpv4 ? 4 : 0;
  return std::as_bytes(std::span(ip_)).first(size);
}

bool SocketAddress::is_unspecified() const noexcept {
  return std::all_of(ip_.begin(), ip_.end(), [](std::uint8_t b) { return b == 0; });
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const noexcept {
  SocketAddress a = *this;
  a.port_ = port;
  return a;
}

std::size_t SocketAddress::hash() const noexcept {
  std::uint64_t words[2];
  std::memcpy(words, ip_.data(), sizeof words);
  std::uint64_t h = words[0] ^ (static_cast<std::uint64_t>(port_) << 48) ^ scope_;
  for (const std::uint64_t w : {words[1], std::uint64_t{port_} + 1}) {
    h = (h ^ (h >> 29)) * 0xbf58476d1ce4e5b9U + w;
  }
  return h ^ (h >> 32);
}

socklen_t to_sockaddr(const SocketAddress& address, sockaddr_storage& out) noexcept {
  if (address.family() == SocketAddress::Family::kIpv6) return to_sockaddr_v6(address, out);
  if (address.family() != SocketAddress::Family::kIpv4) return 0;
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(address.port());
  std::memcpy(&v4.sin_addr, address.ip().data(), 4);
  std::memcpy(&out, &v4, sizeof v4);
  return sizeof v4;
}

socklen_t to_sockaddr_v6(const SocketAddress& address, sockaddr_storage& out) noexcept {
  if (address.family() == SocketAddress::Family::kNone) return 0;
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port());
  v6.sin6_scope_id = address.scope();
  auto* ip = reinterpret_cast<std::uint8_t*>(&v6.sin6_addr);
  if (address.family() == SocketAddress::Family::kIpv4) {
    ip = std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), ip);
  }
  std::memcpy(ip, address.ip().data(), address.ip().size());
  std::memcpy(&out, &v6, sizeof v6);
  return sizeof v6;
}

SocketAddress from_sockaddr(const sockaddr* address) noexcept {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    std::array<std::uint8_t, 4> ip;
    std::memcpy(ip.data(), &v4.sin_addr, ip.size());
    return SocketAddress::ipv4(ip, ntohs(v4.sin_port));
  }
  if (address->sa_family != AF_INET6) return {};
  sockaddr_in6 v6;
  std::memcpy(&v6, address, sizeof v6);
  std::array<std::uint8_t, 16> ip;
  std::memcpy(ip.data(), &v6.sin6_addr, ip.size());
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), ip.begin())) {
    return SocketAddress::ipv4({ip[12], ip[13], ip[14], ip[15]}, ntohs(v6.sin6_port));
  }
  return SocketAddress::ipv6(ip, ntohs(v6.sin6_port), v6.sin6_scope_id);
}

}  // namespace wzp::transport
