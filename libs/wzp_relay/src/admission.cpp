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

void Relay::Impl::begin_stage(Participant& p, Participant::Stage stage, Instant now) {
  const bool is_check = stage == Participant::Stage::kVerdict;
  p.stage = stage;
  p.stage_began = now;
  p.stage_deadline = now + (is_check ? config_.token_check_timeout : config_.admission_timeout);
  waiting_.push({p.connection, p.stage_deadline});
  if (stage == Participant::Stage::kToken) observer_->on_waiting_for_token(p.link->remote());
}

void Relay::Impl::on_first_signal(Participant& p, const proto::Signal& signal, Instant now) {
  if (p.stage != Participant::Stage::kOffer) {
    on_signal_before_verdict(p, signal, now);
    return;
  }
  // A client that brings a token to a relay that wants none is welcome all the same.
  if (std::holds_alternative<proto::AuthToken>(signal)) return;
  if (std::holds_alternative<proto::ChallengeRequest>(signal)) return give_challenge(p, now);
  if (const auto* offer = std::get_if<proto::CallOffer>(&signal)) {
    on_offer(p, *offer, now);
  } else {
    refuse(p,
           {EndReason::kBadOffer,
            {},
            "the first signal must be a CallOffer",
            counters_.refused_bad_offer},
           now);
  }
}

/// A token, then an offer that may come before the verdict about it. Nothing else.
void Relay::Impl::on_signal_before_verdict(Participant& p, const proto::Signal& signal,
                                           Instant now) {
  const auto* token = std::get_if<proto::AuthToken>(&signal);
  const auto* offer = std::get_if<proto::CallOffer>(&signal);
  if (p.stage == Participant::Stage::kToken && token != nullptr) {
    token_checks_.push_back({p.connection, token->token});
    begin_stage(p, Participant::Stage::kVerdict, now);
    return;
  }
  if (offer != nullptr) p.feature_names = offer->features;
  if (p.stage == Participant::Stage::kVerdict && offer != nullptr && !p.early_offer) {
    p.early_offer = *offer;
    return;
  }
  refuse(p,
         {EndReason::kAuthFailed, "auth-required", "the first signal must be an AuthToken",
          counters_.refused_auth},
         now);
}

std::optional<TokenCheck> Relay::Impl::poll_token_check() {
  if (token_checks_.empty()) return std::nullopt;
  TokenCheck next = std::move(token_checks_.front());
  token_checks_.pop_front();
  return next;
}

void Relay::Impl::handle_token_verdict(const TokenCheck& check, const TokenVerdict& verdict,
                                       Instant now) {
  const bool accepted = verdict.kind == TokenVerdict::Kind::kAccepted;
  ++(accepted ? counters_.auth_ok : counters_.auth_failed);
  Participant* p = find(check.who);
  if (p == nullptr || p->admitted || p->stage != Participant::Stage::kVerdict) return;
  if (!accepted) {
    const bool rejected = verdict.kind == TokenVerdict::Kind::kRejected;
    refuse(*p,
           {rejected ? EndReason::kAuthFailed : EndReason::kAuthUnavailable, "auth-failed",
            verdict.why, counters_.refused_auth},
           now);
    return;
  }
  p->token_owner = verdict.fingerprint;
  p->alias = verdict.alias;
  observer_->on_authenticated(p->link->remote(), verdict.fingerprint, verdict.alias.value_or(""));
  begin_stage(*p, Participant::Stage::kOffer, now);
  if (const auto offer = std::exchange(p->early_offer, std::nullopt)) on_offer(*p, *offer, now);
}

void Relay::Impl::on_offer(Participant& p, const proto::CallOffer& offer, Instant now) {
  const auto handshake = crypto::CalleeHandshake::accept(
      identity_, {offer.identity_pub, offer.ephemeral_pub, offer.signature}, rng_);
  if (!handshake) {
    refuse(p,
           {EndReason::kBadOffer, {}, "signature verification failed", counters_.refused_bad_offer},
           now);
    return;
  }
  on_genuine_offer(p, offer, handshake->answer(), now);
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
  if (const auto refusal = reason_to_refuse(p, binding)) {
    refuse(p, *refusal, now);
  } else {
    admit(p, offer, keys, now);
  }
}

