/// \file
/// A browser's WebSocket as a test sees it, plain or over TLS.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace wzp::gateway::test {

class WebSocketTestClient {
  using Error = boost::beast::error_code;
  using Plain = boost::beast::websocket::stream<boost::beast::tcp_stream>;

 public:
  WebSocketTestClient(boost::asio::io_context& io, std::uint16_t port, const std::string& target)
      : io_(io), stream_(io), timer_(io) {
    boost::beast::get_lowest_layer(stream_).connect(
        boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
    stream_.handshake(response, "test", target, refused);
    if (!refused) read();
  }
  WebSocketTestClient(const WebSocketTestClient&) = delete;
  WebSocketTestClient& operator=(const WebSocketTestClient&) = delete;

  void send_text(const std::string& text) {
    stream_.text(true);
    Error ignored;
    stream_.write(boost::asio::buffer(text), ignored);
  }
  void send_binary(const void* bytes, std::size_t size) {
    stream_.binary(true);
    Error ignored;
    stream_.write(boost::asio::buffer(bytes, size), ignored);
  }
  /// Sends 960 samples every 20 ms until there are no more, padded with silence.
  void speak(std::vector<std::int16_t> samples) {
    speech_ = std::move(samples);
    speech_.resize((speech_.size() + 959) / 960 * 960);
    timer_.expires_after(std::chrono::milliseconds(0));
    next_frame();
  }
  void close() {
    stream_.async_close(boost::beast::websocket::close_code::normal, [](Error) {});
  }
  void stop_reading() { reads_ = false; }

  /// Runs the loop until it is so, for ten seconds at most.
  bool wait_for(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    io_.restart();
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io_.run_one_for(std::chrono::milliseconds(20));
      if (io_.stopped()) io_.restart();
    }
    return true;
  }
  [[nodiscard]] std::uint16_t close_code() const { return stream_.reason().code; }
  [[nodiscard]] std::string close_reason() const { return stream_.reason().reason.c_str(); }

  boost::beast::websocket::response_type response;
  Error refused;
  std::vector<std::string> texts;
  std::vector<std::int16_t> heard;
  std::size_t odd_frames = 0;
  bool closed = false;

 private:
  void read() {
    stream_.async_read(buffer_, [this](Error error, std::size_t) {
      if (error) {
        closed = true;
        return;
      }
      take();
      if (reads_) read();
    });
  }
  void take() {
    const auto data = buffer_.cdata();
    const auto* bytes = static_cast<const unsigned char*>(data.data());
    if (stream_.got_text()) {
      texts.emplace_back(static_cast<const char*>(data.data()), data.size());
    } else if (data.size() != 1920) {
      ++odd_frames;
    } else {
      for (std::size_t i = 0; i < data.size(); i += 2) {
        heard.push_back(static_cast<std::int16_t>(bytes[i] | bytes[i + 1] << 8));
      }
    }
    buffer_.consume(buffer_.size());
  }
  void next_frame() {
    if (position_ >= speech_.size()) return;
    send_binary(speech_.data() + position_, 1920);  // tests run on little-endian machines
    position_ += 960;
    timer_.expires_at(timer_.expiry() + std::chrono::milliseconds(20));
    timer_.async_wait([this](Error error) {
      if (!error) next_frame();
    });
  }

  boost::asio::io_context& io_;
  Plain stream_;
  boost::asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  std::vector<std::int16_t> speech_;
  std::size_t position_ = 0;
  bool reads_ = true;
};

}  // namespace wzp::gateway::test
