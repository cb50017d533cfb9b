// The listening side of HttpServer; http_connection.cpp has the other.
#include "http_server.hpp"

#include "http_server_impl.hpp"
#include "tcp_address.hpp"

namespace wzp::gateway {
namespace asio = boost::asio;
namespace {

constexpr std::chrono::milliseconds kAcceptPause{100};  // after EMFILE and the like

}  // namespace

HttpServer::Impl::Impl(asio::io_context& io, const HttpLimits& with, HttpService serve,
                       TlsContextPtr context)
    : limits(with), service(std::move(serve)), tls(std::move(context)), acceptor_(io), pause_(io) {}

Expected<void, std::string> HttpServer::Impl::listen(const transport::SocketAddress& address) {
  boost::system::error_code error;
  const auto endpoint = to_tcp_endpoint(address);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return Unexpected("cannot listen on TCP " + address.to_string() + ": " + error.message());
  }
  local = from_tcp_endpoint(acceptor_.local_endpoint());
  accept();
  return {};
}

void HttpServer::Impl::accept() {
  acceptor_.async_accept([self = shared_from_this()](const boost::system::error_code& error,
                                                     asio::ip::tcp::socket socket) {
    if (self->stopped_) return;
    if (error) {
      self->rest();
      return;
    }
    self->on_accept(std::move(socket));
    self->accept();
  });
}

/// No descriptors left, most likely: trying again at once would only spin.
void HttpServer::Impl::rest() {
  pause_.expires_after(kAcceptPause);
  pause_.async_wait([self = shared_from_this()](const boost::system::error_code&) {
    if (!self->stopped_) self->accept();
  });
}

void HttpServer::Impl::on_accept(asio::ip::tcp::socket socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return;  // gone already
  const transport::SocketAddress remote = from_tcp_endpoint(endpoint);
  if (!has_place(remote)) {
    ++counters.refused_limit;
    return;
  }
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  auto connection = make_http_connection(shared_from_this(), std::move(socket), remote);
  open_.insert(connection.get());
  ++per_address_[remote.with_port(0)];
  ++counters.accepted;
  connection->start();
}

bool HttpServer::Impl::has_place(const transport::SocketAddress& remote) const {
  if (open_.size() >= limits.connections) return false;
  if (is_loopback(remote)) return true;
  const auto same = per_address_.find(remote.with_port(0));
  return same == per_address_.end() || same->second < limits.connections_per_address;
}

void HttpServer::Impl::on_closed(HttpConnection* connection,
                                 const transport::SocketAddress& remote) {
  if (open_.erase(connection) == 0) return;
  ++counters.closed;
  const auto same = per_address_.find(remote.with_port(0));
  if (same != per_address_.end() && --same->second == 0) per_address_.erase(same);
}

void HttpServer::Impl::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (HttpConnection* connection : std::set<HttpConnection*>(open_)) connection->cut();
  service = {};
}

// -- HttpServer ----------------------------------------------------------------------------------

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { impl_->stop(); }

HttpServer::Opened HttpServer::open(asio::io_context& io, const transport::SocketAddress& listen,
                                    const HttpLimits& limits, HttpService service,
                                    TlsContextPtr tls) {
  auto impl = std::make_shared<Impl>(io, limits, std::move(service), std::move(tls));
  if (auto listening = impl->listen(listen); !listening) return Unexpected(listening.error());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

const transport::SocketAddress& HttpServer::local_address() const noexcept { return impl_->local; }
const HttpCounters& HttpServer::counters() const noexcept { return impl_->counters; }
void HttpServer::set_limits(const HttpLimits& limits) { impl_->limits = limits; }
void HttpServer::set_tls(TlsContextPtr tls) { impl_->tls = std::move(tls); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace wzp::gateway
