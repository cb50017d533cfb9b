/// \file
/// WebSocket over Beast. Included by http_connection.cpp alone: it compiles slowly.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "http_server.hpp"
#include "web_socket.hpp"

namespace wzp::gateway {

class CuttableWebSocket : public WebSocket {
 public:
  virtual void cut() = 0;
};

template <class Stream>
class BeastWebSocket final : public CuttableWebSocket,
                             public std::enable_shared_from_this<BeastWebSocket<Stream>> {
  using Error = boost::beast::error_code;
  using Request = boost::beast::http::request<boost::beast::http::string_body>;

 public:
  BeastWebSocket(Stream stream, Request request, TlsContextPtr tls,
                 const transport::SocketAddress& remote, std::chrono::milliseconds timeout)
      : tls_(std::move(tls)),
        stream_(std::move(stream)),
        request_(std::move(request)),
        wait_(stream_.get_executor()),
        remote_(remote) {
    namespace websocket = boost::beast::websocket;
    // Idle for a while: pinged. Idle for long: gone.
    stream_.set_option(websocket::stream_base::timeout{timeout, std::chrono::seconds(30), true});
    stream_.read_message_max(kMaxMessage);
    stream_.auto_fragment(false);
  }
  ~BeastWebSocket() override {
    if (at_end_) at_end_();
  }
  BeastWebSocket(const BeastWebSocket&) = delete;
  BeastWebSocket& operator=(const BeastWebSocket&) = delete;

  void keep_until_closed(std::function<void()> at_end) { at_end_ = std::move(at_end); }

  void start(WebSocketHandler& handler) override {
    handler_ = &handler;
    stream_.async_accept(request_, [self = this->shared_from_this()](Error error) {
      if (error) return self->end(error);
      self->open_ = true;
      if (self->handler_ != nullptr) self->handler_->on_open();
      self->write_next();
      self->read();
    });
  }
  void forget_handler() noexcept override { handler_ = nullptr; }

  void send_text(std::string text) override {
    if (close_asked_) return;
    if (texts_.size() >= kMaxTextsQueued) return close(WebSocketClose::kPolicy, "reads too slowly");
    texts_.push_back(std::move(text));
    write_next();
  }

  bool send_binary(ByteView bytes) override {
    if (close_asked_) return true;
    const bool full = frames_.size() >= kMaxFramesQueued;
    if (full && std::chrono::steady_clock::now() - write_began_ > kWriteTimeout) cut();
    if (full) {
      spare_.swap(frames_.front());
      frames_.pop_front();
    }
    spare_.assign(bytes.begin(), bytes.end());
    frames_.push_back(std::move(spare_));
    spare_ = {};
    write_next();
    return !full;
  }

  void close(WebSocketClose code, std::string_view reason) override {
    if (std::exchange(close_asked_, true)) return;
    reason_ = {static_cast<boost::beast::websocket::close_code>(code),
               boost::beast::string_view(reason.data(), reason.size())};
    frames_.clear();
    write_next();
  }

  void cut() override { boost::beast::get_lowest_layer(stream_).close(); }
  [[nodiscard]] const transport::SocketAddress& remote() const noexcept override { return remote_; }

 private:
  void read() {
    stream_.async_read(buffer_, [self = this->shared_from_this()](Error error, std::size_t) {
      if (error) return self->end(error);
      self->on_message();
    });
  }

  void on_message() {
    const auto data = buffer_.cdata();
    std::chrono::milliseconds pause{0};
    if (handler_ != nullptr && stream_.got_text()) {
      handler_->on_text({static_cast<const char*>(data.data()), data.size()});
    } else if (handler_ != nullptr) {
      pause = handler_->on_binary({static_cast<const std::byte*>(data.data()), data.size()});
    }
    buffer_.consume(buffer_.size());
    if (pause.count() == 0) return read();
    wait_.expires_after(pause);
    wait_.async_wait([self = this->shared_from_this()](Error) { self->read(); });
  }

  /// Texts before sound, the close last.
  void write_next() {
    if (!open_ || writing_) return;
    if (!texts_.empty()) {
      write(boost::asio::buffer(texts_.front()), true);
    } else if (!frames_.empty()) {
      in_flight_ = std::move(frames_.front());
      frames_.pop_front();
      write(boost::asio::buffer(in_flight_), false);
    } else if (close_asked_ && !std::exchange(close_sent_, true)) {
      stream_.set_option(boost::beast::websocket::stream_base::timeout{
          std::chrono::seconds(2), std::chrono::seconds(2), false});
      stream_.async_close(reason_, [self = this->shared_from_this()](Error) {});
    }
  }

  void write(boost::asio::const_buffer bytes, bool text) {
    writing_ = true;
    write_began_ = std::chrono::steady_clock::now();
    stream_.text(text);
    stream_.async_write(bytes, [self = this->shared_from_this(), text](Error error, std::size_t) {
      self->writing_ = false;
      if (error) return;  // the reader reports the end
      if (text) self->texts_.pop_front();
      self->write_next();
    });
  }

  void end(Error error) {
    close_asked_ = true;
    wait_.cancel();
    if (auto* handler = std::exchange(handler_, nullptr)) {
      handler->on_closed(error == boost::beast::websocket::error::closed ? "closed by the browser"
                                                                         : error.message());
    }
  }

  TlsContextPtr tls_;
  boost::beast::websocket::stream<Stream> stream_;
  Request request_;
  boost::asio::steady_timer wait_;
  transport::SocketAddress remote_;
  std::function<void()> at_end_;
  WebSocketHandler* handler_ = nullptr;
  boost::beast::flat_buffer buffer_;
  std::deque<std::string> texts_;
  std::deque<std::vector<std::byte>> frames_;
  std::vector<std::byte> in_flight_;
  std::vector<std::byte> spare_;
  boost::beast::websocket::close_reason reason_;
  std::chrono::steady_clock::time_point write_began_;
  bool open_ = false;
  bool writing_ = false;
  bool close_asked_ = false;
  bool close_sent_ = false;
};

}  // namespace wzp::gateway
