#include "wzp/client/call.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "room_view.hpp"
#include "wzp/client/call_decoder.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/client/legacy_sender_tracker.hpp"
#include "wzp/codec/mixer.hpp"
#include "wzp/crypto/fingerprint.hpp"
#include "wzp/crypto/handshake.hpp"
#include "wzp/proto/datagram.hpp"
#include "wzp/proto/features.hpp"
#include "wzp/proto/media_packet.hpp"
#include "wzp/proto/trunk_frame.hpp"

namespace wzp::client {
namespace {

constexpr proto::FeatureSet kOurFeatures{proto::Feature::kStreamId};

// All media of a client is one stream: a repair packet must not be lost with what it repairs.
constexpr StreamId kOurMedia{1};
// After a stall longer than this the clocks start anew instead of catching up.
constexpr std::chrono::milliseconds kMaxCatchUp{200};
// A stream nobody lists, and that says nothing for this long, is forgotten.
constexpr std::chrono::seconds kForgetUnlisted{10};
constexpr std::size_t kIpv4UdpHeader = 28;
// Streams of a relay that names none start here, out of the way of real ids in statistics.
constexpr std::uint16_t kFirstLegacyStream = 0xff00;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 200)) out += c >= 0x20 && c < 0x7f ? c : '?';
  return out + '"';
}

double milliseconds_of(Instant t) {
  return std::chrono::duration<double, std::milli>(t.time_since_epoch()).count();
}

/// A trunk frame from a reference relay, which announces nothing: recognised by its structure.
bool looks_like_trunk(ByteView datagram) {
  const auto frame = proto::TrunkFrameView::parse(datagram);
  if (!frame || frame->size() < 1 || frame->size() > 10) return false;
  std::size_t size = proto::kTrunkFrameOverhead;
  for (const proto::TrunkEntry& entry : *frame) {
    if (!proto::parse_media_packet(entry.payload)) return false;
    size += proto::kTrunkEntryOverhead + entry.payload.size();
  }
  return size == datagram.size();
}

}  // namespace

CallObserver::~CallObserver() = default;
void CallObserver::on_active(std::string_view, bool) {}
void CallObserver::on_joined(const RemoteParticipant&) {}
void CallObserver::on_left(const RemoteParticipant&) {}
void CallObserver::on_played_out(StreamId) {}

class Call::Impl {
 public:
  Impl(transport::Endpoint& endpoint, const crypto::Identity& me, Rng& rng,
       const CallOptions& options, AudioSource* source, AudioSink& sink, CallObserver* observer)
      : endpoint_(endpoint),
        me_(me),
        rng_(rng),
        options_(options),
        source_(source),
        sink_(sink),
        observer_(observer != nullptr ? observer : &quiet_),
        encoder_(CallEncoderOptions{options.profile, options.silence_suppression,
                                    options.noise_suppression, options.gain_control}) {}

  // -- Life of the call --------------------------------------------------------------------------

  void start(const transport::SocketAddress& relay, Instant now) {
    const auto connection = endpoint_.connect(relay, options_.server_name, now);
    if (!connection) {
      finish(CallEnd::Reason::kUnreachable, std::string(message(connection.error())));
      return;
    }
    relay_ = relay;
    connection_ = *connection;
    state_ = CallState::kConnecting;
    give_up_at_ = now + options_.connect_timeout;
  }

  void handle_turn(Instant now) {
    while (auto event = endpoint_.poll_event()) {
      std::visit([&](const auto& e) { on(e, now); }, *event);
    }
    if (state_ == CallState::kConnecting && now >= give_up_at_) {
      endpoint_.close(connection_, transport::kNormalCloseCode, "no answer", now);
      finish(CallEnd::Reason::kUnreachable, "no answer from " + relay_.to_string() + " in time");
    }
    if (state_ == CallState::kActive) run_clocks(now);
  }

  [[nodiscard]] Instant next_deadline() const {
    switch (state_) {
      case CallState::kConnecting:
        return give_up_at_;
      case CallState::kActive:
        return is_sending() ? std::min(next_capture_, next_playout_) : next_playout_;
      default:
        return kNever;
    }
  }

  void hang_up(Instant now) {
    if (state_ == CallState::kActive) {
      send_packets(encoder_.finish(), now);
      send_signal(proto::Hangup{proto::HangupReason::kNormal}, now);
      note_transport();
    } else if (state_ != CallState::kConnecting) {
      return;
    }
    state_ = CallState::kClosing;
    endpoint_.close_after_delivery(connection_, transport::kNormalCloseCode,
                                   transport::kNormalCloseReason, std::chrono::seconds(1), now);
  }

