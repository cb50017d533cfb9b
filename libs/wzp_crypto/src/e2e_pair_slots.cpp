#include "e2e_pair_slots.hpp"

#include <utility>

namespace wzp::crypto::e2e {

Sha256Hash transcript_with(const OwnSide& own, ByteView peer_hello, const Hello& peer) {
  return side_of(own.hello, peer) == Side::kLow
             ? pair_transcript(own.room, own.hello_bytes, peer_hello)
             : pair_transcript(own.room, peer_hello, own.hello_bytes);
}

Result<Pair> Pair::derive(const OwnSide& own, ByteView peer_hello, const Hello& peer) {
  const auto shared = own.ephemeral.agree_with(peer.ephemeral);
  if (!shared) return Unexpected(shared.error());
  Pair pair;
  pair.transcript = transcript_with(own, peer_hello, peer);
  pair.id = pair_id(pair.transcript);
  pair.side = side_of(own.hello, peer);
  pair.own_n = own.hello.n;
  pair.peer = peer;
  pair.peer_hello.assign(peer_hello.begin(), peer_hello.end());
  if (own.hello.n > 1) pair.own_hello = own.hello_bytes;
  pair.keys = pair_keys(pair_prk(pair.transcript, *shared, own.psk));
  pair.signature = sign_pair(*own.identity, pair.side, pair.transcript);
  return Result<Pair>(std::move(pair));
}

Bytes Pair::auth(bool have) const {
  return seal_auth(keys.of(side).auth, have, own_hello, id, signature);
}

bool Pair::proves_peer(const AuthView& auth) const {
  const auto proof = open_auth(keys.of(other(side)).auth, auth);
  return proof && verify_pair(peer.identity, other(side), transcript, *proof);
}

Bytes Pair::seal(SealedKind kind, ByteView content) {
  return seal_message(keys.of(side).message, id, next_counter++, kind, content);
}

void PairSlots::promote(Instant now) {
  if (active) {
    previous = std::move(active);
    previous_until = now + kPreviousLife;
  }
  active = std::move(pending);
  pending.reset();
}

void PairSlots::expire(Instant now) {
  if (previous_until > now) return;
  previous.reset();
  previous_until = kNever;
}

Pair* PairSlots::opening(const PairId& id, Instant now) noexcept {
  if (active && active->id == id) return &*active;
  return previous && previous->id == id && now < previous_until ? &*previous : nullptr;
}

Pair* PairSlots::with(const Sha256Hash& transcript) noexcept {
  if (pending && pending->transcript == transcript) return &*pending;
  return active && active->transcript == transcript ? &*active : nullptr;
}

}  // namespace wzp::crypto::e2e
