// HTTP as a client, plain or over TLS: the only file that knows Beast's client side.
#include "auth_connection.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace wzp::gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Error = beast::error_code;

template <class Stream>
class Connection final : public AuthConnection,
                         public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(asio::io_context& io, const HttpUrl& url, Stream stream, std::uint64_t max_answer)
      : url_(url), resolver_(io), stream_(std::move(stream)), max_answer_(max_answer) {}

  void post(const std::string& body, Done done) override {
    done_ = std::move(done);
    request_ = {http::verb::post, url_.target, 11};
    request_.set(http::field::host, url_.authority());
    request_.set(http::field::user_agent, "wzp-relay");
    request_.set(http::field::content_type, "application/json");
    request_.keep_alive(true);
    request_.body() = body;
    request_.prepare_payload();
    is_connected_ ? write() : resolve();
  }

  void cut() override {
    resolver_.cancel();
    beast::get_lowest_layer(stream_).close();
  }

 private:
  void resolve() {
    resolver_.async_resolve(url_.host, std::to_string(url_.port),
                            [self = this->shared_from_this()](
                                Error error, const asio::ip::tcp::resolver::results_type& found) {
                              if (error) return self->fail(error);
                              self->connect(found);
                            });
  }

  void connect(const asio::ip::tcp::resolver::results_type& where) {
    beast::get_lowest_layer(stream_).async_connect(
        where, [self = this->shared_from_this()](Error error, const asio::ip::tcp::endpoint&) {
          if (error) return self->fail(error);
          self->secure();
        });
  }

  void secure() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      Error not_an_address;
      asio::ip::make_address(url_.host, not_an_address);
      if (not_an_address) SSL_set_tlsext_host_name(stream_.native_handle(), url_.host.c_str());
      stream_.set_verify_mode(asio::ssl::verify_peer);
      stream_.set_verify_callback(asio::ssl::host_name_verification(url_.host));
      stream_.async_handshake(asio::ssl::stream_base::client,
                              [self = this->shared_from_this()](Error error) {
                                if (error) return self->fail(error);
                                self->is_connected_ = true;
                                self->write();
                              });
    } else {
      is_connected_ = true;
      write();
    }
  }

  void write() {
    http::async_write(stream_, request_,
                      [self = this->shared_from_this()](Error error, std::size_t) {
                        if (error) return self->fail(error);
                        self->read();
                      });
  }

  void read() {
    parser_.emplace();
    parser_->header_limit(8 * 1024);
    parser_->body_limit(max_answer_);
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](Error error, std::size_t) {
                       if (error) return self->fail(error);
                       self->succeed();
                     });
  }

  void succeed() {
    AuthExchange out;
    out.status = parser_->get().result_int();
    out.can_go_on = parser_->get().keep_alive();
    out.body = std::move(parser_->get().body());
    finish(out);
  }

  void fail(Error error) {
    AuthExchange out;
    out.error = error.message();
    finish(out);
  }

  void finish(const AuthExchange& result) {
    if (const Done done = std::exchange(done_, nullptr)) done(result);
  }

  HttpUrl url_;
  asio::ip::tcp::resolver resolver_;
  Stream stream_;
  std::uint64_t max_answer_;
  Done done_;
  bool is_connected_ = false;
  beast::flat_buffer buffer_{32 * 1024};
  http::request<http::string_body> request_;
  std::optional<http::response_parser<http::string_body>> parser_;
};

}  // namespace

std::shared_ptr<AuthConnection> make_auth_connection(asio::io_context& io, const HttpUrl& url,
                                                     asio::ssl::context& tls,
                                                     std::uint64_t max_answer) {
  if (url.is_https) {
    return std::make_shared<Connection<TlsStream>>(io, url, TlsStream(io, tls), max_answer);
  }
  return std::make_shared<Connection<PlainStream>>(io, url, PlainStream(io), max_answer);
}

}  // namespace wzp::gateway
