// Auth and Sealed: what participants tell each other through the relay.
#include <algorithm>

#include "e2e_room_impl.hpp"
#include "utf8.hpp"

namespace wzp::crypto::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kHeldPerPeer = 4;
constexpr std::size_t kHeldInAll = 64;
constexpr seconds kHeldFor{5};
constexpr milliseconds kAuthInterval{300};
constexpr std::size_t kMostAlias = 64;
constexpr std::size_t kMostSignal = 900;
constexpr std::size_t kMostGone = 256;
constexpr std::byte kAuth{2};
constexpr std::byte kSealed{3};

// After 1, 2, 4, 8 s, then every 8 s.
Duration repeat_delay(int repeats) { return seconds(1 << std::min(repeats, 3)); }

}  // namespace

void RoomSession::Impl::handle_signal(StreamId from, ByteView body, Instant now) {
  if (closed) return;
  if (body.empty() || body.size() > kMostSignalBytes) {
    ++counters.malformed_signals;
    return;
  }
  if (Peer* const peer = at(from)) {
    dispatch(*peer, body, now);
    send_gifts();
  } else {
    hold_early(from, body, now);
  }
}

void RoomSession::Impl::hold_early(StreamId from, ByteView body, Instant now) {
  std::erase_if(early, [&](const EarlySignal& signal) { return signal.until <= now; });
  const auto same = std::count_if(early.begin(), early.end(),
                                  [&](const auto& signal) { return signal.stream == from; });
  if (static_cast<std::size_t>(same) >= kHeldPerPeer || early.size() >= kHeldInAll ||
      (body[0] != kAuth && body[0] != kSealed)) {
    ++counters.held_dropped;
    return;
  }
  early.push_back({from, Bytes(body.begin(), body.end()), now + kHeldFor});
}

void RoomSession::Impl::dispatch(Peer& peer, ByteView body, Instant now) {
  if (peer.refused || peer.gone || peer.failures.ignores(now)) {
    ++counters.ignored_signals;
  } else if (body[0] == kAuth) {
    handle_auth(peer, body, now);
  } else if (body[0] == kSealed) {
    handle_sealed(peer, body, now);
  } else {
    ++counters.malformed_signals;
    peer.failures.add(now);
  }
}

void RoomSession::Impl::fail(Peer& peer, Instant now) {
  ++counters.failed_signals;
  peer.failures.add(now);
}

void RoomSession::Impl::handle_auth(Peer& peer, ByteView body, Instant now) {
  const auto auth = parse_auth(body);
  const ByteView bytes = auth && !auth->hello.empty() ? auth->hello : ByteView(peer.listed_hello);
  const auto hello = parse_hello(bytes);
  if (!auth || !hello || hello->instance != peer.instance || hello->identity != peer.identity) {
    return fail(peer, now);
  }
  if (const auto& active = peer.slots.active) {
    if (active->peer.n > hello->n ||
        (active->peer.n == hello->n &&
         !std::equal(bytes.begin(), bytes.end(), active->peer_hello.begin(),
                     active->peer_hello.end()))) {
      ++counters.stale_auths;
      return;
    }
  }
  const Sha256Hash transcript = transcript_with(own, bytes, *hello);
  if (peer.slots.with(transcript) == nullptr && !build(peer, bytes, *hello, now)) return;
  Pair& pair = *peer.slots.with(transcript);
  const bool is_active = peer.slots.active && &pair == &*peer.slots.active;
  if (auth->pair != pair.id || is_active) {
    if (auth->pair != pair.id || !auth->have) send_auth(peer, pair, now);
    return;
  }
  if (!pair.proves_peer(*auth)) return fail(peer, now);
  const bool have = auth->have;  // The bytes may be the listed ones.
  activate(peer, now);
  if (!have) send_auth(peer, *peer.slots.active, now);
}

// Puts a pair of our newest Hello and this one into `pending`.
bool RoomSession::Impl::build(Peer& peer, ByteView bytes, const Hello& hello, Instant now) {
  if (!peer.builds.take(now)) {
    ++counters.builds_delayed;
    peer.waiting_hello.assign(bytes.begin(), bytes.end());
    peer.build_at = peer.builds.next(now);
    return false;
  }
  auto pair = Pair::derive(own, bytes, hello);
  if (!pair) {
    ++counters.bad_hellos;
    peer.failures.add(now);
    return false;
  }
  peer.build_at = kNever;
  peer.slots.pending.emplace(std::move(*pair));
  peer.held.clear();
  if (!peer.waiting_since) peer.waiting_since = now;
  peer.repeats = 0;
  send_auth(peer, *peer.slots.pending, now);
  peer.repeat_at = now + repeat_delay(peer.repeats);
  return true;
}

void RoomSession::Impl::build_waiting(Peer& peer, Instant now) {
  const Bytes bytes = std::move(peer.waiting_hello);
  peer.waiting_hello.clear();
  peer.build_at = kNever;
  const auto hello = parse_hello(bytes);
  const auto& active = peer.slots.active;
  if (!hello || (active && active->peer.n > hello->n)) return;
  if (peer.slots.with(transcript_with(own, bytes, *hello)) == nullptr) {
    build(peer, bytes, *hello, now);
  }
}

void RoomSession::Impl::send_auth(Peer& peer, Pair& pair, Instant now) {
  if (pair.auth_sent && now - *pair.auth_sent < kAuthInterval) {
    ++counters.auths_suppressed;
    return;
  }
  pair.auth_sent = now;
  const bool have = peer.slots.active && &pair == &*peer.slots.active;
  post(peer.stream, pair.auth(have));
}