  void finish(CallEnd::Reason reason, std::string message) {
    if (state_ == CallState::kClosed) return;
    note_transport();
    state_ = CallState::kClosed;
    end_ = {reason, std::move(message)};
  }

  // -- Events of the endpoint --------------------------------------------------------------------

  void on(const transport::Connected&, Instant now) {
    if (state_ != CallState::kConnecting) return;
    handshake_.emplace(crypto::CallerHandshake::start(me_, rng_));
    proto::CallOffer offer;
    offer.identity_pub = handshake_->offer().identity_pub;
    offer.ephemeral_pub = handshake_->offer().ephemeral_pub;
    offer.signature = handshake_->offer().signature;
    offer.supported_profiles = {proto::kProfileGood, proto::kProfileDegraded,
                                proto::kProfileCatastrophic};
    if (!options_.plain_reference_client) offer.features = kOurFeatures.to_names();
    send_signal(offer, now);
  }

  void on(const transport::MessageReceived& e, Instant now) {
    const auto signal = proto::parse_signal(e.bytes);
    if (!signal) {
      ++statistics_.signals_malformed;
    } else if (const auto* answer = std::get_if<proto::CallAnswer>(&*signal)) {
      on_answer(*answer, now);
    } else if (const auto* update = std::get_if<proto::RoomUpdate>(&*signal)) {
      on_room_update(*update, now);
    } else if (const auto* ping = std::get_if<proto::Ping>(&*signal)) {
      send_signal(proto::Pong{ping->timestamp_ms}, now);
    } else if (std::holds_alternative<proto::UnknownSignal>(*signal)) {
      ++statistics_.signals_unknown;
    }
  }

  void on(const transport::DatagramReceived& e, Instant now) {
    if (state_ != CallState::kActive) return;
    if (relay_names_streams_) {
      on_trunk(proto::parse_trunk_datagram(e.bytes), now);
    } else if (looks_like_trunk(e.bytes)) {
      on_trunk(proto::TrunkFrameView::parse(e.bytes), now);
    } else {
      on_plain_packet(e.bytes, now);
    }
  }

  void on(const transport::ConnectionClosed& e, Instant) {
    if (state_ == CallState::kClosing) {
      finish(CallEnd::Reason::kHungUp, "hung up");
      return;
    }
    using transport::CloseCause;
    const bool by_relay = e.cause == CloseCause::kPeerApplication;
    std::string why(by_relay ? quoted(e.reason) : std::string(transport::name(e.cause)));
    if (state_ == CallState::kActive) {
      finish(by_relay ? CallEnd::Reason::kRelayClosed : CallEnd::Reason::kLost,
             (by_relay ? "the relay closed the call: " : "the connection was lost: ") + why);
    } else if (by_relay || e.cause == CloseCause::kRefused ||
               e.cause == CloseCause::kPeerTransport) {
      finish(CallEnd::Reason::kRefused, "the relay refused the call: " + why);
    } else {
      finish(CallEnd::Reason::kUnreachable,
             "no relay answers at " + relay_.to_string() + " (" + why + ")");
    }
  }

  // -- Signals -----------------------------------------------------------------------------------

  void on_answer(const proto::CallAnswer& answer, Instant now) {
    if (state_ != CallState::kConnecting || !handshake_) return;
    const auto keys =
        handshake_->finish({answer.identity_pub, answer.ephemeral_pub, answer.signature});
    if (!keys) {
      finish(CallEnd::Reason::kUntrusted,
             "the relay's answer is not genuine: " + std::string(message(keys.error())));
      endpoint_.close(connection_, transport::kNormalCloseCode, "signature verification failed",
                      now);
      return;
    }
    const auto theirs = proto::FeatureSet::from_names(answer.features);
    relay_names_streams_ =
        theirs.contains(proto::Feature::kStreamId) && !options_.plain_reference_client;
    state_ = CallState::kActive;
    next_capture_ = next_playout_ = now;
    observer_->on_active(crypto::Fingerprint::of(keys->peer).to_text(), relay_names_streams_);
  }

  void on_room_update(const proto::RoomUpdate& update, Instant now) {
    const RoomView::Changes changes = room_.apply(update);
    if (changes.needs_query && (!queried_ || now - *queried_ >= std::chrono::seconds(1))) {
      queried_ = now;
      send_signal(proto::RoomQuery{}, now);
    }
    for (const RemoteParticipant& who : changes.left) {
      // What is buffered is still played.
      if (const auto found = streams_.find(who.stream); found != streams_.end()) {
        found->second.decoder.end_of_stream();
      }
      observer_->on_left(who);
    }
    for (const RemoteParticipant& who : changes.joined) observer_->on_joined(who);
  }

