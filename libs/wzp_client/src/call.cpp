// The life of a call, and its signals. Media: media_sender, media_receiver, remote_streams;
// encryption: call_security.
#include "wzp/client/call.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "call_security.hpp"
#include "media_loop.hpp"
#include "media_receiver.hpp"
#include "media_sender.hpp"
#include "relay_binding.hpp"
#include "remote_streams.hpp"
#include "room_view.hpp"
#include "wzp/crypto/fingerprint.hpp"
#include "wzp/crypto/handshake.hpp"
#include "wzp/proto/features.hpp"

namespace wzp::client {
namespace {

using proto::SessionEvent;
using proto::SessionState;
using proto::TerminateReason;

constexpr proto::FeatureSet kOurFeatures{proto::Feature::kStreamId, proto::Feature::kE2e1};

// After a stall longer than this the clocks start anew instead of catching up.
constexpr std::chrono::milliseconds kMaxCatchUp{200};
constexpr std::size_t kIpv4UdpHeader = 28;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 200)) out += c >= 0x20 && c < 0x7f ? c : '?';
  return out + '"';
}

double milliseconds_of(Instant t) {
  return std::chrono::duration<double, std::milli>(t.time_since_epoch()).count();
}

proto::CallStateMachine new_life(Rng& rng) {
  proto::CallStateMachine::Id id{};
  rng.fill(id);
  return {id, Instant{}};
}

}  // namespace

class Call::Impl {
 public:
  Impl(transport::Endpoint& endpoint, const crypto::Identity& me, Rng& rng,
       const CallOptions& options, AudioSource* source, AudioSink& sink, CallObserver* observer)
      : relay_{endpoint, {}},
        me_(me),
        rng_(rng),
        options_(options),
        observer_(observer != nullptr ? observer : &quiet_),
        life_(new_life(rng)),
        sender_(relay_, options, source),
        streams_(options, sink, room_, *observer_),
        receiver_(streams_) {}

  // -- Life of the call --------------------------------------------------------------------------

  void start(const transport::SocketAddress& relay, Instant now) {
    relay_address_ = relay;
    step(SessionEvent::kInitiate, now);
    const auto connection = relay_.endpoint.connect(relay, options_.server_name, now);
    if (!connection) {
      end(CallEnd::Reason::kUnreachable, std::string(message(connection.error())),
          TerminateReason::kError, now);
      return;
    }
    relay_.connection = *connection;
    give_up_at_ = now + options_.connect_timeout;
  }

  void handle_turn(Instant now) {
    while (auto event = relay_.endpoint.poll_event()) {
      std::visit([&](const auto& e) { on(e, now); }, *event);
    }
    if (state() == CallState::kConnecting && now >= give_up_at_) {
      end(CallEnd::Reason::kUnreachable,
          "no answer from " + relay_address_.to_string() + " in time", TerminateReason::kTimeout,
          now);
      close("no answer", now);
    }
    if (!life_.is_media_active()) return;
    run_clocks(now);
    if (security_) {
      security_->handle_turn(now);
      follow_keys(now);
    }
  }

  [[nodiscard]] Instant next_deadline() const {
    if (state() == CallState::kConnecting) return give_up_at_;
    if (!life_.is_media_active()) return kNever;
    Instant next = next_playout_;
    if (sender_.is_running()) next = std::min(next, next_capture_);
    if (security_) next = std::min(next, security_->next_deadline());
    return next;
  }

  void hang_up(Instant now) {
    if (life_.is_media_active()) {
      sender_.finish(now);
      if (security_) security_->bye(now);
      relay_.send(proto::Hangup{proto::HangupReason::kNormal}, now);
      note_transport();
    } else if (state() != CallState::kConnecting) {
      return;
    }
    is_closing_ = life_.terminate(TerminateReason::kLocalHangup, now).has_value();
    if (security_) security_->close();
    relay_.endpoint.close_after_delivery(relay_.connection, transport::kNormalCloseCode,
                                         transport::kNormalCloseReason, std::chrono::seconds(1),
                                         now);
  }

  [[nodiscard]] CallState state() const noexcept {
    switch (life_.state()) {
      case SessionState::kIdle:
        return CallState::kIdle;
      case SessionState::kConnecting:
      case SessionState::kHandshaking:
        return CallState::kConnecting;
      case SessionState::kActive:
      case SessionState::kRekeying:
        return CallState::kActive;
      case SessionState::kClosed:
        break;
    }
    return is_closing_ ? CallState::kClosing : CallState::kClosed;
  }

  void step(SessionEvent event, Instant now) { static_cast<void>(life_.handle(event, now)); }

