#include "wzp/crypto/e2e_room_session.hpp"

#include <algorithm>
#include <stdexcept>

#include "e2e_digest.hpp"
#include "e2e_room_impl.hpp"
#include "wzp/crypto/e2e_media.hpp"

namespace wzp::crypto::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kMostFeatures = 300;
constexpr std::size_t kMostAlias = 64;
constexpr std::size_t kMostSignal = 900;
constexpr std::size_t kMostEvents = 1024;
constexpr std::size_t kMostOutgoing = 4096;
constexpr minutes kRenewalAtLeast{20};
constexpr minutes kRenewalSpread{10};
constexpr seconds kRenewalAnswer{5};
constexpr seconds kMostWaiting{15};
constexpr seconds kMostSilence{30};
constexpr seconds kProbeInterval{8};
constexpr milliseconds kKeylessFor{200};
constexpr seconds kQueryInterval{1};

OwnSide own_side(const Identity& me, RoomOptions& options, Rng& rng) {
  if (options.features.size() > kMostFeatures || options.alias.size() > kMostAlias) {
    throw std::invalid_argument("RoomOptions: features up to 300, alias up to 64 bytes");
  }
  Hello hello;
  hello.holds_room_secret = options.psk != nullptr;
  hello.allows_unencrypted_peers = options.allows_unencrypted_peers;
  rng.fill(hello.instance.bytes);
  hello.identity = me.public_key();
  hello.features = options.features;
  Secret<32> psk;
  if (options.psk) psk = std::move(*options.psk);
  options.psk.reset();
  ExchangeKeyPair ephemeral = ExchangeKeyPair::generate(rng);
  hello.ephemeral = ephemeral.public_key();
  Bytes bytes = write_hello(hello);
  return {
      &me, options.room, std::move(psk), std::move(hello), std::move(bytes), std::move(ephemeral)};
}

SeqNo16 first_seq(const RoomOptions& options, Rng& rng) {
  return options.first_seq ? *options.first_seq
                           : SeqNo16(static_cast<std::uint16_t>(rng.next_u64()));
}

NoKeys reason(const Hello& own, ByteView peer_hello) {
  const auto peer = parse_hello(peer_hello);
  if (!peer || (!own.holds_room_secret && !peer->holds_room_secret)) return NoKeys::kInterference;
  if (own.holds_room_secret && peer->holds_room_secret) return NoKeys::kSecretsDiffer;
  return own.holds_room_secret ? NoKeys::kPeerHasNoRoomSecret : NoKeys::kWeHaveNoRoomSecret;
}

bool lists(std::string_view features, std::string_view feature) {
  const std::string all = " " + std::string(features) + " ";
  return all.find(" " + std::string(feature) + " ") != std::string::npos;
}

void add(Digest& digest, const std::optional<Pair>& pair) {
  digest.add(pair.has_value());
  if (!pair) return;
  digest.add(pair->transcript);
  digest.add(pair->keys.low.message.reveal());
  digest.add(pair->next_counter);
  digest.add(pair->seen.highest().value_or(0));
  for (std::uint64_t back = 0; pair->seen.highest() && back < 64; ++back) {
    if (back > *pair->seen.highest()) break;
    digest.add(pair->seen.would_accept(*pair->seen.highest() - back));
  }
}

}  // namespace

RoomSession::Impl::Impl(const Identity& me_as, RoomOptions&& given, Rng& random, Instant now)
    : own(own_side(me_as, given, random)),
      options(std::move(given)),
      rng(random),
      sender(own.hello.identity, own.hello.instance, first_seq(options, random), random),
      last_sealed(now) {
  schedule_renewal(now);
}

Peer* RoomSession::Impl::at(StreamId stream) const noexcept {
  for (const auto& peer : peers) {
    if (peer->listed && peer->stream == stream) return peer.get();
  }
  return nullptr;
}

Peer* RoomSession::Impl::numbered(HolderId id) const noexcept {
  for (const auto& peer : peers) {
    if (peer->id == id) return peer.get();
  }
  return nullptr;
}

void RoomSession::Impl::emit(Event::Kind kind, const Peer& peer, std::string text, NoKeys why) {
  emit({kind, peer.stream, peer.identity, why, std::move(text)});
}

void RoomSession::Impl::emit(Event event) {
  if (events.size() >= kMostEvents) {
    events.pop_front();
    ++counters.events_dropped;
  }
  events.push_back(std::move(event));
}

void RoomSession::Impl::post(StreamId to, Bytes body) {
  if (outgoing.size() >= kMostOutgoing) {
    ++counters.outgoing_dropped;
    return;
  }
  outgoing.push_back({to, std::move(body)});
}

// -- Renewal
// ---------------------------------------------------------------------------------------

