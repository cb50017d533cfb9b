/// \file
/// An authentication service for tests: real HTTP on a real socket, and as bad as a test wants it.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "wzp/transport/certificate.hpp"

namespace wzp::gateway::test {

class AuthService {
  using Tcp = boost::asio::ip::tcp;

 public:
  struct Answer {
    unsigned status = 200;
    std::string body{};
    bool hang = false;   ///< Says nothing at all.
    bool close = false;  ///< Ends the connection behind the answer.
    std::string raw{};   ///< Sent instead of an HTTP answer, then the connection is closed.
  };
  /// Called for each request body, on the service's thread.
  using Handler = std::function<Answer(const std::string& body)>;

  explicit AuthService(Handler handler, const transport::Certificate* certificate = nullptr)
      : handler_(std::move(handler)),
        acceptor_(io_, Tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    if (certificate != nullptr) {
      tls_.emplace(boost::asio::ssl::context::tls_server);
      tls_->use_certificate_chain(boost::asio::buffer(certificate->certificate_pem));
      tls_->use_private_key(boost::asio::buffer(certificate->key_pem),
                            boost::asio::ssl::context::pem);
    }
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~AuthService() {
    io_.stop();
    thread_.join();
  }
  AuthService(const AuthService&) = delete;
  AuthService& operator=(const AuthService&) = delete;

  [[nodiscard]] std::string url() const {
    return std::string(tls_ ? "https" : "http") +
           "://localhost:" + std::to_string(acceptor_.local_endpoint().port()) + "/validate";
  }
  std::atomic<int> requests{0};
  std::atomic<int> connections{0};

 private:
  template <class Stream>
  struct Session : std::enable_shared_from_this<Session<Stream>> {
    Session(AuthService& in, Stream with) : service(in), stream(std::move(with)) {}
    void read() {
      message = {};
      boost::beast::http::async_read(
          stream, buffer, message,
          [self = this->shared_from_this()](boost::beast::error_code error, std::size_t) {
            if (!error) self->reply();
          });
    }
    void reply() {
      ++service.requests;
      const Answer answer = service.handler_(message.body());
      if (answer.hang) return service.hanging_.push_back(this->shared_from_this());
      if (!answer.raw.empty()) {
        text = answer.raw;
        return boost::asio::async_write(
            stream, boost::asio::buffer(text),
            [self = this->shared_from_this()](boost::beast::error_code, std::size_t) {});
      }
      out = {static_cast<boost::beast::http::status>(answer.status), 11};
      out.set(boost::beast::http::field::content_type, "application/json");
      out.body() = answer.body;
      out.keep_alive(!answer.close);
      out.prepare_payload();
      boost::beast::http::async_write(
          stream, out, [self = this->shared_from_this()](boost::beast::error_code error, auto) {
            if (!error && self->out.keep_alive()) self->read();
          });
    }
    AuthService& service;
    Stream stream;
    boost::beast::flat_buffer buffer;
    boost::beast::http::request<boost::beast::http::string_body> message;
    boost::beast::http::response<boost::beast::http::string_body> out;
    std::string text;
  };

  void accept() {
    acceptor_.async_accept([this](boost::beast::error_code error, Tcp::socket socket) {
      if (error) return;
      ++connections;
      serve(boost::beast::tcp_stream(std::move(socket)));
      accept();
    });
  }

  void serve(boost::beast::tcp_stream stream) {
    if (!tls_)
      return std::make_shared<Session<boost::beast::tcp_stream>>(*this, std::move(stream))->read();
    using Tls = boost::beast::ssl_stream<boost::beast::tcp_stream>;
    auto session = std::make_shared<Session<Tls>>(*this, Tls(std::move(stream), *tls_));
    session->stream.async_handshake(boost::asio::ssl::stream_base::server,
                                    [session](boost::beast::error_code error) {
                                      if (!error) session->read();
                                    });
  }

  Handler handler_;
  boost::asio::io_context io_;
  std::optional<boost::asio::ssl::context> tls_;
  Tcp::acceptor acceptor_;
  std::vector<std::shared_ptr<void>> hanging_;
  std::thread thread_;
};

inline AuthService::Answer says_valid(const std::string& fingerprint) {
  return {200, R"({"valid":true,"fingerprint":")" + fingerprint +
                   R"(","alias":"Ann","eth_address":null,"expires_at":17})"};
}

}  // namespace wzp::gateway::test
