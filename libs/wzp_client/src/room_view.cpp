#include "room_view.hpp"

#include <algorithm>

namespace wzp::client {
namespace {

RemoteParticipant described(const proto::RoomParticipant& p) {
  RemoteParticipant out;
  out.stream = p.stream;
  out.fingerprint = p.fingerprint;
  out.is_legacy = p.hello.empty();
  return out;
}

bool same(const RemoteParticipant& a, const RemoteParticipant& b) {
  return a.stream == b.stream && a.fingerprint == b.fingerprint && a.is_legacy == b.is_legacy;
}

}  // namespace

RoomView::Changes RoomView::apply(const proto::RoomUpdate& update) {
  Changes changes;
  if (known_ && update.rev <= revision_) return changes;
  const bool full = update.base == 0;
  if (!full && (!known_ || update.base != revision_)) {
    changes.needs_query = true;
    return changes;
  }
  known_ = true;
  revision_ = update.rev;
  you_ = update.you;
  if (full) {
    std::vector<StreamId> gone;
    for (const auto& [stream, who] : others_) {
      const bool stays = std::any_of(update.participants.begin(), update.participants.end(),
                                     [s = stream](const auto& p) { return p.stream == s; });
      if (!stays) gone.push_back(stream);
    }
    for (const StreamId stream : gone) remove(stream, changes);
  }
  for (const StreamId stream : update.left) remove(stream, changes);
  for (const proto::RoomParticipant& p : update.participants) put(p, changes);
  return changes;
}

void RoomView::put(const proto::RoomParticipant& p, Changes& changes) {
  if (p.stream == you_) return;
  const RemoteParticipant now = described(p);
  const auto found = others_.find(p.stream);
  if (found != others_.end()) {
    if (same(found->second, now)) return;
    remove(p.stream, changes);
  }
  others_.emplace(p.stream, now);
  changes.joined.push_back(now);
}

void RoomView::remove(StreamId stream, Changes& changes) {
  const auto found = others_.find(stream);
  if (found == others_.end()) return;
  changes.left.push_back(found->second);
  others_.erase(found);
}

std::string RoomView::fingerprint_of(StreamId stream) const {
  const auto found = others_.find(stream);
  return found == others_.end() ? std::string() : found->second.fingerprint;
}

std::vector<RemoteParticipant> RoomView::participants() const {
  std::vector<RemoteParticipant> out;
  for (const auto& [stream, who] : others_) out.push_back(who);
  return out;
}

}  // namespace wzp::client
