// One HTTP connection, plain or over TLS: the only file that knows Beast's HTTP server side.
#include <algorithm>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <optional>
#include <type_traits>

#include "beast_web_socket.hpp"
#include "http_server_impl.hpp"

namespace wzp::gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

template <class Stream>
class Connection final : public HttpConnection,
                         public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(std::shared_ptr<HttpServer::Impl> server, Stream stream, TlsContextPtr tls,
             const transport::SocketAddress& remote)
      : server_(std::move(server)),
        tls_(std::move(tls)),
        stream_(std::move(stream)),
        remote_(remote) {}
  ~Connection() override {
    if (!handed_over_) server_->on_closed(this, remote_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() override {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      lowest().expires_after(server_->limits.timeout);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](beast::error_code error) {
                                error ? self->fail() : self->read();
                              });
    } else {
      read();
    }
  }

  void cut() override {
    if (auto socket = web_socket_.lock()) {
      socket->cut();
    } else if (!handed_over_) {
      lowest().close();
    }
  }

 private:
  static constexpr std::size_t kPiece = 64 * 1024;
  using EmptyReply = http::response<http::empty_body>;
  using TextReply = http::response<http::string_body>;

  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  void fail() { ++server_->counters.bad_requests; }

  void read() {
    if (server_->is_stopped()) return;
    parser_.emplace();
    parser_->header_limit(HttpLimits::kHeaderBytes);
    parser_->body_limit(HttpLimits::kBodyBytes);
    lowest().expires_after(server_->limits.timeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                       self->on_read(error);
                     });
  }

  void on_read(beast::error_code error) {
    if (server_->is_stopped()) return;
    if (error == http::error::end_of_stream) return finish();
    if (error) return on_bad_request(error);
    ++server_->counters.requests;
    const auto& message = parser_->get();
    const HttpRequest request{view(message.method_string()), view(message.target()),
                              view(message[http::field::if_none_match]), remote_};
    if (beast::websocket::is_upgrade(message) && server_->service.before_upgrade) {
      on_upgrade(request);
    } else {
      reply_with(server_->service.respond(request), request.method == "HEAD", message.keep_alive());
    }
  }

  void on_bad_request(beast::error_code error) {
    fail();
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      reply_with(text_reply(431, "header too long\n"), false, false);
    } else if (error == http::error::body_limit) {
      reply_with(text_reply(413, "body too long\n"), false, false);
    } else if (error.category() == make_error_code(http::error::bad_version).category()) {
      reply_with(text_reply(400, "not a request\n"), false, false);
    }
  }

  void on_upgrade(const HttpRequest& request) {
    const HttpReply verdict = server_->service.before_upgrade(request);
    if (verdict.status >= 200) return reply_with(verdict, false, false);
    ++server_->counters.upgrades;
    const std::string target(request.target);
    lowest().expires_never();  // a WebSocket has timers of its own
    auto message = parser_->release();
    handed_over_ = true;
    auto socket = std::make_shared<BeastWebSocket<Stream>>(std::move(stream_), std::move(message),
                                                           tls_, remote_, server_->limits.timeout);
    web_socket_ = socket;
    // The connection's place is kept until the socket is gone.
    socket->keep_until_closed(
        [self = this->shared_from_this()] { self->server_->on_closed(self.get(), self->remote_); });
    server_->service.on_web_socket(socket, target);
  }

  void reply_with(const HttpReply& reply, bool only_head, bool keep_alive) {
    body_ = reply.body;
    const std::size_t size = body_ ? body_->size() : 0;
    const bool has_body = size > 0 && !only_head && reply.status != 304;
    header_.emplace(static_cast<http::status>(reply.status), parser_version());
    header_->set(http::field::server, "wzp-relay");
    if (reply.status != 304) header_->set(http::field::content_type, reply.content_type);
    header_->set("X-Content-Type-Options", "nosniff");
    if (!reply.etag.empty()) {
      header_->set(http::field::etag, reply.etag);
      header_->set(http::field::cache_control, "no-cache");  // ask again, with the tag
    }
    if (!reply.allow.empty()) header_->set(http::field::allow, reply.allow);
    header_->keep_alive(keep_alive);
    if (reply.status != 304) header_->content_length(size);
    if (!has_body) body_.reset();
    write(keep_alive);
  }

  [[nodiscard]] unsigned parser_version() const { return 11; }

  /// Header and body apart: the body is shared, not copied into a message.
  void write(bool keep_alive) {
    serializer_.emplace(*header_);
    serializer_->split(true);
    lowest().expires_after(server_->limits.timeout);
    http::async_write_header(
        stream_, *serializer_,
        [self = this->shared_from_this(), keep_alive](beast::error_code error, std::size_t) {
          if (!error) self->write_body(0, keep_alive);
        });
  }

  /// Piece by piece: the time limit is for each, so that a long file may go over a slow path.
  void write_body(std::size_t from, bool keep_alive) {
    if (!body_ || from == body_->size()) return next(keep_alive);
    const std::size_t size = std::min(kPiece, body_->size() - from);
    lowest().expires_after(server_->limits.timeout);
    asio::async_write(stream_, asio::buffer(body_->data() + from, size),
                      [self = this->shared_from_this(), to = from + size, keep_alive](
                          beast::error_code error, std::size_t) {
                        if (!error) self->write_body(to, keep_alive);
                      });
  }

  void next(bool keep_alive) { keep_alive ? read() : finish(); }

  void finish() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      lowest().expires_after(std::chrono::seconds(2));
      stream_.async_shutdown([self = this->shared_from_this()](beast::error_code) {});
    } else {
      beast::error_code ignored;
      stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    }
  }

  std::shared_ptr<HttpServer::Impl> server_;
  TlsContextPtr tls_;  // outlives the stream, also when the server gets another
  Stream stream_;
  transport::SocketAddress remote_;
  beast::flat_buffer buffer_{HttpLimits::kHeaderBytes + HttpLimits::kBodyBytes + 1024};
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<EmptyReply> header_;
  std::optional<http::response_serializer<http::empty_body>> serializer_;
  std::shared_ptr<const std::string> body_;
  std::weak_ptr<CuttableWebSocket> web_socket_;
  bool handed_over_ = false;
};

}  // namespace

std::shared_ptr<HttpConnection> make_http_connection(std::shared_ptr<HttpServer::Impl> server,
                                                     asio::ip::tcp::socket socket,
                                                     const transport::SocketAddress& remote) {
  const TlsContextPtr tls = server->tls;
  beast::tcp_stream stream(std::move(socket));
  if (!tls) {
    return std::make_shared<Connection<PlainStream>>(std::move(server), std::move(stream), tls,
                                                     remote);
  }
  return std::make_shared<Connection<TlsStream>>(std::move(server),
                                                 TlsStream(std::move(stream), *tls), tls, remote);
}

}  // namespace wzp::gateway