  // Ends the call unless it has ended. Without `why` the connection was lost.
  void end(CallEnd::Reason reason, std::string message, std::optional<TerminateReason> why,
           Instant now) {
    note_transport();
    const auto ended =
        why ? life_.terminate(*why, now) : life_.handle(SessionEvent::kConnectionLost, now);
    if (ended) end_ = {reason, std::move(message)};
    if (security_) security_->close();
  }

  void close(std::string_view reason, Instant now) {
    relay_.endpoint.close(relay_.connection, transport::kNormalCloseCode, reason, now);
  }

  // Own keys are being handed out: media flows on.
  void follow_keys(Instant now) {
    step(security_->is_changing_keys() ? SessionEvent::kRekeyStart : SessionEvent::kRekeyComplete,
         now);
  }

  // -- Events of the endpoint --------------------------------------------------------------------

  void on(const transport::Connected&, Instant now) {
    if (life_.state() != SessionState::kConnecting) return;
    step(SessionEvent::kConnected, now);
    handshake_.emplace(crypto::CallerHandshake::start(me_, rng_));
    proto::CallOffer& offer = offer_;
    offer.identity_pub = handshake_->offer().identity_pub;
    offer.ephemeral_pub = handshake_->offer().ephemeral_pub;
    offer.signature = handshake_->offer().signature;
    offer.supported_profiles = {proto::kProfileGood, proto::kProfileDegraded,
                                proto::kProfileCatastrophic};
    if (!options_.plain_reference_client) {
      security_.emplace(relay_, room_, me_, options_, rng_, *observer_, now);
      offer.features = kOurFeatures.to_names();
      offer.hello = security_->hello();
      offer.binding = bind_offer(relay_, me_, offer);
    }
    relay_.send(offer, now);
  }

  void on(const transport::MessageReceived& e, Instant now) {
    const auto signal = proto::parse_signal(e.bytes);
    if (!signal) {
      ++statistics_.signals_malformed;
    } else if (const auto* answer = std::get_if<proto::CallAnswer>(&*signal)) {
      on_answer(*answer, now);
    } else if (const auto* update = std::get_if<proto::RoomUpdate>(&*signal)) {
      on_room_update(*update, now);
    } else if (const auto* peer_signal = std::get_if<proto::PeerSignal>(&*signal)) {
      if (security_ && life_.is_media_active()) security_->handle_peer_signal(*peer_signal, now);
    } else if (const auto* ping = std::get_if<proto::Ping>(&*signal)) {
      relay_.send(proto::Pong{ping->timestamp_ms}, now);
    } else if (std::holds_alternative<proto::UnknownSignal>(*signal)) {
      ++statistics_.signals_unknown;
    }
  }

  void on(const transport::DatagramReceived& e, Instant now) {
    if (life_.is_media_active()) receiver_.handle_datagram(e.bytes, now);
  }

  void on(const transport::ConnectionClosed& e, Instant now) {
    if (std::exchange(is_closing_, false)) {
      end_ = {CallEnd::Reason::kHungUp, "hung up"};
      return;
    }
    using transport::CloseCause;
    const bool by_relay = e.cause == CloseCause::kPeerApplication;
    const std::string why(by_relay ? quoted(e.reason) : std::string(transport::name(e.cause)));
    if (life_.is_media_active()) {
      if (by_relay) {
        end(CallEnd::Reason::kRelayClosed, "the relay closed the call: " + why,
            TerminateReason::kRemoteHangup, now);
      } else {
        end(CallEnd::Reason::kLost, "the connection was lost: " + why, std::nullopt, now);
      }
    } else if (by_relay || e.cause == CloseCause::kRefused ||
               e.cause == CloseCause::kPeerTransport) {
      end(CallEnd::Reason::kRefused, "the relay refused the call: " + why,
          TerminateReason::kRemoteHangup, now);
    } else {
      end(CallEnd::Reason::kUnreachable,
          "no relay answers at " + relay_address_.to_string() + " (" + why + ")",
          TerminateReason::kTimeout, now);
    }
  }

  // -- Signals -----------------------------------------------------------------------------------

  void on_answer(const proto::CallAnswer& answer, Instant now) {
    if (life_.state() != SessionState::kHandshaking || !handshake_) return;
    const auto keys =
        handshake_->finish({answer.identity_pub, answer.ephemeral_pub, answer.signature});
    if (!keys) {
      end(CallEnd::Reason::kUntrusted,
          "the relay's answer is not genuine: " + std::string(message(keys.error())),
          TerminateReason::kError, now);
      close("signature verification failed", now);
      return;
    }
    const RelayBinding binding = check_answer(relay_, offer_, answer);
    if (binding == RelayBinding::kForged) {
      end(CallEnd::Reason::kUntrusted, "the relay's answer was made for another connection",
          TerminateReason::kError, now);
      close("binding verification failed", now);
      return;
    }
    const auto theirs = proto::FeatureSet::from_names(answer.features);
    const bool names_streams =
        theirs.contains(proto::Feature::kStreamId) && !options_.plain_reference_client;
    const bool can_seal = names_streams && theirs.contains(proto::Feature::kE2e1);
    if (security_ && !can_seal && !options_.allow_unencrypted_peers) {
      end(CallEnd::Reason::kNotEncrypted,
          "the relay does not carry end-to-end encrypted calls, and nothing is sent in clear",
          TerminateReason::kError, now);
      close("no end-to-end encryption", now);
      return;
    }
    begin_media(names_streams, can_seal, now);
    observer_->on_relay({keys->peer, binding == RelayBinding::kGenuine});
    observer_->on_active(crypto::Fingerprint::of(keys->peer).to_text(), names_streams);
  }

