#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "quic_link.hpp"
#include "relay_impl.hpp"
#include "wzp/proto/datagram.hpp"
#include "wzp/proto/media_packet.hpp"

namespace wzp::relay {
namespace {

constexpr std::size_t kEpochOffset = 10;  // media header: 0, or the key epoch of a sealed packet

bool is_sealed(ByteView packet) {
  return (packet[0] & std::byte{0x80}) != std::byte{0} || packet[kEpochOffset] != std::byte{0};
}

bool is_media(const Participant& from, ByteView packet) {
  if (packet.size() < proto::MediaHeader::kSize) return false;
  if (from.can_seal() && is_sealed(packet)) return true;  // nothing a relay could check
  return proto::parse_media_packet(packet).has_value();
}

bool is_send_to(const Participant& from, ByteView packet) {
  return !packet.empty() && packet[0] == proto::kSendToByte &&
         from.features.contains(proto::Feature::kSendTo);
}

EndReason reason_of(transport::CloseCause cause) {
  switch (cause) {
    case transport::CloseCause::kLocal:
      return EndReason::kShutdown;
    case transport::CloseCause::kPeerApplication:
      return EndReason::kPeerClosed;
    case transport::CloseCause::kIdleTimeout:
      return EndReason::kIdleTimeout;
    default:
      return EndReason::kTransportError;
  }
}

std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

RelayObserver::~RelayObserver() = default;
void RelayObserver::on_joined(const ParticipantInfo&, std::size_t) {}
void RelayObserver::on_left(const ParticipantInfo&, std::string_view, std::size_t) {}
void RelayObserver::on_refused(const transport::SocketAddress&, EndReason, std::string_view) {}
void RelayObserver::on_waiting_for_token(const transport::SocketAddress&) {}
void RelayObserver::on_authenticated(const transport::SocketAddress&, const crypto::Fingerprint&,
                                     std::string_view) {}
void RelayObserver::on_handshake(const transport::SocketAddress&, Duration) {}
void RelayObserver::on_room_closed(std::string_view) {}
void RelayObserver::on_bad_input(const transport::SocketAddress&, std::string_view) {}
void RelayObserver::on_parked(const ParticipantInfo&) {}
void RelayObserver::on_promoted(const ParticipantInfo&) {}

Relay::Impl::Impl(transport::Endpoint& endpoint, const crypto::Identity& identity, Rng& rng,
                  const RelayConfig& config, RelayObserver* observer)
    : endpoint_(endpoint),
      identity_(identity),
      rng_(rng),
      config_(config),
      observer_(observer != nullptr ? observer : &quiet_),
      identities_(config_) {}

void Relay::Impl::handle_turn(Instant now) {
  while (auto event = endpoint_.poll_event()) {
    std::visit([&](const auto& e) { on(e, now); }, *event);
  }
  refuse_late(now);
  serve_keep_alives(now);
  if (drain_deadline_ <= now) shut_down(now);
}

Instant Relay::Impl::next_deadline() const {
  Instant next = drain_deadline_;
  if (!waiting_.empty()) next = std::min(next, waiting_.top().deadline);
  if (!keep_alives_.empty()) next = std::min(next, keep_alives_.top().deadline);
  return next;
}

template <class Visit>
void Relay::Impl::for_each_admitted(Visit visit) const {
  for (const auto& p : by_slot_) {
    if (p && p->admitted) visit(*p);
  }
  for (const auto& [id, p] : guests_) {
    if (p->admitted) visit(*p);
  }
}

void Relay::Impl::shut_down(Instant now) {
  drain_deadline_ = kNever;
  close_guests("relay is shutting down");
  endpoint_.close_all(transport::kNormalCloseCode, "relay is shutting down", now);
}

void Relay::Impl::start_drain(Instant now, const DrainConfig& config) {
  if (std::exchange(draining_, true)) return;
  drain_deadline_ = now + config.deadline;
  const proto::Restarting notice{static_cast<std::uint32_t>(config.reconnect_in.count()),
                                 static_cast<std::uint32_t>(config.try_for.count())};
  const std::string text = proto::write_signal(notice);
  for_each_admitted([&](Participant& p) {
    if (p.is_capable()) send_text(p, text, now);
  });
}

void Relay::Impl::reconfigure(const RelayConfig& config) {
  config_ = config;
  identities_.set_limits(config);
}

bool Relay::Impl::is_drained() const noexcept {
  return draining_ && counters_.accepts == counters_.disconnects;
}

std::vector<RoomInfo> Relay::Impl::rooms() const {
  std::vector<RoomInfo> out;
  for (const auto& [name, room] : rooms_) {
    RoomInfo info{name, {}};
    for (const Participant* p : room.members()) info.participants.push_back(p->info());
    out.push_back(std::move(info));
  }
  return out;
}

ParticipantKinds Relay::Impl::participant_kinds() const {
  ParticipantKinds kinds;
  for_each_admitted([&](const Participant& p) {
    ++(p.is_guest ? kinds.gateways : p.hello.empty() ? kinds.clear : kinds.encrypted);
  });
  return kinds;
}

std::vector<SessionQuality> Relay::Impl::session_qualities() const {
  std::vector<SessionQuality> out;
  for_each_admitted([&](const Participant& p) {
    if (p.last_report) out.push_back({p.session_id, *p.last_report});
  });
  return out;
}

// -- Events of the endpoint ----------------------------------------------------------------------

void Relay::Impl::on(const transport::Connected& e, Instant now) {
  auto participant = std::make_unique<Participant>(config_);
  participant->connection = e.connection;
  participant->link = std::make_unique<QuicLink>(endpoint_, e.connection, e.remote);
  participant->room_name = e.server_name;
  if (by_slot_.size() <= e.connection.slot) by_slot_.resize(e.connection.slot + 1);
  Participant& p = *participant;
  by_slot_[e.connection.slot] = std::move(participant);
  ++counters_.accepts;
  begin_stage(p, config_.require_token ? Participant::Stage::kToken : Participant::Stage::kOffer,
              now);
  if (draining_) {
    refuse(p, {EndReason::kDraining, {}, "relay is shutting down", counters_.refused_draining},
           now);
  } else if (e.server_name.starts_with('_')) {
    refuse(p,
           {EndReason::kReservedName, {}, "this name is reserved", counters_.refused_reserved_name},
           now);
  }
}

void Relay::Impl::on(const transport::DatagramReceived& e, Instant now) {
  Participant* from = find(e.connection);
  if (from == nullptr) return;
  ++counters_.media_in;
  ++from->packets_received;
  from->keep_alive.handle_frame(now);
  if (!may_send(*from, e.bytes.size(), now)) {
    ++counters_.media_limited;
  } else if (!from->admitted) {
    ++counters_.media_before_join;
  } else if (is_send_to(*from, e.bytes)) {
    on_send_to_datagram(*from, e.bytes, now);
  } else if (!is_media(*from, e.bytes)) {
    ++counters_.media_malformed;
    complain(*from, "a datagram that is no media packet", now);
  } else if (from->room == nullptr) {
    ++counters_.media_parked;
  } else {
    note_report(*from, e.bytes);
    forward(*from, e, now);
  }
}

/// The trailer of a packet in the reference's layout, sealed or not.
void Relay::Impl::note_report(Participant& from, ByteView packet) {
  constexpr auto kFirstBitAndQ = std::byte{0x82};
  constexpr auto kQ = std::byte{0x02};
  if ((packet[0] & kFirstBitAndQ) != kQ) return;
  if (packet.size() < proto::MediaHeader::kSize + proto::QualityReport::kSize) return;
  const auto report = proto::parse_quality_report(packet.last(proto::QualityReport::kSize));
  if (report) from.last_report = *report;
}

bool Relay::Impl::may_send(Participant& from, std::size_t bytes, Instant now) {
  return from.limits.packets.take(now) && from.limits.bytes.take(now, static_cast<double>(bytes));
}

void Relay::Impl::on(const transport::MessageReceived& e, Instant now) {
  Participant* from = find(e.connection);
  if (from == nullptr) return;
  ++counters_.signals_in;
  from->keep_alive.handle_frame(now);
  if (!from->limits.signals.take(now)) {
    ++counters_.signals_limited;
    return;
  }
  std::string detail;
  const auto signal = proto::parse_signal(e.bytes, &detail);
  if (!signal) {
    ++counters_.signals_malformed;
    complain(*from, "a signal that does not parse: " + detail, now);
    if (from->admitted) return;
    refuse(*from, {EndReason::kBadOffer, {}, "unreadable offer", counters_.refused_bad_offer}, now);
  } else if (from->admitted) {
    on_signal(*from, *signal, text_of(e.bytes), now);
  } else {
    on_first_signal(*from, *signal, now);
  }
}

void Relay::Impl::on(const transport::ConnectionClosed& e, Instant now) {
  if (e.connection.slot >= by_slot_.size()) return;
  std::unique_ptr<Participant>& who = by_slot_[e.connection.slot];
  if (!who || who->connection != e.connection) return;
  const EndReason reason = who->end_reason.value_or(reason_of(e.cause));
  who->end_reason = reason;
  ++counters_.disconnects;
  ++counters_.ended[static_cast<std::size_t>(reason)];
  leave(*who, e.reason.empty() ? transport::name(e.cause) : std::string_view(e.reason), now);
  who.reset();
}

void Relay::Impl::serve_keep_alives(Instant now) {
  while (!keep_alives_.empty() && keep_alives_.top().deadline <= now) {
    const transport::ConnectionHandle connection = keep_alives_.top().connection;
    keep_alives_.pop();
    Participant* p = find(connection);
    if (p == nullptr) continue;
    switch (p->keep_alive.poll(now, rng_)) {
      case PingTracker::Action::kNone:
        break;
      case PingTracker::Action::kSendPing:
        ++counters_.pings_sent;
        send(*p, proto::Ping{p->keep_alive.ping_data()}, now);
        break;
      case PingTracker::Action::kGiveUp:
        ++counters_.pong_timeouts;
        disconnect(*p, EndReason::kPongTimeout, "no pong in time", now);
        continue;
    }
    keep_alives_.push({connection, p->keep_alive.next_deadline()});
  }
}

// -- Media ---------------------------------------------------------------------------------------

/// One copy of the packet for all receivers that know streams, none for the others. Of a sender
/// that seals, receivers that open get what is sealed, and the others what is not.
void Relay::Impl::forward(const Participant& from, const transport::DatagramReceived& packet,
                          Instant now) {
  const bool sealed = is_sealed(packet.bytes);
  const bool busy = from.room->note_packet(now, config_.busy_packets_per_second);
  const Duration may_wait = busy ? Duration(config_.coalesce) : Duration{0};
  transport::FrameRef trunk;
  for (Participant* to : from.room->members()) {
    if (to == &from) continue;
    if (from.can_seal() && to->can_seal() != sealed) {
      ++(sealed ? counters_.media_sealed_withheld : counters_.media_clear_withheld);
    } else if (to->knows_streams()) {
      if (!trunk) trunk = trunk_of(from.stream, packet.bytes);
      deliver(from, *to, trunk, may_wait, now);
    } else {
      deliver(from, *to, packet.frame, may_wait, now);
    }
  }
}

transport::FrameRef Relay::Impl::trunk_of(StreamId stream, ByteView packet) {
  std::array<std::byte, transport::FramePool::kMaxFrame> room;
  proto::TrunkDatagramWriter trunk(room);
  if (!trunk.add(stream, packet)) return {};
  return endpoint_.make_frame(trunk.bytes());
}

void Relay::Impl::deliver(const Participant& from, Participant& to,
                          const transport::FrameRef& frame, Duration may_wait, Instant now) {
  if (frame && to.link->send_frame(from.stream, frame, may_wait, now)) {
    ++counters_.media_forwarded;
    counters_.media_bytes_forwarded += frame.size();
  } else {
    ++counters_.media_not_sent;
  }
}

// -- Bookkeeping ---------------------------------------------------------------------------------

Participant* Relay::Impl::find(transport::ConnectionHandle connection) {
  if (connection.slot >= by_slot_.size()) return nullptr;
  Participant* p = by_slot_[connection.slot].get();
  return p != nullptr && p->connection == connection && !p->end_reason ? p : nullptr;
}

void Relay::Impl::complain(Participant& p, std::string_view what, Instant now) {
  if (p.has_complained && now - p.last_complaint < std::chrono::seconds(1)) return;
  p.has_complained = true;
  p.last_complaint = now;
  observer_->on_bad_input(p.link->remote(), what);
}

bool Relay::Impl::send_text(Participant& to, std::string_view text, Instant now) {
  if (to.link->send_signal_text(text, now)) return true;
  ++counters_.signals_not_sent;
  return false;
}

bool Relay::Impl::send(Participant& to, const proto::Signal& signal, Instant now) {
  return send_text(to, proto::write_signal(signal), now);
}

Relay::Relay(transport::Endpoint& endpoint, const crypto::Identity& identity, Rng& rng,
             const RelayConfig& config, RelayObserver* observer)
    : impl_(std::make_unique<Impl>(endpoint, identity, rng, config, observer)) {}
Relay::~Relay() = default;
Relay::Relay(Relay&&) noexcept = default;
Relay& Relay::operator=(Relay&&) noexcept = default;

void Relay::handle_turn(Instant now) { impl_->handle_turn(now); }
Instant Relay::next_deadline() const { return impl_->next_deadline(); }
void Relay::shut_down(Instant now) { impl_->shut_down(now); }
void Relay::start_drain(Instant now, const DrainConfig& config) { impl_->start_drain(now, config); }
bool Relay::is_draining() const noexcept { return impl_->is_draining(); }
bool Relay::is_drained() const noexcept { return impl_->is_drained(); }
void Relay::set_utc_day(std::uint32_t day) { impl_->set_utc_day(day); }
std::size_t Relay::unique_identities_today() const noexcept {
  return impl_->unique_identities_today();
}
const RelayCounters& Relay::counters() const noexcept { return impl_->counters(); }
std::size_t Relay::participant_count() const noexcept { return impl_->participant_count(); }
std::vector<RoomInfo> Relay::rooms() const { return impl_->rooms(); }
std::size_t Relay::room_count() const noexcept { return impl_->room_count(); }
ParticipantKinds Relay::participant_kinds() const { return impl_->participant_kinds(); }
std::vector<SessionQuality> Relay::session_qualities() const { return impl_->session_qualities(); }
std::optional<TokenCheck> Relay::poll_token_check() { return impl_->poll_token_check(); }
void Relay::handle_token_verdict(const TokenCheck& check, const TokenVerdict& verdict,
                                 Instant now) {
  impl_->handle_token_verdict(check, verdict, now);
}
Expected<GuestAdmission, GuestRefusal> Relay::add_guest(Guest& guest, const GuestRequest& request,
                                                        Instant now) {
  return impl_->add_guest(guest, request, now);
}
void Relay::handle_guest_media(GuestId guest, ByteView packet, Instant now) {
  impl_->handle_guest_media(guest, packet, now);
}
void Relay::remove_guest(GuestId guest, EndReason reason, std::string_view why, Instant now) {
  impl_->remove_guest(guest, reason, why, now);
}
void Relay::reconfigure(const RelayConfig& config) { impl_->reconfigure(config); }

}  // namespace wzp::relay