void RoomSession::Impl::activate(Peer& peer, Instant now) {
  const bool first = !peer.announced;
  peer.slots.promote(now);
  peer.slots.active->auth_sent.reset();  // With have = 1 it is another message.
  peer.repeat_at = kNever;
  peer.waiting_since.reset();
  peer.reported = peer.withheld = false;
  peer.announced = true;
  emit(first ? Event::Kind::kJoined : Event::Kind::kRekeyed, peer);
  if (!options.alias.empty()) {
    send_sealed(peer, SealedKind::kProfile, as_byte_view(options.alias));
  }
  authentic(peer, now);
  consider(peer, now);
  const auto held = std::exchange(peer.held, {});
  for (const Bytes& body : held) handle_sealed(peer, body, now);
  if (renewed_by != kNever && all_answered()) finish_renewal(now);
}

void RoomSession::Impl::authentic(Peer& peer, Instant now) {
  peer.last_authentic = now;
  if (!peer.silent) return;
  peer.silent = false;
  if (peer.slots.active && !peer.announced) {
    peer.announced = true;
    emit(Event::Kind::kJoined, peer);
  }
  consider(peer, now);
}

void RoomSession::Impl::handle_sealed(Peer& peer, ByteView body, Instant now) {
  const auto sealed = parse_sealed(body);
  if (!sealed) return fail(peer, now);
  Pair* const pair = peer.slots.opening(sealed->pair, now);
  if (pair == nullptr) {
    const bool pending = peer.slots.pending && peer.slots.pending->id == sealed->pair;
    if (!pending) {
      ++counters.unknown_pairs;
    } else if (peer.held.size() >= kHeldPerPeer) {
      ++counters.held_dropped;
    } else {
      peer.held.emplace_back(body.begin(), body.end());
    }
    return;
  }
  if (!pair->seen.would_accept(sealed->counter)) {
    ++counters.replayed_signals;
    return;
  }
  const auto content = open_message(pair->keys.of(other(pair->side)).message, *sealed);
  if (!content) return fail(peer, now);
  pair->seen.mark(sealed->counter);
  authentic(peer, now);
  handle_content(peer, *content, now);
}

void RoomSession::Impl::handle_content(Peer& peer, const SealedContent& content, Instant now) {
  switch (content.kind()) {
    case SealedKind::kSenderKey: {
      auto key = parse_sender_key(content.content());
      if (!key || !peer.keys.take(std::move(*key), now)) ++counters.keys_useless;
      break;
    }
    case SealedKind::kKeyRequest:
      if (peer.answers.allows(now)) sender.give_again(peer.id);
      break;
    case SealedKind::kBye:
      leave_for_good(peer, now);
      break;
    case SealedKind::kProfile:
      handle_alias(peer, content.content(), now);
      break;
    case SealedKind::kSignal:
      if (content.content().size() <= kMostSignal) {
        emit(Event::Kind::kSignal, peer, std::string(as_text(content.content())));
      } else {
        ++counters.malformed_signals;
      }
      break;
    default:
      ++counters.unknown_kinds;
  }
}

void RoomSession::Impl::handle_alias(Peer& peer, ByteView content, Instant now) {
  if (content.size() > kMostAlias || !is_displayable(as_text(content))) {
    ++counters.malformed_signals;
    return;
  }
  if (as_text(content) == peer.alias) return;
  peer.alias = as_text(content);
  emit(Event::Kind::kAlias, peer, peer.alias);
  if (options.policy != nullptr && !options.policy->may_hear(peer.identity, peer.alias)) {
    ++counters.keys_refused;
    withdraw(peer, now);
  }
}

void RoomSession::Impl::leave_for_good(Peer& peer, Instant now) {
  peer.gone = true;
  gone.emplace_back(peer.identity, peer.instance);
  if (gone.size() > kMostGone) gone.pop_front();
  unlist(peer, now);
}

bool RoomSession::Impl::send_sealed(Peer& peer, SealedKind kind, ByteView content) {
  auto& pair = peer.slots.active;
  if (!pair || pair->next_counter == UINT32_MAX) return false;
  post(peer.stream, pair->seal(kind, content));
  return true;
}

void RoomSession::Impl::send_gifts() {
  while (const auto gift = sender.poll_gift()) {
    Peer* const peer = numbered(gift->to);
    if (peer == nullptr) continue;
    const auto content = write_sender_key(gift->key);
    send_sealed(*peer, SealedKind::kSenderKey, content.reveal());
  }
}

void RoomSession::Impl::consider(Peer& peer, Instant now) {
  if (!peer.listed || peer.gone || !peer.slots.active || peer.silent || peer.withheld ||
      peer.refused || closed || sender.is_admitted(peer.id)) {
    return;
  }
  if (options.policy != nullptr && !options.policy->may_hear(peer.identity, peer.alias)) {
    ++counters.keys_refused;
    return;
  }
  Budget& budget = budget_of(peer.identity, now);
  if (!budget.take(now)) {
    ++counters.keys_delayed;
    peer.admit_at = budget.next(now);
    return;
  }
  peer.admit_at = kNever;
  sender.admit(peer.id, now);
}

void RoomSession::Impl::withdraw(Peer& peer, Instant now) {
  peer.admit_at = kNever;
  sender.remove(peer.id, now);
}

Budget& RoomSession::Impl::budget_of(const IdentityKey& identity, Instant now) {
  const auto known = std::find_if(identities.begin(), identities.end(),
                                  [&](const auto& entry) { return entry.identity == identity; });
  if (known != identities.end()) return known->keys;
  std::erase_if(identities, [&](const auto& entry) { return entry.keys.is_full(now); });
  identities.push_back({identity, Budget{8, seconds(2)}});
  return identities.back().keys;
}

}  // namespace wzp::crypto::e2e