  void begin_media(bool names_streams, bool can_seal, Instant now) {
    step(SessionEvent::kHandshakeComplete, now);
    if (security_) {
      security_->set_relay(can_seal, names_streams);
      sender_.set_security(&*security_);
      receiver_.set_security(&*security_);
    }
    receiver_.set_relay_names_streams(names_streams);
    if (security_ && options_.closed_loop) {
      security_->set_loop(&loop_);
      sender_.set_loop(&loop_, now);
      receiver_.set_loop(&loop_);
    }
    next_capture_ = next_playout_ = now;
    start_source_by_ = security_ ? now + options_.wait_for_listener : now;
  }

  void on_room_update(const proto::RoomUpdate& update, Instant now) {
    if (!security_ || !life_.is_media_active()) return;
    const RoomView::Changes changes = room_.apply(update);
    for (const RemoteParticipant& who : changes.left) {
      // What is buffered is still played.
      streams_.end_of_stream(who.stream);
      loop_.on_left(who.stream);
      if (who.is_legacy) observer_->on_left(who);
    }
    security_->handle_room(update, now);
  }

  // -- Clocks ------------------------------------------------------------------------------------

  void run_clocks(Instant now) {
    if (now - next_capture_ > kMaxCatchUp) next_capture_ = now;
    if (now - next_playout_ > kMaxCatchUp) next_playout_ = now;
    while (sender_.is_running() && next_capture_ <= now) {
      if (may_capture(now)) sender_.capture(now);
      next_capture_ += kTick;
    }
    while (next_playout_ <= now) {
      if (streams_.ticks() == 0) statistics_.playout_started_ms = milliseconds_of(now);
      streams_.play(now);
      next_playout_ += kTick;
      sender_.send_feedback(now);
      if (streams_.ticks() % 50 == 0) {
        note_transport();
        tell_senders(now);
      }
    }
  }

  // What does not ride on our own packets goes to each sender by itself.
  void tell_senders(Instant now) {
    if (!security_ || !options_.closed_loop) return;
    loop_.on_transport(last_transport_, now);
    if (sender_.sends_media2()) return;  // as sections
    while (const auto update = loop_.poll_update(now)) {
      security_->send_signal(update->first, proto::write_signal(update->second), now);
    }
  }

  // A recording is not begun before somebody hears it, or nobody came. The first tick after a key
  // was given out is left to the key: it must not be overtaken.
  bool may_capture(Instant now) {
    if (start_source_by_ <= now || !security_) return true;
    if (security_->has_listeners()) start_source_by_ = now + kTick;
    return false;
  }

  // -- Statistics --------------------------------------------------------------------------------

  /// The endpoint forgets a connection when it closes: keep the last numbers.
  void note_transport() {
    const transport::ConnectionStats stats = relay_.endpoint.stats(relay_.connection);
    if (stats.connected) last_transport_ = stats;
  }

  [[nodiscard]] CallStatistics statistics() const {
    CallStatistics out = statistics_;
    sender_.add_to(out);
    receiver_.add_to(out);
    if (security_) security_->add_to(out);
    out.receive = streams_.statistics();
    out.remote_streams = streams_.count();
    const double seconds = static_cast<double>(streams_.ticks()) * 0.02;
    const auto kbps = [seconds](std::uint64_t bytes, std::uint64_t packets) {
      const double bits = 8.0 * static_cast<double>(bytes + packets * kIpv4UdpHeader);
      return seconds > 0 ? bits / seconds / 1000.0 : 0.0;
    };
    out.connected_seconds = seconds;
    out.wire_kbps_tx = kbps(last_transport_.bytes_out, last_transport_.packets_out);
    out.wire_kbps_rx = kbps(last_transport_.bytes_in, last_transport_.packets_in);
    out.rtt_ms = std::chrono::duration<double, std::milli>(last_transport_.smoothed_rtt).count();
    return out;
  }

