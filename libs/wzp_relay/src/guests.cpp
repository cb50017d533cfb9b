// Participants that are not on QUIC.
#include <utility>

#include "guest_link.hpp"
#include "relay_impl.hpp"

namespace wzp::relay {

Guest::~Guest() = default;

Expected<GuestAdmission, GuestRefusal> Relay::Impl::add_guest(Guest& guest,
                                                              const GuestRequest& request,
                                                              Instant now) {
  auto participant = std::make_unique<Participant>(config_);
  Participant& p = *participant;
  p.link = std::make_unique<GuestLink>(guest, request.remote);
  p.is_guest = true;
  p.room_name = request.room;
  p.fingerprint = request.fingerprint;
  p.alias = request.alias;
  p.feature_names = {std::string(proto::name(proto::Feature::kStreamId)),
                     std::string(kPcmGatewayFeature)};
  p.features = proto::FeatureSet::from_names(p.feature_names);
  ++counters_.accepts;
  if (auto refusal = reason_to_refuse(p, BindingCheck::kNone)) {
    ++refusal->counter;
    ++counters_.disconnects;
    ++counters_.ended[static_cast<std::size_t>(refusal->reason)];
    observer_->on_refused(request.remote, refusal->reason, refusal->why);
    return Unexpected(GuestRefusal{std::string(refusal->code), std::string(refusal->why)});
  }
  if (seen_today_.add(p.fingerprint)) ++counters_.unique_identities;
  const GuestId id{++last_guest_};
  guests_.emplace(id, std::move(participant));
  take_in(p, now);
  return GuestAdmission{id, p.session_id};
}

void Relay::Impl::handle_guest_media(GuestId id, ByteView packet, Instant now) {
  const auto found = guests_.find(id);
  if (found == guests_.end() || found->second->end_reason) return;
  Participant& from = *found->second;
  ++counters_.media_in;
  ++from.packets_received;
  if (from.room == nullptr) {
    ++counters_.media_parked;
    return;
  }
  const transport::FrameRef frame = endpoint_.make_frame(packet);
  if (!frame) {
    ++counters_.media_not_sent;
    return;
  }
  forward(from, {{}, frame.bytes(), frame}, now);
}

void Relay::Impl::remove_guest(GuestId id, EndReason reason, std::string_view why, Instant now) {
  const auto found = guests_.find(id);
  if (found == guests_.end()) return;
  const std::unique_ptr<Participant> p = std::move(found->second);
  guests_.erase(found);
  if (!p->end_reason) p->end_reason = reason;
  ++counters_.disconnects;
  ++counters_.ended[static_cast<std::size_t>(*p->end_reason)];
  leave(*p, why, now);
}

void Relay::Impl::close_guests(std::string_view why) {
  for (const auto& [id, guest] : guests_) {
    if (guest->end_reason) continue;
    guest->end_reason = EndReason::kShutdown;
    guest->link->close(why, {});
  }
}

}  // namespace wzp::relay
