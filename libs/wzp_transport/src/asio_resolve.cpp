#include "wzp/transport/asio_resolve.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <charconv>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace wzp::transport {
namespace {

using Udp = boost::asio::ip::udp;

struct HostAndPort {
  std::string host;
  std::uint16_t port = 0;
};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::optional<HostAndPort> split(std::string_view text, std::uint16_t default_port) {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port.front() != ':') return std::nullopt;
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':'));
  }
  if (host.empty()) return std::nullopt;
  if (port.empty()) return HostAndPort{std::string(host), default_port};
  const auto number = parse_port(port.substr(1));
  if (!number) return std::nullopt;
  return HostAndPort{std::string(host), *number};
}

SocketAddress from_asio(const Udp::endpoint& e) {
  const boost::asio::ip::address address = e.address();
  if (address.is_v4()) return SocketAddress::ipv4(address.to_v4().to_bytes(), e.port());
  return SocketAddress::ipv6(address.to_v6().to_bytes(), e.port(),
                             static_cast<std::uint32_t>(address.to_v6().scope_id()));
}

Expected<SocketAddress, std::string> look_up(const HostAndPort& target) {
  boost::asio::io_context io;
  Udp::resolver resolver(io);
  boost::system::error_code error;
  const auto found = resolver.resolve(target.host, std::to_string(target.port), error);
  if (error || found.empty())
    return Unexpected("cannot resolve " + target.host + ": " + error.message());
  return from_asio(found.begin()->endpoint());
}

}  // namespace

Expected<SocketAddress, std::string> resolve(std::string_view host_and_port,
                                             std::uint16_t default_port,
                                             std::chrono::milliseconds limit) {
  const auto target = split(host_and_port, default_port);
  if (!target) {
    return Unexpected("\"" + std::string(host_and_port) + "\" is not host:port");
  }
  // A system look-up can't be cancelled: it runs on a thread that may be left behind.
  auto promise = std::make_shared<std::promise<Expected<SocketAddress, std::string>>>();
  auto result = promise->get_future();
  std::thread([promise, target = *target] { promise->set_value(look_up(target)); }).detach();
  if (result.wait_for(limit) != std::future_status::ready) {
    return Unexpected("cannot resolve " + target->host + ": no answer in time");
  }
  return result.get();
}

}  // namespace wzp::transport
