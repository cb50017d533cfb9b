// The members of every signal, in wire order, written once for reading and writing: `describe`
// shows a struct's members to a visitor, which is a reader or a writer (signal_reader,
// signal_writer).
//   field      required when parsing; always written
//   nullable   may be missing or null; written as null when absent (the reference's optional)
//   extra      ours: may be missing; left out when empty
#pragma once

#include <concepts>
#include <type_traits>

#include "wzp/proto/signal.hpp"

namespace wzp::proto {

/// A T, const for writing.
template <class S, class T>
concept Of = std::same_as<std::remove_const_t<S>, T>;

/// Bytes written as base64 text instead of a list of numbers.
template <class B>
struct Base64 {
  B& bytes;
  std::size_t min_size;
  std::size_t max_size;
};
template <class B>
Base64<B> base64(B& bytes, std::size_t min_size, std::size_t max_size) {
  return {bytes, min_size, max_size};
}

template <class V, Of<QualityProfile> S>
void describe(V& v, S& s) {
  v.field("codec", s.codec);
  v.field("fec_ratio", s.fec_ratio);
  v.field("frame_duration_ms", s.frame_duration_ms);
  v.field("frames_per_block", s.frames_per_block);
}
template <class V, Of<QualityReport> S>
void describe(V& v, S& s) {
  v.field("loss_pct", s.loss_pct);
  v.field("rtt_4ms", s.rtt_4ms);
  v.field("jitter_ms", s.jitter_ms);
  v.field("bitrate_cap_kbps", s.bitrate_cap_kbps);
}
template <class V, Of<Binding> S>
void describe(V& v, S& s) {
  v.field("kind", s.kind);
  v.field("sig", base64(s.sig, 0, 128));
  v.extra("origin", s.origin);
}
template <class V, class S>
void describe_extensions(V& v, S& s) {
  v.extra("features", s.features);
  v.extra("hello", base64(s.hello, 0, kMaxHelloBytes));
  v.extra("binding", s.binding);
}
template <class V, Of<CallOffer> S>
void describe(V& v, S& s) {
  v.field("identity_pub", s.identity_pub);
  v.field("ephemeral_pub", s.ephemeral_pub);
  v.field("signature", s.signature);
  v.profiles("supported_profiles", s.supported_profiles, s.unreadable_profiles);
  describe_extensions(v, s);
}
template <class V, Of<CallAnswer> S>
void describe(V& v, S& s) {
  v.field("identity_pub", s.identity_pub);
  v.field("ephemeral_pub", s.ephemeral_pub);
  v.field("signature", s.signature);
  v.field("chosen_profile", s.chosen_profile);
  describe_extensions(v, s);
}
template <class V, Of<IceCandidate> S>
void describe(V& v, S& s) {
  v.field("candidate", s.candidate);
}
template <class V, Of<Rekey> S>
void describe(V& v, S& s) {
  v.field("new_ephemeral_pub", s.new_ephemeral_pub);
  v.field("signature", s.signature);
}
template <class V, Of<QualityUpdate> S>
void describe(V& v, S& s) {
  v.field("report", s.report);
  v.field("recommended_profile", s.recommended_profile);
}
template <class V, class S>
requires(Of<S, Ping> || Of<S, Pong>) void describe(V& v, S& s) {
  v.field("timestamp_ms", s.timestamp_ms);
}
template <class V, Of<Hangup> S>
void describe(V& v, S& s) {
  v.field("reason", s.reason);
}
template <class V, Of<AuthToken> S>
void describe(V& v, S& s) {
  v.field("token", s.token);
}
template <class V, Of<Transfer> S>
void describe(V& v, S& s) {
  v.field("target_fingerprint", s.target_fingerprint);
  v.nullable("relay_addr", s.relay_addr);
}
template <class V, Of<PresenceUpdate> S>
void describe(V& v, S& s) {
  v.field("fingerprints", s.fingerprints);
  v.field("relay_addr", s.relay_addr);
}
template <class V, Of<RouteQuery> S>
void describe(V& v, S& s) {
  v.field("fingerprint", s.fingerprint);
  v.field("ttl", s.ttl);
}
template <class V, Of<RouteResponse> S>
void describe(V& v, S& s) {
  v.field("fingerprint", s.fingerprint);
  v.field("found", s.found);
  v.field("relay_chain", s.relay_chain);
}
template <class V, Of<SessionForward> S>
void describe(V& v, S& s) {
  v.field("session_id", s.session_id);
  v.field("target_fingerprint", s.target_fingerprint);
  v.field("source_relay", s.source_relay);
}
template <class V, Of<SessionForwardAck> S>
void describe(V& v, S& s) {
  v.field("session_id", s.session_id);
  v.field("room_name", s.room_name);
}
template <class V, Of<RoomParticipant> S>
void describe(V& v, S& s) {
  v.field("stream", s.stream);
  v.extra("hello", base64(s.hello, 0, kMaxHelloBytes));
  v.field("features", s.features);
  v.field("fingerprint", s.fingerprint);
  v.extra("alias", s.alias);
}
template <class V, Of<RoomUpdate> S>
void describe(V& v, S& s) {
  v.field("rev", s.rev);
  v.field("base", s.base);
  v.field("you", s.you);
  v.field("participants", s.participants);
  v.field("left", s.left);
}
template <class V, Of<PeerSignal> S>
void describe(V& v, S& s) {
  v.field("to", s.to);
  v.field("from", s.from);
  v.field("body", base64(s.body, 0, kMaxPeerBodyBytes));
}
template <class V, Of<Challenge> S>
void describe(V& v, S& s) {
  v.field("challenge", base64(s.challenge, 32, 32));
}
template <class V, Of<Restarting> S>
void describe(V& v, S& s) {
  v.field("reconnect_in_ms", s.reconnect_in_ms);
  v.field("try_for_ms", s.try_for_ms);
}
template <class V, Of<EndpointGone> S>
void describe(V& v, S& s) {
  v.field("fingerprint", s.fingerprint);
}
template <class V, Of<Preferred> S>
void describe(V& v, S& s) {
  v.field("preferred", s.preferred);
}
template <class V, Of<SendTo> S>
void describe(V& v, S& s) {
  v.field("fingerprint", s.fingerprint);
  v.field("body", base64(s.body, 0, kMaxPeerBodyBytes));
}
template <class V, Of<Health> S>
void describe(V& v, S& s) {
  v.field("problem", s.problem);
}
template <class V, Of<Status> S>
void describe(V& v, S& s) {
  v.status_kind("kind", s);
}
template <class V, Of<ErrorNotice> S>
void describe(V& v, S& s) {
  v.field("code", s.code);
  v.field("reason", s.reason);
}

}  // namespace wzp::proto