  [[nodiscard]] WebrtcStats webrtc_stats(double timestamp_ms, Instant now) const {
    WebrtcStats out;
    out.timestamp_ms = timestamp_ms;
    out.call = statistics();
    out.inbound = streams_.inbound();
    if (security_) {
      const auto there = security_->participants();
      for (InboundStatistics& in : out.inbound) {
        const auto who = std::find_if(there.begin(), there.end(),
                                      [&](const auto& p) { return p.stream == in.stream; });
        if (who != there.end()) in.participant = who->fingerprint;
      }
    }
    loop_.add_to(out, now);
    out.connection = last_transport_;
    out.codec = sender_.profile().codec;
    out.bytes_sent = sender_.bytes_sent();
    out.target_bps = proto::traits(out.codec).bits_per_second;
    return out;
  }

  [[nodiscard]] bool is_end_to_end_encrypted() const noexcept {
    return !options_.plain_reference_client && !options_.allow_unencrypted_peers;
  }

  RelayLink relay_;
  const crypto::Identity& me_;
  Rng& rng_;
  CallOptions options_;
  CallObserver quiet_;
  CallObserver* observer_;

  proto::CallStateMachine life_;
  bool is_closing_ = false;  // Hung up, the last signals are being delivered.
  CallEnd end_;
  transport::SocketAddress relay_address_;
  Instant give_up_at_ = kNever;
  std::optional<crypto::CallerHandshake> handshake_;
  proto::CallOffer offer_;
  RoomView room_;
  std::optional<CallSecurity> security_;

  MediaLoop loop_;
  MediaSender sender_;
  RemoteStreams streams_;
  MediaReceiver receiver_;
  Instant start_source_by_ = kNever;
  Instant next_capture_{};
  Instant next_playout_{};

  CallStatistics statistics_;
  transport::ConnectionStats last_transport_;
};

Call::Call(transport::Endpoint& endpoint, const crypto::Identity& me, Rng& rng,
           const CallOptions& options, AudioSource* source, AudioSink& sink, CallObserver* observer)
    : impl_(std::make_unique<Impl>(endpoint, me, rng, options, source, sink, observer)) {}
transport::EndpointConfig Call::endpoint_config() {
  auto config = transport::EndpointConfig::for_client();
  config.max_ack_delay = std::chrono::milliseconds(140);
  return config;
}
Call::~Call() = default;
Call::Call(Call&&) noexcept = default;
Call& Call::operator=(Call&&) noexcept = default;

void Call::start(const transport::SocketAddress& relay, Instant now) { impl_->start(relay, now); }
void Call::handle_turn(Instant now) { impl_->handle_turn(now); }
Instant Call::next_deadline() const { return impl_->next_deadline(); }
void Call::hang_up(Instant now) { impl_->hang_up(now); }
void Call::set_muted(bool muted) noexcept { impl_->sender_.set_muted(muted); }
bool Call::is_muted() const noexcept { return impl_->sender_.is_muted(); }
void Call::handle_policy_change(Instant now) {
  if (impl_->security_) impl_->security_->handle_policy_change(now);
}
void Call::renew_keys(Instant now) {
  if (impl_->security_) impl_->security_->renew(now);
}
bool Call::send_signal(StreamId to, std::string_view json, Instant now) {
  return impl_->security_ && impl_->life_.is_media_active() &&
         impl_->security_->send_signal(to, json, now);
}

void Call::force_profile(const std::optional<proto::QualityProfile>& profile, Instant now) {
  impl_->sender_.force_profile(profile, now);
}
const proto::QualityProfile& Call::profile() const noexcept { return impl_->sender_.profile(); }
WebrtcStats Call::webrtc_stats(double timestamp_ms, Instant now) const {
  return impl_->webrtc_stats(timestamp_ms, now);
}
MediaControlState Call::control_state(Instant now) const {
  return impl_->loop_.control().state(now);
}

CallState Call::state() const noexcept { return impl_->state(); }
const proto::CallStateMachine& Call::life() const noexcept { return impl_->life_; }
bool Call::is_end_to_end_encrypted() const noexcept { return impl_->is_end_to_end_encrypted(); }
const crypto::e2e::RoomSession* Call::security() const noexcept {
  return impl_->security_ ? &impl_->security_->session() : nullptr;
}
const CallEnd& Call::end() const noexcept { return impl_->end_; }
bool Call::source_ended() const noexcept { return impl_->sender_.source_ended(); }
std::vector<RemoteParticipant> Call::participants() const {
  return impl_->security_ ? impl_->security_->participants() : std::vector<RemoteParticipant>();
}
CallStatistics Call::statistics() const { return impl_->statistics(); }
std::optional<ReceiveStatistics> Call::stream_statistics(StreamId stream) const {
  return impl_->streams_.statistics_of(stream);
}
void Call::record_playout_map() { impl_->streams_.record_map(); }
const PlayoutMap& Call::playout_map() const noexcept { return impl_->streams_.map(); }

}  // namespace wzp::client
