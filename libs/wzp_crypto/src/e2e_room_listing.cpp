// RoomUpdate: who the relay says is there. All of it is a claim; it lists and unlists, and never
// changes a pair.
#include <algorithm>

#include "e2e_room_impl.hpp"

namespace wzp::crypto::e2e {
namespace {

constexpr std::size_t kMostDormant = 128;
constexpr std::size_t kMostLegacy = 1024;

bool contains(const std::vector<StreamId>& streams, StreamId stream) {
  return std::find(streams.begin(), streams.end(), stream) != streams.end();
}

template <class Use>
void for_each_name(std::string_view names, Use use) {
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    use(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
}

}  // namespace

// Some version but the one in use that both list.
bool RoomSession::Impl::is_refused(const Hello& hello) const {
  bool refused = false;
  for_each_name(own.hello.features, [&](std::string_view mine) {
    if (!mine.starts_with("e2e/") || mine == "e2e/1") return;
    for_each_name(hello.features, [&](std::string_view its) { refused |= its == mine; });
  });
  return refused;
}

void RoomSession::Impl::handle_room(const proto::RoomUpdate& update, Instant now) {
  if (closed) return;
  if (update.rev <= revision) {
    ++counters.stale_updates;
    return;
  }
  if (update.base != 0 && update.base != revision) {
    ++counters.unfitting_updates;
    wants_room = true;
    return;
  }
  revision = update.rev;
  me = update.you;
  std::vector<StreamId> seen;
  for (const auto& participant : update.participants) list(participant, seen, now);
  if (update.base == 0) {
    wants_room = false;
    for (const auto& peer : peers) {
      if (peer->listed && !contains(seen, peer->stream)) unlist(*peer, now);
    }
    std::erase_if(legacy, [&](const Legacy& old) { return !contains(seen, old.stream); });
  }
  for (const StreamId stream : update.left) {
    if (!contains(seen, stream)) unlist_stream(stream, now);
  }
  limit_dormant(now);
  send_gifts();
}

void RoomSession::Impl::list(const proto::RoomParticipant& participant, std::vector<StreamId>& seen,
                             Instant now) {
  const StreamId stream = participant.stream;
  if (stream == me || stream.value == 0) return;
  if (contains(seen, stream)) {
    ++counters.duplicates;
    return;
  }
  seen.push_back(stream);
  const auto hello = parse_hello(participant.hello);
  if (!hello) {
    list_unencrypted(participant, !participant.hello.empty());
  } else if (hello->instance == own.hello.instance) {
    ++counters.reflections;
  } else if (std::find(gone.begin(), gone.end(), std::pair(hello->identity, hello->instance)) !=
             gone.end()) {
    ++counters.returned;
  } else {
    const auto same = std::find_if(peers.begin(), peers.end(), [&](const auto& peer) {
      return peer->identity == hello->identity && peer->instance == hello->instance;
    });
    if (same == peers.end()) {
      list_peer(stream, participant.hello, *hello, now);
    } else if ((*same)->stream != stream && (*same)->listed && contains(seen, (*same)->stream)) {
      ++counters.duplicates;
    } else {
      relist(**same, stream, participant.hello, now);
    }
  }
}

// Whether media must be sealed follows from the stream's Hello, and is not taken back.
void RoomSession::Impl::list_unencrypted(const proto::RoomParticipant& participant,
                                         bool unreadable) {
  const StreamId stream = participant.stream;
  if (unreadable) ++counters.bad_hellos;
  if (at(stream) != nullptr) {
    if (!unreadable) ++counters.hellos_stripped;
    return;
  }
  const auto known = std::find_if(legacy.begin(), legacy.end(),
                                  [&](const Legacy& old) { return old.stream == stream; });
  if (known != legacy.end()) {
    if (known->unreadable && !unreadable) ++counters.hellos_stripped;
    known->unreadable |= unreadable;
    return;
  }
  if (legacy.size() >= kMostLegacy) {
    ++counters.too_many_peers;
    return;
  }
  legacy.push_back({stream, participant.alias.value_or(""), unreadable});
  if (!unreadable) emit({Event::Kind::kUnencryptedPeer, stream, {}, NoKeys::kNone, {}});
}

void RoomSession::Impl::list_peer(StreamId stream, ByteView bytes, const Hello& hello,
                                  Instant now) {
  unlist_stream(stream, now);
  const auto listed =
      std::count_if(peers.begin(), peers.end(), [](const auto& peer) { return peer->listed; });
  if (static_cast<std::size_t>(listed) >= kMostPeers) {
    ++counters.too_many_peers;
    if (legacy.size() < kMostLegacy) legacy.push_back({stream, {}, true});
    return;
  }
  peers.push_back(std::make_unique<Peer>(HolderId{next_holder++}, hello));
  Peer& peer = *peers.back();
  peer.stream = stream;
  peer.listed_hello.assign(bytes.begin(), bytes.end());
  peer.last_authentic = now;
  peer.refused = is_refused(hello);
  if (peer.refused) {
    ++counters.refused_versions;
    return;
  }
  build(peer, bytes, hello, now);
  take_early(peer, now);
}

// A known instance: the bytes replace the listed ones, its stream may have been renumbered.
void RoomSession::Impl::relist(Peer& peer, StreamId stream, ByteView bytes, Instant now) {
  if (!peer.listed || peer.stream != stream) {
    unlist_stream(stream, now);
    peer.stream = stream;
  }
  peer.listed_hello.assign(bytes.begin(), bytes.end());
  if (peer.listed) return;
  // It may have been away, or never have left: something authentic will tell.
  peer.listed = true;
  peer.silent = true;
  peer.last_authentic = now;
  peer.announced = false;
  if (!peer.slots.active) {
    if (const auto hello = parse_hello(bytes)) build(peer, bytes, *hello, now);
  }
  peer.probe_at = now;
  probe(peer, now);
  take_early(peer, now);
}

void RoomSession::Impl::unlist(Peer& peer, Instant now) {
  if (peer.announced) emit(Event::Kind::kLeft, peer);
  peer.announced = false;
  peer.listed = false;
  withdraw(peer, now);
  peer.slots.pending.reset();
  peer.waiting_since.reset();
  peer.reported = false;
  peer.repeat_at = peer.build_at = peer.admit_at = kNever;
  peer.held.clear();
}

void RoomSession::Impl::unlist_stream(StreamId stream, Instant now) {
  if (Peer* const peer = at(stream)) unlist(*peer, now);
  std::erase_if(legacy, [&](const Legacy& old) { return old.stream == stream; });
}

void RoomSession::Impl::take_early(Peer& peer, Instant now) {
  std::vector<Bytes> bodies;
  for (EarlySignal& signal : early) {
    if (signal.stream == peer.stream && now < signal.until)
      bodies.push_back(std::move(signal.body));
  }
  std::erase_if(early, [&](const EarlySignal& signal) { return signal.stream == peer.stream; });
  for (const Bytes& body : bodies) dispatch(peer, body, now);
}

// Those never authenticated are forgotten at once: their pairs sealed nothing but Auth, which is
// the same bytes each time. Of the others so many are kept; then a renewal makes all pairs new.
void RoomSession::Impl::limit_dormant(Instant now) {
  std::erase_if(peers, [](const auto& peer) { return !peer->listed && !peer->slots.active; });
  const auto dormant =
      std::count_if(peers.begin(), peers.end(), [](const auto& peer) { return !peer->listed; });
  if (static_cast<std::size_t>(dormant) > kMostDormant) renew(now);
}

}  // namespace wzp::crypto::e2e