void RoomSession::Impl::schedule_renewal(Instant now) {
  renew_at = now + kRenewalAtLeast +
             std::chrono::duration_cast<Duration>(rng.next_unit() * kRenewalSpread);
}

void RoomSession::Impl::renew(Instant now) {
  if (closed) return;
  own.ephemeral = ExchangeKeyPair::generate(rng);
  own.hello.ephemeral = own.ephemeral.public_key();
  ++own.hello.n;
  own.hello_bytes = write_hello(own.hello);
  schedule_renewal(now);
  renewed_by = now + kRenewalAnswer;
  // No pair can be derived as before now, so those who left need not be remembered.
  std::erase_if(peers, [](const auto& peer) { return !peer->listed; });
  for (const auto& peer : peers) {
    if (peer->refused) continue;
    const auto& slots = peer->slots;
    const Bytes bytes = slots.active    ? slots.active->peer_hello
                        : slots.pending ? slots.pending->peer_hello
                                        : peer->listed_hello;
    peer->waiting_since = now;
    peer->reported = false;
    if (const auto hello = parse_hello(bytes)) build(*peer, bytes, *hello, now);
  }
  if (all_answered()) finish_renewal(now);
}

bool RoomSession::Impl::all_answered() const {
  return std::all_of(peers.begin(), peers.end(), [&](const auto& peer) {
    return !peer->listed || !peer->slots.active || peer->slots.active->own_n == own.hello.n;
  });
}

void RoomSession::Impl::finish_renewal(Instant now) {
  renewed_by = kNever;
  sender.prepare(now);
}

// -- Time
// ------------------------------------------------------------------------------------------

Instant RoomSession::Impl::deadline_of(const Peer& peer) const noexcept {
  Instant next = std::min({peer.slots.previous_until, peer.keys.next_deadline()});
  if (!peer.listed) return next;
  next = std::min({next, peer.repeat_at, peer.build_at, peer.admit_at});
  if (peer.waiting_since && !peer.reported) {
    next = std::min(next, *peer.waiting_since + kMostWaiting);
  }
  if (peer.silent && peer.slots.active) next = std::min(next, peer.probe_at);
  if (!peer.silent && peer.slots.active) next = std::min(next, peer.last_authentic + kMostSilence);
  return next;
}

void RoomSession::Impl::handle_deadline(Peer& peer, Instant now) {
  peer.slots.expire(now);
  peer.keys.handle_deadline(now);
  if (!peer.listed) return;
  if (peer.build_at <= now) build_waiting(peer, now);
  if (peer.repeat_at <= now && peer.slots.pending) {
    peer.repeats = std::min(peer.repeats + 1, 3);
    send_auth(peer, *peer.slots.pending, now);
    peer.repeat_at = now + seconds(1 << peer.repeats);
  }
  if (peer.waiting_since && !peer.reported && *peer.waiting_since + kMostWaiting <= now) {
    give_up_waiting(peer, now);
  }
  if (!peer.silent && peer.slots.active && peer.last_authentic + kMostSilence <= now) {
    peer.silent = true;
    if (peer.announced) emit(Event::Kind::kLeft, peer);
    peer.announced = false;
    peer.probe_at = now;
    withdraw(peer, now);
  }
  probe(peer, now);
  if (peer.admit_at <= now) {
    peer.admit_at = kNever;
    consider(peer, now);
  }
}

// Without holders nothing is sealed, so of two that think each other silent neither would hear the
// other again.
void RoomSession::Impl::probe(Peer& peer, Instant now) {
  if (!peer.silent || !peer.slots.active || peer.probe_at > now) return;
  send_sealed(peer, SealedKind::kProfile, as_byte_view(options.alias));
  peer.probe_at = now + kProbeInterval;
}

void RoomSession::Impl::give_up_waiting(Peer& peer, Instant now) {
  const auto& active = peer.slots.active;
  if (active && active->own_n == own.hello.n) {
    peer.slots.pending.reset();
    peer.held.clear();
    peer.repeat_at = kNever;
    peer.waiting_since.reset();
    return;
  }
  peer.reported = true;
  const bool renewal = active.has_value();
  emit(Event::Kind::kNoKeys, peer, {},
       renewal ? NoKeys::kInterference : reason(own.hello, peer.listed_hello));
  if (!renewal) return;
  peer.withheld = true;
  withdraw(peer, now);
}

// -- Media
// -----------------------------------------------------------------------------------------

MediaError RoomSession::Impl::error_for(StreamId stream) const noexcept {
  for (const Legacy& known : legacy) {
    if (known.stream == stream && !known.unreadable) return MediaError::kLegacyStream;
  }
  return MediaError::kUnknownStream;
}

