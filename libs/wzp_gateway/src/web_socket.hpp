/// \file
/// An accepted WebSocket, whatever it runs on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wzp/proto/bytes.hpp"
#include "wzp/transport/socket_address.hpp"

namespace wzp::gateway {

enum class WebSocketClose : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kPolicy = 1008,
  kServiceRestart = 1012,
  kTryAgainLater = 1013,
};

/// Told what arrives. May close the socket it is told about.
class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;
  virtual void on_open() = 0;
  virtual void on_text(std::string_view text) = 0;
  /// Returns how long to wait before anything more is read: how a sender is slowed down.
  virtual std::chrono::milliseconds on_binary(ByteView bytes) = 0;
  /// The last call; `why` is for people.
  virtual void on_closed(std::string_view why) = 0;
};

/// Lives as long as something is under way on it; users hold it by shared_ptr.
class WebSocket {
 public:
  static constexpr std::size_t kMaxMessage = 4096;     ///< Longer ones end it with code 1009.
  static constexpr std::size_t kMaxTextsQueued = 32;   ///< More end it.
  static constexpr std::size_t kMaxFramesQueued = 10;  ///< 200 ms of sound; the oldest goes.

  /// A peer that takes nothing for so long while frames wait is cut off.
  static constexpr std::chrono::seconds kWriteTimeout{10};

  virtual ~WebSocket() = default;
  /// Finishes the handshake and reads. `handler` must live until on_closed() or forget_handler().
  virtual void start(WebSocketHandler& handler) = 0;
  virtual void forget_handler() noexcept = 0;
  virtual void send_text(std::string text) = 0;
  /// False: an older frame had to go for it.
  virtual bool send_binary(ByteView bytes) = 0;
  /// What was queued as text is still sent; then the peer has two seconds to agree.
  virtual void close(WebSocketClose code, std::string_view reason) = 0;
  [[nodiscard]] virtual const transport::SocketAddress& remote() const noexcept = 0;
};

}  // namespace wzp::gateway
