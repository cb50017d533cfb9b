/// \file
/// What an HttpServer and its connections share.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <set>

#include "http_server.hpp"

namespace wzp::gateway {

/// One TCP connection, as the server sees it.
class HttpConnection {
 public:
  virtual ~HttpConnection() = default;
  virtual void start() = 0;
  /// Cuts it. What is under way ends with an error.
  virtual void cut() = 0;
};

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, const HttpLimits& limits, HttpService service,
       TlsContextPtr tls);
  Expected<void, std::string> listen(const transport::SocketAddress& address);
  void stop();

  /// Called by each connection once, at its end; `this` of the connection.
  void on_closed(HttpConnection* connection, const transport::SocketAddress& remote);
  /// A connection that became a WebSocket still counts until it ends.
  [[nodiscard]] bool is_stopped() const noexcept { return stopped_; }

  HttpLimits limits;
  HttpService service;
  HttpCounters counters;
  TlsContextPtr tls;
  transport::SocketAddress local;

 private:
  void accept();
  void on_accept(boost::asio::ip::tcp::socket socket);
  void rest();
  [[nodiscard]] bool has_place(const transport::SocketAddress& remote) const;

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  bool stopped_ = false;
  std::set<HttpConnection*> open_;
  std::map<transport::SocketAddress, std::size_t> per_address_;
};

/// A connection over TLS if the server has a certificate.
[[nodiscard]] std::shared_ptr<HttpConnection> make_http_connection(
    std::shared_ptr<HttpServer::Impl> server, boost::asio::ip::tcp::socket socket,
    const transport::SocketAddress& remote);

}  // namespace wzp::gateway