MediaResult RoomSession::Impl::opened(Peer& peer, MediaResult result, Instant now) {
  if (result) {
    peer.keyless_since.reset();
    authentic(peer, now);
    send_gifts();
    return result;
  }
  if (result.error() == MediaError::kNoKey) note_keyless(peer, now);
  if (peer.keys.dropped_generations() != peer.dropped_generations) {
    peer.dropped_generations = peer.keys.dropped_generations();
    emit(Event::Kind::kInterference, peer);
  }
  return result;
}

// After 200 ms of packets without a key, ask for it.
void RoomSession::Impl::note_keyless(Peer& peer, Instant now) {
  if (!peer.keyless_since || now - *peer.keyless_last > seconds(1)) peer.keyless_since = now;
  peer.keyless_last = now;
  if (now - *peer.keyless_since < kKeylessFor || !peer.slots.active || closed) return;
  if (peer.requests.allows(now)) send_sealed(peer, SealedKind::kKeyRequest, {});
}

// -- The public face
// -------------------------------------------------------------------------------

RoomSession::RoomSession(const Identity& me, RoomOptions options, Rng& rng, Instant now)
    : impl_(std::make_unique<Impl>(me, std::move(options), rng, now)) {}
RoomSession::RoomSession(RoomSession&&) noexcept = default;
RoomSession& RoomSession::operator=(RoomSession&&) noexcept = default;
RoomSession::~RoomSession() = default;

const std::vector<std::byte>& RoomSession::hello() const noexcept { return impl_->own.hello_bytes; }
const InstanceId& RoomSession::instance() const noexcept { return impl_->own.hello.instance; }

void RoomSession::handle_room(const proto::RoomUpdate& update, Instant now) {
  impl_->handle_room(update, now);
}

bool RoomSession::poll_room_query(Instant now) {
  if (!impl_->wants_room || now < impl_->query_at) return false;
  impl_->query_at = now + kQueryInterval;
  return true;
}

void RoomSession::handle_peer_signal(StreamId from, ByteView body, Instant now) {
  impl_->handle_signal(from, body, now);
}

void RoomSession::handle_policy_change(Instant now) {
  const PeerPolicy* const policy = impl_->options.policy;
  for (const auto& peer : impl_->peers) {
    if (policy != nullptr && !policy->may_hear(peer->identity, peer->alias)) {
      impl_->withdraw(*peer, now);
    } else {
      impl_->consider(*peer, now);
    }
  }
  impl_->send_gifts();
}

std::optional<OutgoingSignal> RoomSession::poll_signal() {
  if (impl_->outgoing.empty()) return std::nullopt;
  std::optional<OutgoingSignal> signal(std::move(impl_->outgoing.front()));
  impl_->outgoing.pop_front();
  return signal;
}

std::optional<Event> RoomSession::poll_event() {
  if (impl_->events.empty()) return std::nullopt;
  std::optional<Event> event(std::move(impl_->events.front()));
  impl_->events.pop_front();
  return event;
}

Instant RoomSession::next_deadline() const noexcept {
  if (impl_->closed) return kNever;
  Instant next = std::min({impl_->sender.next_deadline(), impl_->renew_at, impl_->renewed_by,
                           impl_->wants_room ? impl_->query_at : kNever});
  for (const auto& peer : impl_->peers) next = std::min(next, impl_->deadline_of(*peer));
  return next;
}

void RoomSession::handle_deadline(Instant now) {
  if (impl_->closed) return;
  if (impl_->renew_at <= now) impl_->renew(now);
  if (impl_->renewed_by <= now) impl_->finish_renewal(now);
  for (const auto& peer : impl_->peers) impl_->handle_deadline(*peer, now);
  impl_->sender.handle_deadline(now);
  impl_->send_gifts();
}

MediaResult RoomSession::seal_media(std::span<const std::byte, 12> header, ByteView payload,
                                    ByteView report, MutableBytes out, Instant now) {
  if (impl_->closed) return impl_->counted(Unexpected(MediaError::kNoHolders));
  const auto sealed = impl_->counted(impl_->sender.seal_plain(header, payload, report, out, now));
  if (sealed) impl_->last_sealed = now;
  impl_->send_gifts();
  return sealed;
}

MediaResult RoomSession::seal_media2(Layout layout, ByteView header, ByteView payload,
                                     MutableBytes out, Instant now) {
  if (impl_->closed) return impl_->counted(Unexpected(MediaError::kNoHolders));
  const auto sealed = impl_->counted(impl_->sender.seal_media2(layout, header, payload, out, now));
  if (sealed) impl_->last_sealed = now;
  impl_->send_gifts();
  return sealed;
}

SenderKeys::Next RoomSession::next_numbers() const noexcept { return impl_->sender.next(); }

KeyStep RoomSession::key_in_use() const noexcept { return impl_->sender.in_use(); }
bool RoomSession::is_changing_keys() const noexcept { return impl_->sender.is_changing(); }

