/// \file
/// A TCP port that speaks HTTP/1.1, with or without TLS, and takes WebSockets if it is told how.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "http_message.hpp"
#include "web_socket.hpp"
#include "wzp/proto/expected.hpp"
#include "wzp/transport/socket_address.hpp"

namespace wzp::gateway {

using TlsContextPtr = std::shared_ptr<boost::asio::ssl::context>;

struct HttpLimits {
  std::size_t connections = 512;
  std::size_t connections_per_address = 32;   ///< Loopback is exempt.
  std::chrono::milliseconds timeout{10'000};  ///< TLS handshake; a request; the wait for the next.
  static constexpr std::uint32_t kHeaderBytes = 8 * 1024;
  static constexpr std::uint64_t kBodyBytes = 1024;
};

struct HttpCounters {
  std::uint64_t accepted = 0;
  std::uint64_t closed = 0;
  std::uint64_t refused_limit = 0;  ///< Closed at once: too many, in all or of one address.
  std::uint64_t requests = 0;
  std::uint64_t bad_requests = 0;  ///< Not HTTP, too long, too slow, TLS failed.
  std::uint64_t upgrades = 0;
};

struct HttpService {
  HttpHandler respond;
  /// Asked about each upgrade to WebSocket; a status below 200 lets it pass. Null: none does.
  HttpHandler before_upgrade;
  /// Gets the socket and the target of its request.
  std::function<void(std::shared_ptr<WebSocket>, const std::string& target)> on_web_socket;
};

/// All on the thread that runs the io_context.
class HttpServer {
 public:
  using Opened = Expected<std::unique_ptr<HttpServer>, std::string>;
  /// `tls` null: plain. The error is one line.
  [[nodiscard]] static Opened open(boost::asio::io_context& io,
                                   const transport::SocketAddress& listen, const HttpLimits& limits,
                                   HttpService service, TlsContextPtr tls);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] const transport::SocketAddress& local_address() const noexcept;
  [[nodiscard]] const HttpCounters& counters() const noexcept;
  /// For connections to come.
  void set_limits(const HttpLimits& limits);
  void set_tls(TlsContextPtr tls);
  /// Takes no more connections and cuts those there are.
  void stop();

  class Impl;

 private:
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with its connections
};

}  // namespace wzp::gateway
