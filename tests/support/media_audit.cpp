#include "media_audit.hpp"

#include <algorithm>

namespace wzp::test {

void MediaAudit::Probe::on_sealed(const crypto::e2e::MediaPacket& packet, Instant now) {
  ++sealed;
  const Instance instance = call_->security()->instance();
  const Number number{instance, packet.at.generation, packet.at.step, packet.counter};
  if (!audit_.sealed_.emplace(number, now).second) {
    audit_.violations.emplace_back("a key and number sealed twice");
  }
}

const crypto::e2e::Participant* MediaAudit::Probe::listed(StreamId stream) {
  room_ = call_->security()->participants();
  const auto found =
      std::find_if(room_.begin(), room_.end(), [&](const auto& p) { return p.stream == stream; });
  return found == room_.end() ? nullptr : &*found;
}

void MediaAudit::Probe::on_opened(StreamId from, const crypto::e2e::MediaPacket& packet,
                                  Instant now) {
  ++opened;
  const auto* const sender = listed(from);
  if (sender == nullptr) {
    audit_.violations.emplace_back("opened from a stream nobody is listed under");
    return;
  }
  const auto found = audit_.sealed_.find(
      Number{sender->instance, packet.at.generation, packet.at.step, packet.counter});
  if (found == audit_.sealed_.end()) {
    audit_.violations.emplace_back("opened under an identity that did not seal it");
    return;
  }
  if (audit_.on_opened) audit_.on_opened(*this, sender->identity, found->second, now);
}

void MediaAudit::Probe::on_refused(StreamId from, crypto::e2e::MediaError why, Instant now) {
  ++refused;
  if (!audit_.on_refused) return;
  const auto* const sender = listed(from);
  audit_.on_refused(*this, sender == nullptr ? Identity{} : sender->identity, why, now);
}

void MediaAudit::forget_before(Instant when) {
  for (auto entry = sealed_.begin(); entry != sealed_.end();) {
    entry = entry->second < when ? sealed_.erase(entry) : std::next(entry);
  }
}

}  // namespace wzp::test