Instant RoomSession::comfort_due() const noexcept {
  return impl_->closed || impl_->sender.holder_count() == 0 ? kNever
                                                            : impl_->last_sealed + kComfortInterval;
}

MediaResult RoomSession::open_media(StreamId from, ByteView packet, MutableBytes out, Instant now) {
  Peer* const peer = impl_->at(from);
  if (peer == nullptr) return impl_->counted(Unexpected(impl_->error_for(from)));
  const auto view = parse_layout1(packet);
  if (!view) {
    const bool clear = packet.size() >= 12 && packet[10] == std::byte{0};
    return impl_->counted(Unexpected(clear ? MediaError::kClearRefused : MediaError::kMalformed));
  }
  return impl_->counted(impl_->opened(*peer, peer->keys.open_plain(*view, out, now), now));
}

MediaResult RoomSession::open_media2(StreamId from, Layout layout, ByteView header,
                                     std::uint8_t epoch, SeqNo16 seq, ByteView sealed,
                                     MutableBytes out, Instant now) {
  Peer* const peer = impl_->at(from);
  if (peer == nullptr) return impl_->counted(Unexpected(impl_->error_for(from)));
  return impl_->counted(impl_->opened(
      *peer, peer->keys.open_media2(layout, header, epoch, seq, sealed, out, now), now));
}

bool RoomSession::send_signal(StreamId to, std::string_view json) {
  Peer* const peer = impl_->at(to);
  return peer != nullptr && !impl_->closed && json.size() <= kMostSignal &&
         impl_->send_sealed(*peer, SealedKind::kSignal, as_byte_view(json));
}

void RoomSession::bye(Instant now) {
  if (impl_->closed) return;
  for (const auto& peer : impl_->peers) {
    if (peer->listed) impl_->send_sealed(*peer, SealedKind::kBye, {});
    impl_->withdraw(*peer, now);
  }
  impl_->closed = true;
}

void RoomSession::close() {
  impl_->closed = true;
  impl_->peers.clear();
  impl_->legacy.clear();
  impl_->early.clear();
  impl_->own.psk = Secret<32>();
  impl_->own.ephemeral = ExchangeKeyPair::generate(impl_->rng);
  impl_->sender = SenderKeys(impl_->own.hello.identity, impl_->own.hello.instance,
                             impl_->sender.next().seq, impl_->rng);
}

void RoomSession::renew(Instant now) {
  impl_->renew(now);
  impl_->send_gifts();
}

std::vector<Participant> RoomSession::participants() const {
  std::vector<Participant> out;
  for (const auto& peer : impl_->peers) {
    if (!peer->listed) continue;
    const bool holds = impl_->sender.is_admitted(peer->id);
    const auto& active = peer->slots.active;
    out.push_back({peer->stream, peer->identity, peer->instance, peer->alias,
                   holds    ? Lock::kLocked
                   : active ? Lock::kProven
                            : Lock::kNoKeys,
                   peer->keys.generations() > 0, active && active->peer.allows_unencrypted_peers});
  }
  for (const Legacy& known : impl_->legacy) {
    out.push_back({known.stream,
                   {},
                   {},
                   known.alias,
                   known.unreadable ? Lock::kNoKeys : Lock::kUnencrypted,
                   false,
                   false});
  }
  return out;
}

std::vector<StreamId> RoomSession::holders() const {
  std::vector<StreamId> out;
  for (const HolderId id : impl_->sender.holders()) {
    if (const Peer* const peer = impl_->numbered(id)) out.push_back(peer->stream);
  }
  return out;
}

bool RoomSession::every_holder_lists(std::string_view feature) const {
  const auto holders = impl_->sender.holders();
  return std::all_of(holders.begin(), holders.end(), [&](HolderId id) {
    const Peer* const peer = impl_->numbered(id);
    return peer != nullptr && peer->slots.active &&
           lists(peer->slots.active->peer.features, feature);
  });
}

bool RoomSession::may_play_clear(StreamId from) const noexcept {
  return impl_->options.allows_unencrypted_peers &&
         impl_->error_for(from) == MediaError::kLegacyStream;
}

const RoomCounters& RoomSession::counters() const noexcept { return impl_->counters; }

Sha256Hash RoomSession::digest() const {
  Digest digest;
  digest.add(impl_->sender.digest());
  digest.add(impl_->revision);
  digest.add(impl_->own.hello_bytes);
  for (const auto& peer : impl_->peers) {
    digest.add(peer->stream.value);
    digest.add(peer->listed);
    digest.add(peer->silent);
    digest.add(peer->withheld);
    digest.add(peer->identity.bytes);
    digest.add(peer->keys.digest());
    digest.add(as_byte_view(peer->alias));
    add(digest, peer->slots.active);
    add(digest, peer->slots.previous);
  }
  return digest.finish();
}

}  // namespace wzp::crypto::e2e
