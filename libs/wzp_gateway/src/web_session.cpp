#include "web_session.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "http_message.hpp"
#include "wzp/crypto/room_hash.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

namespace wzp::gateway {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxRoomName = 256;
constexpr std::size_t kHashDigits = 32;
constexpr std::size_t kMaxCloseReason = 120;
// 50 frames a second are real time; the rest is for what was held up on the way.
constexpr relay::Rate kFramesUp{55, 100};

Instant now() { return transport::UdpDriver::now(); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_hash(std::string_view text) {
  const auto is_digit = [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f');
  };
  return text.size() == kHashDigits && std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace

std::optional<std::string> read_auth_message(std::string_view text) {
  const json message = json::parse(text, nullptr, false);
  if (!message.is_object()) return std::nullopt;
  const auto type = message.find("type");
  const auto token = message.find("token");
  if (type == message.end() || *type != "auth") return std::nullopt;
  if (token == message.end() || !token->is_string()) return std::nullopt;
  return token->get<std::string>();
}

std::optional<std::string> room_of_target(std::string_view target) {
  constexpr std::string_view kPrefix = "/ws/";
  std::string_view raw = path_of(target);
  if (!raw.starts_with(kPrefix)) return std::nullopt;
  raw.remove_prefix(kPrefix.size());
  std::string name;
  if (raw.find('/') != std::string_view::npos || !percent_decode(raw, name)) return std::nullopt;
  if (name.empty() || name.size() > kMaxRoomName) return std::nullopt;
  if (!is_hash(name)) return crypto::room_hash(name);
  std::transform(name.begin(), name.end(), name.begin(), lower);
  return name;
}

WebSession::WebSession(WebSessionContext& context, std::uint64_t number,
                       std::shared_ptr<WebSocket> socket, std::string room)
    : context_(context),
      number_(number),
      socket_(std::move(socket)),
      room_(std::move(room)),
      auth_deadline_(context.io),
      began_(now()),
      bridge_([this](ByteView packet) {
        if (guest_) context_.relay.handle_guest_media(*guest_, packet, now());
      }),
      pace_(kFramesUp) {}

WebSession::~WebSession() {
  *alive_ = false;
  socket_->forget_handler();
  leave(relay::EndReason::kShutdown, "relay is shutting down");
}

void WebSession::start() { socket_->start(*this); }

// -- The browser ---------------------------------------------------------------------------------

void WebSession::on_open() {
  if (context_.auth == nullptr) {
    // Nobody vouches for it: an identity that nobody has, for as long as it stays.
    crypto::Fingerprint random;
    context_.rng.fill(random.bytes);
    join(random, std::nullopt);
    return;
  }
  waits_for_token_ = true;
  auth_deadline_.expires_after(context_.auth_timeout);
  auth_deadline_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (!error && *alive && waits_for_token_) refuse_token("no token in time");
  });
}

void WebSession::on_text(std::string_view text) {
  if (!waits_for_token_) return;
  const auto token = read_auth_message(text);
  if (!token) return refuse_token("expected {\"type\":\"auth\",\"token\":\"...\"}");
  waits_for_token_ = false;
  auth_deadline_.cancel();
  context_.auth->check(*token, [this, alive = alive_](const relay::TokenVerdict& verdict) {
    if (*alive && !is_over_) on_verdict(verdict);
  });
}

std::chrono::milliseconds WebSession::on_binary(ByteView bytes) {
  if (waits_for_token_) {
    refuse_token("expected a token first");
  } else if (guest_) {
    bridge_.push_frame(bytes, now());
    context_.wake();
  }
  return std::chrono::milliseconds(pace_.take(now()) ? 0 : 20);
}

void WebSession::on_closed(std::string_view why) {
  is_over_ = true;
  waits_for_token_ = false;
  leave(relay::EndReason::kPeerClosed, why);
  context_.on_end(number_);
}

void WebSession::on_verdict(const relay::TokenVerdict& verdict) {
  if (verdict.kind == relay::TokenVerdict::Kind::kAccepted) {
    join(verdict.fingerprint, verdict.alias);
  } else {
    refuse_token(verdict.why);
  }
}

void WebSession::refuse_token(std::string_view why) {
  waits_for_token_ = false;
  ++context_.counters.auth_failures;
  socket_->send_text(json{{"type", "auth_error"}, {"error", why}}.dump(
      -1, ' ', false, json::error_handler_t::replace));
  socket_->close(WebSocketClose::kPolicy, "not authenticated");
}

// -- The room ------------------------------------------------------------------------------------

void WebSession::join(const crypto::Fingerprint& who, const std::optional<std::string>& alias) {
  const auto admission =
      context_.relay.add_guest(*this, {room_, who, alias, socket_->remote()}, now());
  if (!admission) {
    ++context_.counters.refused;
    const std::string why = admission.error().code + ": " + admission.error().why;
    socket_->close(WebSocketClose::kPolicy, std::string_view(why).substr(0, kMaxCloseReason));
    return;
  }
  guest_ = admission->id;
  session_id_ = admission->session_id;
  context_.counters.handshake_seconds.observe(
      std::chrono::duration<double>(now() - began_).count());
  socket_->send_text(R"({"type":"auth_ok"})");
  context_.wake();
}

void WebSession::leave(relay::EndReason reason, std::string_view why) {
  const auto guest = std::exchange(guest_, std::nullopt);
  if (!guest) return;
  count_new_frames();
  context_.relay.remove_guest(*guest, reason, why, now());
  context_.wake();
}

void WebSession::tick(Instant at) {
  if (!guest_) return;
  bridge_.tick(at);
  std::array<std::byte, PcmBridge::kFrameBytes> frame{};
  if (bridge_.play(frame, at) && !socket_->send_binary(frame)) {
    ++context_.counters.frames_dropped_slow_reader;
  }
  count_new_frames();
}

void WebSession::count_new_frames() {
  const PcmBridgeCounters all = bridge_.counters();
  WebCounters& sum = context_.counters;
  sum.frames_up += all.frames_up - counted_.frames_up;
  sum.frames_down += all.frames_down - counted_.frames_down;
  sum.frames_dropped_too_fast += all.frames_too_fast - counted_.frames_too_fast;
  sum.frames_dropped_short += all.frames_short - counted_.frames_short;
  counted_ = all;
}

bool WebSession::handle_datagram(ByteView datagram) {
  return bridge_.handle_datagram(datagram, now());
}

void WebSession::handle_signal(std::string_view text) {
  const auto signal = proto::parse_signal(as_byte_view(text));
  if (!signal) return;
  if (const auto* update = std::get_if<proto::RoomUpdate>(&*signal)) {
    bridge_.handle_room(*update);
  } else if (std::holds_alternative<proto::Restarting>(*signal)) {
    hang_up_soon(WebSocketClose::kServiceRestart, "relay is shutting down");
  }
}

void WebSession::handle_close(std::string_view why) {
  hang_up_soon(WebSocketClose::kGoingAway, std::string(why));
}

/// The relay must not be called while it calls.
void WebSession::hang_up_soon(WebSocketClose code, std::string why) {
  boost::asio::post(context_.io, [this, alive = alive_, code, why = std::move(why)] {
    if (!*alive) return;
    socket_->close(code, std::string_view(why).substr(0, kMaxCloseReason));
    leave(relay::EndReason::kShutdown, why);
  });
}

}  // namespace wzp::gateway
