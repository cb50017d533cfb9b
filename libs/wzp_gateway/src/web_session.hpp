/// \file
/// One browser: from its WebSocket's first message to the end of its stay in a room.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "auth_client.hpp"
#include "pcm_bridge.hpp"
#include "web_socket.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/relay/histogram.hpp"
#include "wzp/relay/relay.hpp"
#include "wzp/relay/token_bucket.hpp"

namespace wzp::gateway {

/// Of all sessions, also those that are gone.
struct WebCounters {
  std::uint64_t frames_up = 0;
  std::uint64_t frames_down = 0;
  std::uint64_t frames_dropped_slow_reader = 0;
  std::uint64_t frames_dropped_too_fast = 0;
  std::uint64_t frames_dropped_short = 0;
  std::uint64_t auth_failures = 0;
  std::uint64_t refused = 0;  ///< By the relay: full, not allowed, requires encryption.
  relay::Histogram<9> handshake_seconds{
      std::array{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0}};
};

/// The token in {"type":"auth","token":"..."}, or nothing.
[[nodiscard]] std::optional<std::string> read_auth_message(std::string_view text);
/// The room of "/ws/{room}" as in an SNI: a name is hashed as clients do, 32 hex digits are a hash.
[[nodiscard]] std::optional<std::string> room_of_target(std::string_view target);

/// What sessions share. Outlives them all.
struct WebSessionContext {
  boost::asio::io_context& io;
  relay::Relay& relay;
  Rng& rng;
  AuthClient* auth;  ///< Null: no tokens wanted.
  std::chrono::milliseconds auth_timeout;
  WebCounters& counters;
  std::function<void()> wake;                 ///< Something waits to be sent to QUIC participants.
  std::function<void(std::uint64_t)> on_end;  ///< The session of this number is over: destroy it.
};

/// Registered with the relay as a guest while it is in a room.
class WebSession final : public WebSocketHandler, public relay::Guest {
 public:
  WebSession(WebSessionContext& context, std::uint64_t number, std::shared_ptr<WebSocket> socket,
             std::string room);
  ~WebSession() override;
  WebSession(const WebSession&) = delete;
  WebSession& operator=(const WebSession&) = delete;

  void start();
  /// Once per 20 ms.
  void tick(Instant now);
  [[nodiscard]] bool is_in_room() const noexcept { return guest_.has_value(); }
  [[nodiscard]] const std::string& session_id() const noexcept { return session_id_; }
  [[nodiscard]] const PcmBridge& bridge() const noexcept { return bridge_; }

  // WebSocketHandler
  void on_open() override;
  void on_text(std::string_view text) override;
  std::chrono::milliseconds on_binary(ByteView bytes) override;
  void on_closed(std::string_view why) override;

  // relay::Guest
  bool handle_datagram(ByteView datagram) override;
  void handle_signal(std::string_view text) override;
  void handle_close(std::string_view why) override;

 private:
  void refuse_token(std::string_view why);
  void on_verdict(const relay::TokenVerdict& verdict);
  void join(const crypto::Fingerprint& who, const std::optional<std::string>& alias);
  void leave(relay::EndReason reason, std::string_view why);
  void hang_up_soon(WebSocketClose code, std::string why);
  void count_new_frames();

  WebSessionContext& context_;
  std::uint64_t number_;
  std::shared_ptr<WebSocket> socket_;
  std::string room_;
  boost::asio::steady_timer auth_deadline_;
  Instant began_;
  PcmBridge bridge_;
  PcmBridgeCounters counted_;
  relay::TokenBucket pace_;
  std::optional<relay::GuestId> guest_;
  std::string session_id_;
  bool waits_for_token_ = false;
  bool is_over_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what runs later
};

}  // namespace wzp::gateway
