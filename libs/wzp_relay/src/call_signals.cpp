// Signals of participants during a call.
#include <array>
#include <variant>

#include "relay_impl.hpp"
#include "wzp/proto/datagram.hpp"

namespace wzp::relay {
namespace {

constexpr double kPeerSignalBurstPerMember = 8;

template <class... Kinds>
bool is_any_of(const proto::Signal& signal) {
  return (std::holds_alternative<Kinds>(signal) || ...);
}

/// What participants of the reference tell each other in clear, through their relay.
bool is_for_the_room(const proto::Signal& signal) {
  return is_any_of<proto::Hold, proto::Unhold, proto::Mute, proto::Unmute, proto::Transfer,
                   proto::TransferAck, proto::QualityUpdate, proto::IceCandidate, proto::Rekey>(
      signal);
}

}  // namespace

void Relay::Impl::on_signal(Participant& from, const proto::Signal& signal, std::string_view text,
                            Instant now) {
  if (const auto* ping = std::get_if<proto::Ping>(&signal)) {
    on_ping(from, *ping, now);
  } else if (const auto* pong = std::get_if<proto::Pong>(&signal)) {
    from.keep_alive.handle_pong(pong->timestamp_ms);
  } else if (std::holds_alternative<proto::Hangup>(signal)) {
    leave(from, "hung up", now);
    disconnect(from, EndReason::kHungUp, transport::kNormalCloseReason, now);
  } else if (std::holds_alternative<proto::RoomQuery>(signal)) {
    on_room_query(from, now);
  } else if (const auto* peer_signal = std::get_if<proto::PeerSignal>(&signal)) {
    on_peer_signal(from, *peer_signal, now);
  } else if (const auto* send_to = std::get_if<proto::SendTo>(&signal)) {
    on_send_to(from, *send_to, now);
  } else if (const auto* preferred = std::get_if<proto::Preferred>(&signal)) {
    act_on(identities_.set_preferred(from, preferred->preferred, now), now);
  } else if (is_for_the_room(signal)) {
    pass_to_room(from, text, now);
  } else if (std::holds_alternative<proto::UnknownSignal>(signal)) {
    ++counters_.signals_unknown;
    complain(from, "an unknown signal", now);
  } else {
    ++counters_.signals_ignored;
  }
}

void Relay::Impl::on_ping(Participant& from, const proto::Ping& ping, Instant now) {
  if (!from.limits.pings.take(now)) {
    ++counters_.signals_limited;
  } else if (send(from, proto::Pong{ping.timestamp_ms}, now)) {
    ++counters_.pings_answered;
  }
}

void Relay::Impl::on_room_query(Participant& from, Instant now) {
  if (!from.knows_streams() || from.room == nullptr) {
    ++counters_.signals_ignored;
  } else if (!from.limits.room_queries.take(now)) {
    ++counters_.signals_limited;
  } else {
    send(from, from.room->full_update(from), now);
  }
}

/// The same bytes to everybody who reads signals; reference clients never do.
void Relay::Impl::pass_to_room(Participant& from, std::string_view text, Instant now) {
  if (!from.limits.room_signals.take(now)) {
    ++counters_.signals_limited;
    return;
  }
  std::size_t receivers = 0;
  if (from.room != nullptr) {
    for (Participant* to : from.room->members()) {
      if (to == &from || !to->is_capable()) continue;
      ++receivers;
      if (send_text(*to, text, now)) ++counters_.signals_forwarded;
    }
  }
  if (receivers == 0) ++counters_.signals_ignored;
}

bool Relay::Impl::take_peer_signal(Participant& from, Instant now) {
  const double members = from.room != nullptr ? static_cast<double>(from.room->size()) : 0;
  from.limits.peer_signals.set_burst(config_.peer_signals.burst +
                                     kPeerSignalBurstPerMember * members);
  if (from.limits.peer_signals.take(now)) return true;
  ++counters_.signals_limited;
  return false;
}

void Relay::Impl::on_peer_signal(Participant& from, const proto::PeerSignal& signal, Instant now) {
  if (!take_peer_signal(from, now)) return;
  Participant* to = from.room != nullptr ? from.room->find(signal.to) : nullptr;
  if (to == nullptr || to == &from || !to->knows_streams()) {
    ++counters_.undeliverable;
  } else if (send(*to, proto::PeerSignal{to->stream, from.stream, signal.body}, now)) {
    ++counters_.peer_signals_forwarded;
  }
}

// -- Addressed by fingerprint --------------------------------------------------------------------

Participant* Relay::Impl::correspondent(const crypto::Fingerprint& identity) {
  Participant* p = identities_.active(identity);
  return p != nullptr && p->features.contains(proto::Feature::kSendTo) ? p : nullptr;
}

void Relay::Impl::note_exchange(Participant& a, Participant& b) {
  a.note_correspondent(b.fingerprint);
  b.note_correspondent(a.fingerprint);
}

void Relay::Impl::on_send_to(Participant& from, const proto::SendTo& signal, Instant now) {
  if (!from.features.contains(proto::Feature::kSendTo)) {
    ++counters_.signals_ignored;
    return;
  }
  if (!take_peer_signal(from, now)) return;
  const auto receiver = crypto::Fingerprint::parse(signal.fingerprint);
  Participant* to = receiver ? correspondent(*receiver) : nullptr;
  if (to == nullptr) {
    ++counters_.undeliverable;
    return;
  }
  note_exchange(from, *to);
  if (send(*to, proto::SendTo{from.fingerprint.to_text(), signal.body}, now)) {
    ++counters_.send_to_forwarded;
  }
}

void Relay::Impl::on_send_to_datagram(Participant& from, ByteView datagram, Instant now) {
  const auto message = proto::parse_send_to(datagram);
  if (!message || message->body.size() > proto::kMaxPeerBodyBytes) {
    ++counters_.media_malformed;
    complain(from, "a datagram to nobody", now);
    return;
  }
  Participant* to = correspondent(crypto::Fingerprint{message->fingerprint});
  if (to == nullptr) {
    ++counters_.undeliverable;
    return;
  }
  note_exchange(from, *to);
  std::array<std::byte, proto::SendToDatagram::kOverhead + proto::kMaxPeerBodyBytes> room;
  const auto size = proto::write_send_to({from.fingerprint.bytes, message->body}, room);
  const auto frame =
      size ? endpoint_.make_frame(ByteView(room).first(*size)) : transport::FrameRef{};
  if (frame && to->link->send_frame({}, frame, Duration{0}, now)) {
    ++counters_.send_to_forwarded;
  } else {
    ++counters_.media_not_sent;
  }
}

}  // namespace wzp::relay