std::optional<Relay::Impl::Refusal> Relay::Impl::reason_to_refuse(const Participant& p,
                                                                  BindingCheck binding) {
  auto& c = counters_;
  if (draining_) {
    return Refusal{EndReason::kDraining, {}, "relay is shutting down", c.refused_draining};
  }
  if (p.token_owner && *p.token_owner != p.fingerprint) {
    return Refusal{EndReason::kAuthFailed, "auth-failed", "the token belongs to another identity",
                   c.refused_auth};
  }
  if (binding == BindingCheck::kForged) {
    return Refusal{EndReason::kBadBinding, "binding-invalid",
                   "the offer was made for another connection", c.refused_bad_binding};
  }
  // Nobody but the relay itself speaks for a guest.
  if (config_.require_binding && !p.bound && !p.is_guest) {
    return Refusal{EndReason::kBadBinding, "binding-required",
                   "this relay wants offers bound to their connection", c.refused_bad_binding};
  }
  if (!is_allowed(p)) {
    return Refusal{EndReason::kNotAuthorized, "room-denied", "not authorized for this room",
                   c.refused_not_authorized};
  }
  if (!is_encrypted_enough(p)) {
    return Refusal{EndReason::kE2eRequired, "e2e-required",
                   "this room requires end-to-end encryption", c.refused_e2e_required};
  }
  if (admitted_ >= config_.max_participants) {
    return Refusal{EndReason::kRelayFull, "sessions-full", "the relay is full", c.refused_limit};
  }
  if (!has_place(p)) {
    return Refusal{EndReason::kRoomFull, "room-full", "the room is full", c.refused_limit};
  }
  return std::nullopt;
}

bool Relay::Impl::is_encrypted_enough(const Participant& p) const {
  const bool required = config_.require_e2e || config_.e2e_rooms.count(p.room_name) != 0;
  return !required || (p.can_seal() && !p.hello.empty());
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
  const Duration elapsed = now - p.stage_began;
  counters_.handshake_seconds.observe(std::chrono::duration<double>(elapsed).count());
  observer_->on_handshake(p.link->remote(), elapsed);
  if (p.is_capable()) {
    p.keep_alive.start(now, rng_);
    keep_alives_.push({p.connection, p.keep_alive.next_deadline()});
  }
  take_in(p, now);
}

void Relay::Impl::take_in(Participant& p, Instant now) {
  p.admitted = true;
  ++admitted_;
  ++counters_.joined;
  crypto::Fingerprint random;
  rng_.fill(random.bytes);
  p.session_id = random.to_plain_text();
  act_on(identities_.add(p, now), now);
  if (!p.parked) enter_room(p, now);
  if (!p.end_reason) observer_->on_joined(p.info(), p.room != nullptr ? p.room->size() : 0);
}

void Relay::Impl::refuse(Participant& p, const Refusal& refusal, Instant now) {
  ++refusal.counter;
  observer_->on_refused(p.link->remote(), refusal.reason, refusal.why);
  if (!refusal.code.empty() && p.is_capable()) {
    send(p, proto::ErrorNotice{std::string(refusal.code), std::string(refusal.why)}, now);
  }
  p.end_reason = refusal.reason;
  p.link->close(refusal.why, now);
}

void Relay::Impl::refuse_late(Instant now) {
  constexpr std::string_view kMissing[] = {
      "no AuthToken in time", "no verdict on the token in time", "no CallOffer in time"};
  while (!waiting_.empty() && waiting_.top().deadline <= now) {
    Participant* p = find(waiting_.top().connection);
    waiting_.pop();
    if (p == nullptr || p->admitted || p->stage_deadline > now) continue;
    const bool is_check = p->stage == Participant::Stage::kVerdict;
    refuse(*p,
           {is_check ? EndReason::kAuthUnavailable : EndReason::kAdmissionTimeout, "timeout",
            kMissing[static_cast<std::size_t>(p->stage)], counters_.refused_timeout},
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
  if (room.size() != 0) return;
  rooms_.erase(rooms_.find(p.room_name));
  observer_->on_room_closed(p.room_name);
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