  void send_signal(const proto::Signal& signal, Instant now) {
    const std::string text = proto::write_signal(signal);
    // Refused only when a megabyte is waiting already: the connection is about to die anyway.
    static_cast<void>(endpoint_.send_message(connection_, as_byte_view(text), now));
  }

  // -- Media in ----------------------------------------------------------------------------------

  void on_trunk(const proto::Result<proto::TrunkFrameView>& frame, Instant now) {
    if (!frame) {
      ++statistics_.datagrams_malformed;
      return;
    }
    for (const proto::TrunkEntry& entry : *frame) {
      const auto packet = proto::parse_media_packet(entry.payload);
      if (packet) {
        deliver(entry.stream, *packet, now);
      } else {
        ++statistics_.datagrams_malformed;
      }
    }
  }

  void on_plain_packet(ByteView datagram, Instant now) {
    const auto packet = proto::parse_media_packet(datagram);
    if (!packet) {
      ++statistics_.datagrams_malformed;
      return;
    }
    const auto sender = legacy_senders_.classify(packet->header, now);
    const StreamId stream{static_cast<std::uint16_t>(kFirstLegacyStream + sender.index)};
    if (sender.is_new) retire(stream);
    deliver(stream, *packet, now);
  }

  void deliver(StreamId stream, const proto::MediaPacketView& packet, Instant now) {
    auto found = streams_.find(stream);
    if (found == streams_.end()) {
      if (streams_.size() >= options_.max_remote_streams) {
        ++statistics_.packets_of_unknown_streams;
        return;
      }
      found = streams_.try_emplace(stream).first;
      ++statistics_.remote_streams;
    }
    found->second.heard = now;
    found->second.decoder.handle_packet(packet, now);
  }

  // -- Clocks ------------------------------------------------------------------------------------

  void run_clocks(Instant now) {
    if (now - next_capture_ > kMaxCatchUp) next_capture_ = now;
    if (now - next_playout_ > kMaxCatchUp) next_playout_ = now;
    while (is_sending() && next_capture_ <= now) {
      capture(now);
      next_capture_ += kTick;
    }
    while (next_playout_ <= now) {
      play(now);
      next_playout_ += kTick;
    }
  }

  [[nodiscard]] bool is_sending() const { return source_ != nullptr && !source_ended_; }

  void capture(Instant now) {
    std::array<std::int16_t, kSamplesPerTick> pcm;
    if (!source_->read(pcm)) {
      source_ended_ = true;
      send_packets(encoder_.finish(), now);
      return;
    }
    if (statistics_.frames_sent++ == 0) statistics_.capture_started_ms = milliseconds_of(now);
    send_packets(encoder_.push(pcm), now);
  }

  void send_packets(std::span<const EncodedPacket> packets, Instant now) {
    for (const EncodedPacket& packet : packets) {
      const auto result = endpoint_.send_datagram(connection_, packet.bytes, now, kOurMedia);
      if (result == transport::SendResult::kQueued ||
          result == transport::SendResult::kQueuedOldestDropped) {
        ++statistics_.packets_sent;
        if (packet.is_repair) ++statistics_.repair_packets_sent;
      } else {
        ++statistics_.packets_not_sent;
      }
    }
  }

  void play(Instant now) {
    std::array<std::int16_t, kSamplesPerTick> track;
    for (auto entry = streams_.begin(); entry != streams_.end();) {
      auto& [stream, remote] = *entry;
      const PlayoutOrigin origin = remote.decoder.play(track, now);
      if (map_enabled_) map_.add({tick_, stream, origin});
      if (origin != PlayoutOrigin::kNothing) {
        mixer_.add(track);
        sink_.play_track(stream, track, now);
      }
      const bool finished = remote.decoder.is_finished();
      if (finished) observer_->on_played_out(stream);
      const bool gone = finished || is_forgotten(stream, remote, now);
      entry = gone ? retire(entry) : std::next(entry);
    }
    std::array<std::int16_t, kSamplesPerTick> mixed;
    mixer_.finish(mixed);
    sink_.play(mixed, now);
    if (tick_ == 0) statistics_.playout_started_ms = milliseconds_of(now);
    if (++tick_ % 50 == 0) note_transport();
  }

