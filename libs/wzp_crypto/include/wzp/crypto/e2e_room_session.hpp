/// \file
/// End-to-end encryption of one connection in one room: pairs with every participant, one's own
/// media keys, those of the others, and what became of each.
///
/// A RoomSession has no socket and no clock. Rooms, signals and packets go in with the time;
/// signals, events and the next deadline come out. Protocol: docs/wire/e2e.md.
///
///     RoomSession session(me, options, system_rng(), now);
///     offer.hello = session.hello();
///     session.handle_room(update, now);  session.handle_peer_signal(from, body, now);
///     while (auto s = session.poll_signal()) relay.send(PeerSignal{s->to, {}, s->body});
///     auto packet = session.seal_media(header, opus, {}, buffer, now);
///     auto sound = session.open_media(stream, received, buffer, now);
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wzp/crypto/e2e_hello.hpp"
#include "wzp/crypto/e2e_media_error.hpp"
#include "wzp/crypto/e2e_peer_policy.hpp"
#include "wzp/crypto/e2e_sender_keys.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/hash.hpp"
#include "wzp/crypto/identity.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/proto/signal.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::crypto::e2e {

struct RoomOptions {
  std::string room;                 ///< As in the server name: room hash or "default".
  std::unique_ptr<Secret<32>> psk;  ///< Of the room secret: Invite::psk(), psk_from_text().
  std::string features = "e2e/1";   ///< Of the Hello, separated by spaces; at most 300 bytes.
  std::string alias;                ///< Told to peers, sealed; at most 64 bytes.
  bool allows_unencrypted_peers = false;
  const PeerPolicy* policy = nullptr;  ///< Null: everybody may hear. Outlives the session.
  std::optional<SeqNo16> first_seq;    ///< Random if not given.
};

/// How a participant and we stand.
enum class Lock : std::uint8_t {
  kUnencrypted,  ///< No Hello: neither heard nor sent to, unless the user allowed it.
  kNoKeys,       ///< Listed, not (yet) authenticated.
  kProven,       ///< Authenticated, but not given our key.
  kLocked,       ///< Authenticated, and holds our key.
};

struct Participant {
  StreamId stream;
  IdentityKey identity;  ///< Zeros for an unencrypted one.
  InstanceId instance;
  std::string alias;  ///< What it calls itself: sealed, so proven. Relay's claim if unencrypted.
  Lock lock = Lock::kNoKeys;
  bool heard = false;  ///< We hold a key of it.
  bool allows_unencrypted_peers = false;
};

/// Why there are no keys with a peer.
enum class NoKeys : std::uint8_t {
  kNone,
  kPeerHasNoRoomSecret,  ///< We have one.
  kWeHaveNoRoomSecret,   ///< The peer has one.
  kSecretsDiffer,        ///< Both have one: they differ, or the relay interferes.
  kInterference,         ///< Neither has one: the relay interferes.
};

struct Event {
  enum class Kind : std::uint8_t {
    kJoined,           ///< Authenticated for the first time.
    kLeft,             ///< An authenticated one left, fell silent or was replaced.
    kRekeyed,          ///< A pair was renewed.
    kUnencryptedPeer,  ///< A participant without a Hello is listed.
    kNoKeys,           ///< See `why`.
    kInterference,     ///< So many forged packets that a key was given up.
    kAlias,            ///< `text`: what a peer calls itself.
    kSignal,           ///< `text`: JSON for us, from an authenticated peer.
  };
  Kind kind = Kind::kJoined;
  StreamId stream;
  IdentityKey identity;
  NoKeys why = NoKeys::kNone;
  std::string text;
};

/// A PeerSignal to send.
struct OutgoingSignal {
  StreamId to;
  std::vector<std::byte> body;
};

/// Everything that is dropped or refused, counted once each.
struct RoomCounters {
  std::uint64_t stale_updates = 0;      ///< RoomUpdate of an older revision.
  std::uint64_t unfitting_updates = 0;  ///< Changes to another revision than ours.
  std::uint64_t reflections = 0;        ///< Our own instance, listed as somebody else.
  std::uint64_t duplicates = 0;         ///< One instance on two streams.
  std::uint64_t bad_hellos = 0;         ///< Listed bytes that are no Hello, or no usable key.
  std::uint64_t hellos_stripped = 0;    ///< A stream with a Hello listed without one.
  std::uint64_t returned = 0;           ///< Listed again after its Bye.
  std::uint64_t too_many_peers = 0;
  std::uint64_t refused_versions = 0;  ///< Both sides know a later version: somebody strips it.
  std::uint64_t malformed_signals = 0;
  std::uint64_t failed_signals = 0;  ///< Did not open, or did not verify.
  std::uint64_t stale_auths = 0;     ///< Below the active pair's.
  std::uint64_t unknown_pairs = 0;   ///< Sealed under a pair we do not have.
  std::uint64_t replayed_signals = 0;
  std::uint64_t ignored_signals = 0;  ///< From a stream that sent too many bad ones.
  std::uint64_t unknown_kinds = 0;
  std::uint64_t held_dropped = 0;      ///< More early messages than are held.
  std::uint64_t builds_delayed = 0;    ///< A peer's Hellos change too often.
  std::uint64_t auths_suppressed = 0;  ///< Not repeated within 300 ms.
  std::uint64_t keys_delayed = 0;      ///< One identity wants keys too often.
  std::uint64_t keys_refused = 0;      ///< By policy.
  std::uint64_t keys_useless = 0;      ///< SenderKey below what is known.
  std::uint64_t events_dropped = 0;
  std::uint64_t outgoing_dropped = 0;
  std::array<std::uint64_t, kMediaErrors> media{};  ///< By MediaError.
};

