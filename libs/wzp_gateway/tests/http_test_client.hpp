/// \file
/// An HTTP client that says exactly what a test tells it to.
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace wzp::gateway::test {

struct TestReply {
  unsigned status = 0;  ///< 0: none came.
  std::map<std::string, std::string> headers;
  std::string body;
};

class HttpTestClient {
 public:
  explicit HttpTestClient(std::uint16_t port) : stream_(io_) {
    boost::beast::error_code error;
    stream_.socket().connect({boost::asio::ip::address_v4::loopback(), port}, error);
    REQUIRE_FALSE(error);
  }

  void send(const std::string& text) {
    boost::beast::error_code ignored;
    boost::asio::write(stream_.socket(), boost::asio::buffer(text), ignored);
  }

  TestReply read(bool to_head = false) {
    namespace http = boost::beast::http;
    http::response_parser<http::string_body> parser;
    parser.skip(to_head);
    parser.body_limit(64 * 1024 * 1024);
    std::optional<boost::beast::error_code> result;
    stream_.expires_after(std::chrono::seconds(10));
    http::async_read(stream_, buffer_, parser,
                     [&](boost::beast::error_code error, std::size_t) { result = error; });
    io_.restart();
    io_.run();
    TestReply reply;
    if (*result) return reply;
    reply.status = parser.get().result_int();
    reply.body = parser.get().body();
    for (const auto& field : parser.get()) {
      reply.headers[std::string(field.name_string())] = std::string(field.value());
    }
    return reply;
  }

  /// The server ends the connection within ten seconds, whatever it still says.
  bool is_closed_by_server() {
    std::optional<boost::beast::error_code> result;
    std::array<char, 4096> room{};
    while (!result || !*result) {
      result.reset();
      stream_.expires_after(std::chrono::seconds(10));
      stream_.async_read_some(boost::asio::buffer(room),
                              [&](boost::beast::error_code error, std::size_t) { result = error; });
      io_.restart();
      io_.run();
    }
    return *result != boost::beast::error::timeout;
  }

 private:
  boost::asio::io_context io_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
};

inline std::string request(const std::string& target, const std::string& method = "GET",
                           const std::string& more = "") {
  return method + " " + target + " HTTP/1.1\r\nHost: test\r\n" + more + "\r\n";
}

inline TestReply fetch(std::uint16_t port, const std::string& target,
                       const std::string& method = "GET", const std::string& more = "") {
  HttpTestClient client(port);
  client.send(request(target, method, more));
  return client.read(method == "HEAD");
}

/// The value of a series in a scrape; -1 if it is not there.
inline double metric(std::uint16_t admin_port, const std::string& series) {
  const std::string text = "\n" + fetch(admin_port, "/metrics").body;
  const std::size_t at = text.find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
}

}  // namespace wzp::gateway::test
