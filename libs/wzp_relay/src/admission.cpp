// Coming, going, and which connection of an identity counts.
#include <utility>
#include <variant>

#include "relay_impl.hpp"
#include "wzp/crypto/profile_choice.hpp"

namespace wzp::relay {
namespace {

/// What this relay can do beyond the reference protocol, on its hop to a client.
constexpr proto::FeatureSet kRelayFeatures{proto::Feature::kStreamId, proto::Feature::kE2e1,
                                           proto::Feature::kStatus2, proto::Feature::kSendTo};

}  // namespace

void Relay::Impl::on_first_signal(Participant& p, const proto::Signal& signal, Instant now) {
  // A client that brings a token to a relay that wants none is welcome all the same.
  if (std::holds_alternative<proto::AuthToken>(signal)) return;
  if (std::holds_alternative<proto::ChallengeRequest>(signal)) return give_challenge(p, now);
  const auto* offer = std::get_if<proto::CallOffer>(&signal);
  if (offer == nullptr) {
    refuse(p,
           {EndReason::kBadOffer,
            {},
            "the first signal must be a CallOffer",
            counters_.refused_bad_offer},
           now);
    return;
  }
  const auto handshake = crypto::CalleeHandshake::accept(
      identity_, {offer->identity_pub, offer->ephemeral_pub, offer->signature}, rng_);
  if (!handshake) {
    refuse(p,
           {EndReason::kBadOffer, {}, "signature verification failed", counters_.refused_bad_offer},
           now);
    return;
  }
  on_genuine_offer(p, *offer, handshake->answer(), now);
}

void Relay::Impl::on_genuine_offer(Participant& p, const proto::CallOffer& offer,
                                   const crypto::HandshakeAnswer& keys, Instant now) {
  p.fingerprint = crypto::Fingerprint::of(crypto::IdentityKey{offer.identity_pub});
  p.features = proto::FeatureSet::from_names(offer.features);
  p.feature_names = offer.features;
  p.hello = offer.hello;
  const BindingCheck binding = check_binding(p, offer, now);
  p.bound = binding == BindingCheck::kGenuine;
  if (seen_today_.add(p.fingerprint)) ++counters_.unique_identities;
  if (binding == BindingCheck::kForged) {
    refuse(p,
           {EndReason::kBadBinding, "binding-invalid", "the offer was made for another connection",
            counters_.refused_bad_binding},
           now);
  } else if (config_.require_binding && !p.bound) {
    refuse(p,
           {EndReason::kBadBinding, "binding-required",
            "this relay wants offers bound to their connection", counters_.refused_bad_binding},
           now);
  } else if (!is_allowed(p)) {
    refuse(p,
           {EndReason::kNotAuthorized, "room-denied", "not authorized for this room",
            counters_.refused_not_authorized},
           now);
  } else if (admitted_ >= config_.max_participants) {
    refuse(p,
           {EndReason::kRelayFull, "sessions-full", "the relay is full", counters_.refused_limit},
           now);
  } else if (!has_place(p)) {
    refuse(p, {EndReason::kRoomFull, "room-full", "the room is full", counters_.refused_limit},
           now);
  } else {
    admit(p, offer, keys, now);
  }
}

bool Relay::Impl::is_allowed(const Participant& p) const {
  const auto listed = config_.acl.find(p.room_name);
  return listed == config_.acl.end() || listed->second.count(p.fingerprint) != 0;
}

/// Whoever takes over from a member of the room takes its place too.
bool Relay::Impl::has_place(const Participant& p) const {
  const auto room = rooms_.find(p.room_name);
  if (room == rooms_.end()) return config_.max_room_size > 0;
  const Participant* same = identities_.active(p.fingerprint);
  return room->second.size() < config_.max_room_size ||
         (same != nullptr && same->room == &room->second);
}

void Relay::Impl::admit(Participant& p, const proto::CallOffer& offer,
                        const crypto::HandshakeAnswer& keys, Instant now) {
  proto::CallAnswer answer;
  answer.identity_pub = keys.identity_pub;
  answer.ephemeral_pub = keys.ephemeral_pub;
  answer.signature = keys.signature;
  answer.chosen_profile = crypto::choose_profile(offer.supported_profiles);
  // Reference clients list no features and are answered exactly as their own relay would.
  if (p.is_capable()) answer.features = (kRelayFeatures & p.features).to_names();
  answer.binding = answer_binding(p, offer, keys);
  send(p, answer, now);
  p.admitted = true;
  ++admitted_;
  ++counters_.joined;
  if (p.is_capable()) {
    p.keep_alive.start(now, rng_);
    keep_alives_.push({p.connection, p.keep_alive.next_deadline()});
  }
  act_on(identities_.add(p, now), now);
  if (!p.parked) enter_room(p, now);
  if (!p.end_reason) observer_->on_joined(p.info(), p.room != nullptr ? p.room->size() : 0);
}

void Relay::Impl::refuse(Participant& p, const Refusal& refusal, Instant now) {
  ++refusal.counter;
  observer_->on_refused(p.link->remote(), refusal.why);
  if (!refusal.code.empty() && p.is_capable()) {
    send(p, proto::ErrorNotice{std::string(refusal.code), std::string(refusal.why)}, now);
  }
  p.end_reason = refusal.reason;
  p.link->close(refusal.why, now);
}

void Relay::Impl::refuse_late_offers(Instant now) {
  while (!waiting_.empty() && waiting_.front().deadline <= now) {
    Participant* p = find(waiting_.front().connection);
    waiting_.pop_front();
    if (p == nullptr || p->admitted) continue;
    refuse(*p,
           {EndReason::kAdmissionTimeout, {}, "no CallOffer in time", counters_.refused_timeout},
           now);
  }
}

void Relay::Impl::enter_room(Participant& p, Instant now) {
  Room& room = rooms_.try_emplace(p.room_name, p.room_name).first->second;
  room.add(p);
  for (Participant* member : room.members()) {
    if (!member->knows_streams()) continue;
    send(*member, member == &p ? room.full_update(p) : room.joined_update(*member, p), now);
  }
}

void Relay::Impl::leave_room(Participant& p, Instant now) {
  Room& room = *p.room;
  room.remove(p);
  for (Participant* member : room.members()) {
    if (member->knows_streams()) send(*member, room.left_update(*member, p.stream), now);
  }
  if (room.size() == 0) rooms_.erase(rooms_.find(p.room_name));
}

void Relay::Impl::act_on(const IdentityTable::Change& change, Instant now) {
  if (change.limited) ++counters_.takeovers_limited;
  if (Participant* p = change.parked) {
    ++counters_.parked;
    if (p->room != nullptr) leave_room(*p, now);
    tell_status(*p, proto::StatusKind::kSameIdentityConnected, now);
    observer_->on_parked(p->info());
  }
  if (Participant* p = change.promoted) {
    ++counters_.promoted;
    tell_status(*p, proto::StatusKind::kHealthy, now);
    observer_->on_promoted(p->info());
    if (has_place(*p)) {
      enter_room(*p, now);
    } else {
      disconnect(*p, EndReason::kRoomFull, "the room is full", now);
    }
  }
  if (change.evicted != nullptr) {
    disconnect(*change.evicted, EndReason::kIdentityLimit, "too many connections of one identity",
               now);
  }
}

/// In the form of its protocol version; a reference client reads neither.
void Relay::Impl::tell_status(Participant& p, proto::StatusKind kind, Instant now) {
  const proto::Status status{kind, {}};
  if (p.features.contains(proto::Feature::kStatus2)) {
    send(p, status, now);
  } else if (p.is_capable()) {
    send(p, proto::Health{proto::status_text(status)}, now);
  }
}

void Relay::Impl::disconnect(Participant& p, EndReason reason, std::string_view why, Instant now) {
  p.end_reason = reason;
  p.link->close(why, now);
  leave(p, why, now);
}

void Relay::Impl::leave(Participant& p, std::string_view why, Instant now) {
  if (!std::exchange(p.admitted, false)) return;
  --admitted_;
  ++counters_.left;
  if (p.room != nullptr) leave_room(p, now);
  const auto room = rooms_.find(p.room_name);
  observer_->on_left(p.info(), why, room == rooms_.end() ? 0 : room->second.size());
  act_on(identities_.remove(p), now);
  Participant* heir = identities_.active(p.fingerprint);
  if (heir == nullptr) {
    tell_gone(p, now);
  } else {
    for (const crypto::Fingerprint& who : p.correspondents) heir->note_correspondent(who);
  }
}

void Relay::Impl::tell_gone(const Participant& p, Instant now) {
  for (const crypto::Fingerprint& fingerprint : p.correspondents) {
    Participant* other = correspondent(fingerprint);
    if (other == nullptr) continue;
    std::erase(other->correspondents, p.fingerprint);
    if (send(*other, proto::EndpointGone{p.fingerprint.to_text()}, now)) {
      ++counters_.endpoint_gone_sent;
    }
  }
}

}  // namespace wzp::relay
