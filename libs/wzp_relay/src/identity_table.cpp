#include "identity_table.hpp"

#include <algorithm>
#include <utility>

namespace wzp::relay {

void IdentityTable::park(Connections& all, Participant& who, Change& change) {
  who.parked = true;
  all.parked.push_back(&who);
  change.parked = &who;
}

void IdentityTable::promote(Connections& all, Participant& who, Change& change) {
  all.parked.erase(std::find(all.parked.begin(), all.parked.end(), &who));
  all.active = &who;
  who.parked = false;
  change.promoted = &who;
}

Participant* IdentityTable::heir(const Connections& all) {
  Participant* best = nullptr;
  for (Participant* p : all.parked) {
    if (best == nullptr || rank(*p) >= rank(*best)) best = p;
  }
  return best;
}

Participant* IdentityTable::first_to_go(const Connections& all) {
  const auto unbound = std::find_if(all.parked.begin(), all.parked.end(),
                                    [](const Participant* p) { return !p->bound; });
  return unbound != all.parked.end() ? *unbound : all.parked.front();
}

IdentityTable::Change IdentityTable::add(Participant& newcomer, Instant now) {
  const auto [found, is_new] = identities_.try_emplace(
      newcomer.fingerprint, Connections{&newcomer, {}, TokenBucket(takeovers_)});
  Change change;
  if (is_new) return change;
  Connections& all = found->second;
  bool takes_over = rank(newcomer) >= rank(*all.active);
  if (takes_over && newcomer.bound == all.active->bound) {
    takes_over = all.takeovers.take(now);
    change.limited = !takes_over;
  }
  if (takes_over) {
    park(all, *std::exchange(all.active, &newcomer), change);
  } else {
    park(all, newcomer, change);
  }
  if (all.parked.size() > max_parked_) change.evicted = first_to_go(all);
  return change;
}

IdentityTable::Change IdentityTable::remove(Participant& leaver) {
  const auto found = identities_.find(leaver.fingerprint);
  if (found == identities_.end()) return {};
  Connections& all = found->second;
  Change change;
  if (all.active != &leaver) {
    all.parked.erase(std::remove(all.parked.begin(), all.parked.end(), &leaver), all.parked.end());
  } else if (Participant* next = heir(all)) {
    promote(all, *next, change);
  } else {
    identities_.erase(found);
  }
  return change;
}

IdentityTable::Change IdentityTable::set_preferred(Participant& who, bool preferred, Instant now) {
  const auto found = identities_.find(who.fingerprint);
  if (found == identities_.end()) return {};
  Connections& all = found->second;
  if (preferred) {
    all.active->preferred = false;
    for (Participant* other : all.parked) other->preferred = false;
  }
  who.preferred = preferred;
  Participant* const next = preferred ? &who : heir(all);
  const bool changes = preferred ? all.active != &who : all.active == &who && next != nullptr;
  Change change;
  if (!changes || (all.active->bound && !next->bound)) return change;
  if (!all.takeovers.take(now)) {
    change.limited = true;
    return change;
  }
  Participant* const before = all.active;
  promote(all, *next, change);
  park(all, *before, change);
  return change;
}

Participant* IdentityTable::active(const crypto::Fingerprint& identity) const {
  const auto found = identities_.find(identity);
  return found == identities_.end() ? nullptr : found->second.active;
}

}  // namespace wzp::relay
