#include "room_watch.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace wzp::test {
namespace {

using std::chrono::milliseconds;

// Longer without a packet that opens is an outage: at 5 % loss ten frames in a row are not lost.
constexpr milliseconds kSilence{200};
// If something was refused in between, it takes less.
constexpr milliseconds kRefusedSilence{60};
constexpr milliseconds kMostExposure{2500};

double in_ms(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

}  // namespace

double RoomWatch::Distribution::quantile(double share) const {
  if (milliseconds.empty()) return 0;
  auto sorted = milliseconds;
  std::sort(sorted.begin(), sorted.end());
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(std::floor(share * last))];
}

RoomWatch::RoomWatch() {
  audit_.on_opened = [this](const auto& listener, const auto& sender, Instant sealed_at,
                            Instant now) {
    on_opened(number_of(listener.identity()), number_of(sender), sealed_at, now);
  };
  audit_.on_refused = [this](const auto& listener, const auto& sender, auto why, Instant) {
    // Replays are the relay's doing, not missing keys.
    if (sender == crypto::IdentityKey{} || why == crypto::e2e::MediaError::kReplayed) return;
    on_refused(number_of(listener.identity()), number_of(sender));
  };
}

std::size_t RoomWatch::add(const crypto::IdentityKey& identity) {
  people_.push_back({identity, false, {}});
  probes_.push_back(&audit_.probe_for(identity));
  return people_.size() - 1;
}

std::size_t RoomWatch::number_of(const crypto::IdentityKey& identity) const {
  const auto found = std::find_if(people_.begin(), people_.end(),
                                  [&](const Person& p) { return p.identity == identity; });
  return static_cast<std::size_t>(found - people_.begin());
}

void RoomWatch::joined(std::size_t who, Instant now) {
  people_[who] = {people_[who].identity, true, now};
  forget_pairs(who, now);
  std::erase_if(knows_, [who](const auto& entry) { return entry.first.second == who; });
}

void RoomWatch::leaves(std::size_t who, Instant now) {
  people_[who].is_in = false;
  forget_pairs(who, now);
}

void RoomWatch::forget_pairs(std::size_t who, Instant now) {
  for (const auto& [names, pair] : pairs_) {
    if (names.first != who && names.second != who) continue;
    if (now - pair.last_opened > kSilence) note_outage(now - pair.last_opened);
  }
  std::erase_if(pairs_, [who](const auto& entry) {
    return entry.first.first == who || entry.first.second == who;
  });
}

void RoomWatch::sender_knows(std::size_t sender, std::size_t left, Instant now) {
  if (!people_[left].is_in) knows_.try_emplace({sender, left}, now);
}

void RoomWatch::note_event(Instant) {
  ++events;
  outages_.push_back(0);
}

void RoomWatch::note_outage(Duration length) {
  if (!outages_.empty()) outages_.back() = std::max(outages_.back(), in_ms(length));
}

void RoomWatch::on_opened(std::size_t listener, std::size_t sender, Instant sealed_at,
                          Instant now) {
  ++opened;
  const Person& who = people_[listener];
  if (sealed_at < who.joined) violations_.emplace_back("opened what was sealed before it joined");
  if (!who.is_in) {
    const auto known = knows_.find({sender, listener});
    if (known == knows_.end()) return;
    worst_exposure = std::max<Duration>(worst_exposure, sealed_at - known->second);
    if (sealed_at - known->second > kMostExposure) {
      violations_.emplace_back("who left opened what was sealed after 2.5 s");
    }
    return;
  }
  if (!people_[sender].is_in) return;  // still under way
  Pair& pair = pairs_[{listener, sender}];
  if (!pair.heard_before) {
    const Instant both_in = std::max(who.joined, people_[sender].joined);
    newcomers.milliseconds.push_back(in_ms(now - both_in));
  } else if (now - pair.last_opened > (pair.was_refused ? kRefusedSilence : kSilence)) {
    note_outage(now - pair.last_opened);
  }
  pair = {true, now, false};
}

void RoomWatch::on_refused(std::size_t listener, std::size_t sender) {
  const auto pair = pairs_.find({listener, sender});
  if (pair != pairs_.end()) pair->second.was_refused = true;
}

RoomWatch::Distribution RoomWatch::outages() const { return {outages_}; }

std::vector<std::string> RoomWatch::violations() const {
  auto all = violations_;
  all.insert(all.end(), audit_.violations.begin(), audit_.violations.end());
  return all;
}

}  // namespace wzp::test