  // -- Streams -----------------------------------------------------------------------------------

  struct RemoteStream {
    CallDecoder decoder;
    Instant heard{};
  };
  using Streams = std::map<StreamId, RemoteStream>;

  bool is_forgotten(StreamId stream, const RemoteStream& remote, Instant now) const {
    return !room_.lists(stream) && now - remote.heard > kForgetUnlisted;
  }

  Streams::iterator retire(Streams::iterator entry) {
    retired_[entry->first].add(entry->second.decoder.statistics());
    while (retired_.size() > kMaxRetired) {
      retired_sum_.add(retired_.begin()->second);
      retired_.erase(retired_.begin());
    }
    return streams_.erase(entry);
  }
  void retire(StreamId stream) {
    if (const auto found = streams_.find(stream); found != streams_.end()) retire(found);
  }

  // -- Statistics --------------------------------------------------------------------------------

  /// The endpoint forgets a connection when it closes: keep the last numbers.
  void note_transport() {
    const transport::ConnectionStats stats = endpoint_.stats(connection_);
    if (stats.connected) last_transport_ = stats;
  }

  [[nodiscard]] CallStatistics statistics() const {
    CallStatistics out = statistics_;
    out.receive = retired_sum_;
    for (const auto& [stream, retired] : retired_) out.receive.add(retired);
    for (const auto& [stream, remote] : streams_) out.receive.add(remote.decoder.statistics());
    const double seconds = static_cast<double>(tick_) * 0.02;
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

  [[nodiscard]] std::optional<ReceiveStatistics> stream_statistics(StreamId stream) const {
    std::optional<ReceiveStatistics> out;
    if (const auto live = streams_.find(stream); live != streams_.end()) {
      out = live->second.decoder.statistics();
    }
    if (const auto retired = retired_.find(stream); retired != retired_.end()) {
      if (!out) out.emplace();
      out->add(retired->second);
    }
    return out;
  }

  static constexpr std::size_t kMaxRetired = 256;

  transport::Endpoint& endpoint_;
  const crypto::Identity& me_;
  Rng& rng_;
  CallOptions options_;
  AudioSource* source_;
  AudioSink& sink_;
  CallObserver quiet_;
  CallObserver* observer_;

  CallState state_ = CallState::kIdle;
  CallEnd end_;
  transport::SocketAddress relay_;
  transport::ConnectionHandle connection_;
  Instant give_up_at_ = kNever;
  std::optional<crypto::CallerHandshake> handshake_;
  bool relay_names_streams_ = false;
  RoomView room_;
  std::optional<Instant> queried_;

  CallEncoder encoder_;
  bool source_ended_ = false;
  LegacySenderTracker legacy_senders_;
  Streams streams_;
  codec::Mixer mixer_;
  Instant next_capture_{};
  Instant next_playout_{};
  std::uint64_t tick_ = 0;

  CallStatistics statistics_;
  std::map<StreamId, ReceiveStatistics> retired_;
  ReceiveStatistics retired_sum_;
  transport::ConnectionStats last_transport_;
  PlayoutMap map_;
  bool map_enabled_ = false;
};

Call::Call(transport::Endpoint& endpoint, const crypto::Identity& me, Rng& rng,
           const CallOptions& options, AudioSource* source, AudioSink& sink, CallObserver* observer)
    : impl_(std::make_unique<Impl>(endpoint, me, rng, options, source, sink, observer)) {}
Call::~Call() = default;
Call::Call(Call&&) noexcept = default;
Call& Call::operator=(Call&&) noexcept = default;

void Call::start(const transport::SocketAddress& relay, Instant now) { impl_->start(relay, now); }
void Call::handle_turn(Instant now) { impl_->handle_turn(now); }
Instant Call::next_deadline() const { return impl_->next_deadline(); }
void Call::hang_up(Instant now) { impl_->hang_up(now); }
CallState Call::state() const noexcept { return impl_->state_; }
const CallEnd& Call::end() const noexcept { return impl_->end_; }
bool Call::source_ended() const noexcept { return impl_->source_ended_; }
std::vector<RemoteParticipant> Call::participants() const { return impl_->room_.participants(); }
CallStatistics Call::statistics() const { return impl_->statistics(); }
std::optional<ReceiveStatistics> Call::stream_statistics(StreamId stream) const {
  return impl_->stream_statistics(stream);
}
void Call::record_playout_map() { impl_->map_enabled_ = true; }
const PlayoutMap& Call::playout_map() const noexcept { return impl_->map_; }

}  // namespace wzp::client
