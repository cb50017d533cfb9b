// The inside of a RoomSession. Its functions are in three files: e2e_room_listing.cpp (who is
// there), e2e_room_signals.cpp (the handshake) and e2e_room_session.cpp (time, media, the rest).
#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "e2e_room_peer.hpp"
#include "wzp/crypto/e2e_room_session.hpp"

namespace wzp::crypto::e2e {

struct Legacy {
  StreamId stream;
  std::string alias;
  bool unreadable = false;  // It has a Hello, but none that can be read: never in clear.
};

struct EarlySignal {
  StreamId stream;
  Bytes body;
  Instant until;
};

struct IdentityBudget {
  IdentityKey identity;
  Budget keys{8, std::chrono::seconds(2)};
};

struct RoomSession::Impl {
  Impl(const Identity& me, RoomOptions&& options, Rng& random, Instant now);

  OwnSide own;
  RoomOptions options;
  Rng& rng;
  SenderKeys sender;
  std::vector<std::unique_ptr<Peer>> peers;
  std::vector<Legacy> legacy;
  std::deque<EarlySignal> early;
  std::deque<std::pair<IdentityKey, InstanceId>> gone;
  std::vector<IdentityBudget> identities;
  std::deque<OutgoingSignal> outgoing;
  std::deque<Event> events;
  RoomCounters counters;
  std::uint32_t next_holder = 1;
  std::uint64_t revision = 0;
  StreamId me;
  bool wants_room = false;
  Instant query_at{};
  Instant renew_at = kNever, renewed_by = kNever;
  Instant last_sealed{};
  bool closed = false;

  // Listing.
  void handle_room(const proto::RoomUpdate& update, Instant now);
  void list(const proto::RoomParticipant& participant, std::vector<StreamId>& seen, Instant now);
  void list_unencrypted(const proto::RoomParticipant& participant, bool unreadable);
  void list_peer(StreamId stream, ByteView bytes, const Hello& hello, Instant now);
  void relist(Peer& peer, StreamId stream, ByteView bytes, Instant now);
  void unlist(Peer& peer, Instant now);
  void unlist_stream(StreamId stream, Instant now);
  void take_early(Peer& peer, Instant now);
  void limit_dormant(Instant now);
  [[nodiscard]] bool is_refused(const Hello& hello) const;

  // Handshake.
  void handle_signal(StreamId from, ByteView body, Instant now);
  void dispatch(Peer& peer, ByteView body, Instant now);
  void hold_early(StreamId from, ByteView body, Instant now);
  void handle_auth(Peer& peer, ByteView body, Instant now);
  void handle_sealed(Peer& peer, ByteView body, Instant now);
  void handle_content(Peer& peer, const SealedContent& content, Instant now);
  void handle_alias(Peer& peer, ByteView content, Instant now);
  bool build(Peer& peer, ByteView bytes, const Hello& hello, Instant now);
  void build_waiting(Peer& peer, Instant now);
  void send_auth(Peer& peer, Pair& pair, Instant now);
  void activate(Peer& peer, Instant now);
  void fail(Peer& peer, Instant now);
  void authentic(Peer& peer, Instant now);
  bool send_sealed(Peer& peer, SealedKind kind, ByteView content);
  void send_gifts();
  void leave_for_good(Peer& peer, Instant now);

  // Who hears.
  void consider(Peer& peer, Instant now);
  void withdraw(Peer& peer, Instant now);
  Budget& budget_of(const IdentityKey& identity, Instant now);

  // Time.
  void schedule_renewal(Instant now);
  void renew(Instant now);
  void finish_renewal(Instant now);
  [[nodiscard]] bool all_answered() const;
  void handle_deadline(Peer& peer, Instant now);
  void give_up_waiting(Peer& peer, Instant now);
  void probe(Peer& peer, Instant now);
  [[nodiscard]] Instant deadline_of(const Peer& peer) const noexcept;

  MediaResult counted(MediaResult result) {
    if (!result) ++counters.media[static_cast<std::size_t>(result.error())];
    return result;
  }
  MediaResult opened(Peer& peer, MediaResult result, Instant now);
  void note_keyless(Peer& peer, Instant now);
  [[nodiscard]] MediaError error_for(StreamId stream) const noexcept;

  [[nodiscard]] Peer* at(StreamId stream) const noexcept;
  [[nodiscard]] Peer* numbered(HolderId id) const noexcept;
  void emit(Event::Kind kind, const Peer& peer, std::string text = {}, NoKeys why = NoKeys::kNone);
  void emit(Event event);
  void post(StreamId to, Bytes body);
};

}  // namespace wzp::crypto::e2e