/// Single-threaded, movable. Sealing and opening allocate nothing once keys are settled.
class WZP_CRYPTO_EXPORT RoomSession {
 public:
  static constexpr std::size_t kMostPeers = 128;
  static constexpr std::size_t kMostSignalBytes = 1024;
  /// Every participant seals something at least this often, or the others think it gone.
  static constexpr std::chrono::seconds kComfortInterval{5};

  /// `me` and `rng` must outlive the session. Throws std::invalid_argument if features or alias
  /// are too long.
  RoomSession(const Identity& me, RoomOptions options, Rng& rng, Instant now);
  RoomSession(RoomSession&&) noexcept;
  RoomSession& operator=(RoomSession&&) noexcept;
  ~RoomSession();

  /// The Hello for CallOffer. Changes at a renewal.
  [[nodiscard]] const std::vector<std::byte>& hello() const noexcept;
  [[nodiscard]] const InstanceId& instance() const noexcept;

  void handle_room(const proto::RoomUpdate& update, Instant now);
  /// True if a RoomQuery is to be sent now (at most once a second).
  [[nodiscard]] bool poll_room_query(Instant now);
  void handle_peer_signal(StreamId from, ByteView body, Instant now);
  /// Media that could not be given to open_media() says nothing; this is for what the user did:
  /// a verified or accepted identity may hear from now on, another one no longer.
  void handle_policy_change(Instant now);
  [[nodiscard]] std::optional<OutgoingSignal> poll_signal();
  [[nodiscard]] std::optional<Event> poll_event();
  /// Costs time in proportion to the participants: ask after events, not per packet.
  [[nodiscard]] Instant next_deadline() const noexcept;
  void handle_deadline(Instant now);

  /// Layout 1: see SenderKeys::seal_plain().
  [[nodiscard]] MediaResult seal_media(std::span<const std::byte, 12> header, ByteView payload,
                                       ByteView report, MutableBytes out, Instant now);
  /// Layouts 2 and 3: see SenderKeys::seal_media2(). The header holds next_numbers().
  [[nodiscard]] MediaResult seal_media2(Layout layout, ByteView header, ByteView payload,
                                        MutableBytes out, Instant now);
  [[nodiscard]] SenderKeys::Next next_numbers() const noexcept;
  /// The generation and step that seal now, and whether the next generation is being handed out.
  [[nodiscard]] KeyStep key_in_use() const noexcept;
  [[nodiscard]] bool is_changing_keys() const noexcept;
  /// When something is to be sealed at the latest; kNever while nobody holds our key.
  [[nodiscard]] Instant comfort_due() const noexcept;

  /// Layout 1. Writes the payload to `out`.
  [[nodiscard]] MediaResult open_media(StreamId from, ByteView packet, MutableBytes out,
                                       Instant now);
  [[nodiscard]] MediaResult open_media2(StreamId from, Layout layout, ByteView header,
                                        std::uint8_t epoch, SeqNo16 seq, ByteView sealed,
                                        MutableBytes out, Instant now);

  /// A signal of at most 900 bytes to one peer. False if there is no active pair.
  bool send_signal(StreamId to, std::string_view json);
  /// Tells everybody that this instance leaves for good, and stops.
  void bye(Instant now);
  /// The end: wipes every key and forgets everybody, whether bye() was said or not. Signals and
  /// events not yet taken stay, and so do the counters.
  void close();
  /// New keys with everybody, as happens by itself every 20 to 30 minutes.
  void renew(Instant now);

  /// Everyone listed but ourselves.
  [[nodiscard]] std::vector<Participant> participants() const;
  /// Streams of those that hold our key.
  [[nodiscard]] std::vector<StreamId> holders() const;
  /// Whether every holder's authenticated Hello lists a feature.
  [[nodiscard]] bool every_holder_lists(std::string_view feature) const;
  /// Whether a packet in clear from there may be played: it has no Hello, and the user allowed it.
  [[nodiscard]] bool may_play_clear(StreamId from) const noexcept;
  [[nodiscard]] const RoomCounters& counters() const noexcept;

  /// A hash over all that decides what is opened and who hears: authenticated pairs, keys,
  /// windows, holders. Left out: counters, pacing, and pairs that are not authenticated.
  [[nodiscard]] Sha256Hash digest() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::crypto::e2e
