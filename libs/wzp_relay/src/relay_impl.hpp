/// \file
/// The inside of a Relay. Five files implement it: relay.cpp takes the endpoint's events and
/// forwards media, admission.cpp is about coming, going and identities, binding.cpp about offers
/// made for this connection alone, call_signals.cpp about signals during a call, guests.cpp about
/// participants that are not on QUIC.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "identity_table.hpp"
#include "participant.hpp"
#include "room.hpp"
#include "wzp/crypto/handshake.hpp"
#include "wzp/relay/relay.hpp"
#include "wzp/relay/unique_identities.hpp"

namespace wzp::relay {

class Relay::Impl {
 public:
  Impl(transport::Endpoint& endpoint, const crypto::Identity& identity, Rng& rng,
       const RelayConfig& config, RelayObserver* observer);

  void handle_turn(Instant now);
  [[nodiscard]] Instant next_deadline() const;
  void shut_down(Instant now);
  void start_drain(Instant now, const DrainConfig& config);
  [[nodiscard]] bool is_draining() const noexcept { return draining_; }
  [[nodiscard]] bool is_drained() const noexcept;
  void reconfigure(const RelayConfig& config);
  void set_utc_day(std::uint32_t day) { seen_today_.set_day(day); }
  [[nodiscard]] std::size_t unique_identities_today() const noexcept { return seen_today_.count(); }

  [[nodiscard]] const RelayCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t participant_count() const noexcept { return admitted_; }
  [[nodiscard]] std::vector<RoomInfo> rooms() const;
  [[nodiscard]] std::size_t room_count() const noexcept { return rooms_.size(); }
  [[nodiscard]] ParticipantKinds participant_kinds() const;
  [[nodiscard]] std::vector<SessionQuality> session_qualities() const;

  // -- admission.cpp: tokens ---------------------------------------------------------------------
  std::optional<TokenCheck> poll_token_check();
  void handle_token_verdict(const TokenCheck& check, const TokenVerdict& verdict, Instant now);

  // -- guests.cpp --------------------------------------------------------------------------------
  Expected<GuestAdmission, GuestRefusal> add_guest(Guest& guest, const GuestRequest& request,
                                                   Instant now);
  void handle_guest_media(GuestId id, ByteView packet, Instant now);
  void remove_guest(GuestId id, EndReason reason, std::string_view why, Instant now);

 private:
  // -- relay.cpp: events, media, bookkeeping -----------------------------------------------------
  void on(const transport::Connected& e, Instant now);
  void on(const transport::DatagramReceived& e, Instant now);
  void on(const transport::MessageReceived& e, Instant now);
  void on(const transport::ConnectionClosed& e, Instant now);
  void serve_keep_alives(Instant now);
  static void note_report(Participant& from, ByteView packet);
  template <class Visit>
  void for_each_admitted(Visit visit) const;
  bool may_send(Participant& from, std::size_t bytes, Instant now);
  void forward(const Participant& from, const transport::DatagramReceived& packet, Instant now);
  transport::FrameRef trunk_of(StreamId stream, ByteView packet);
  void deliver(const Participant& from, Participant& to, const transport::FrameRef& frame,
               Duration may_wait, Instant now);
  /// Null for connections that are unknown, or that the relay is closing.
  Participant* find(transport::ConnectionHandle connection);
  void complain(Participant& p, std::string_view what, Instant now);
  bool send_text(Participant& to, std::string_view text, Instant now);
  bool send(Participant& to, const proto::Signal& signal, Instant now);

  // -- admission.cpp -----------------------------------------------------------------------------
  enum class BindingCheck : std::uint8_t { kNone, kGenuine, kForged };
  struct Refusal {
    EndReason reason;
    std::string_view code;  ///< For ErrorNotice; empty: none is sent.
    std::string_view why;
    std::uint64_t& counter;
  };
  void begin_stage(Participant& p, Participant::Stage stage, Instant now);
  void on_first_signal(Participant& p, const proto::Signal& signal, Instant now);
  void on_signal_before_verdict(Participant& p, const proto::Signal& signal, Instant now);
  void on_offer(Participant& p, const proto::CallOffer& offer, Instant now);
  void on_genuine_offer(Participant& p, const proto::CallOffer& offer,
                        const crypto::HandshakeAnswer& keys, Instant now);
  [[nodiscard]] std::optional<Refusal> reason_to_refuse(const Participant& p, BindingCheck binding);
  /// Makes it a participant: identity, room, observer.
  void take_in(Participant& p, Instant now);
  void admit(Participant& p, const proto::CallOffer& offer, const crypto::HandshakeAnswer& keys,
             Instant now);
  void refuse(Participant& p, const Refusal& refusal, Instant now);
  void refuse_late(Instant now);
  [[nodiscard]] bool is_allowed(const Participant& p) const;
  [[nodiscard]] bool is_encrypted_enough(const Participant& p) const;
  [[nodiscard]] bool has_place(const Participant& p) const;
  void enter_room(Participant& p, Instant now);
  void leave_room(Participant& p, Instant now);
  void act_on(const IdentityTable::Change& change, Instant now);
  void tell_status(Participant& p, proto::StatusKind kind, Instant now);
  /// Closes the connection, and ends its part in everything at once.
  void disconnect(Participant& p, EndReason reason, std::string_view why, Instant now);
  void leave(Participant& p, std::string_view why, Instant now);
  void tell_gone(const Participant& p, Instant now);
  void close_guests(std::string_view why);

  // -- binding.cpp -------------------------------------------------------------------------------
  void give_challenge(Participant& p, Instant now);
  /// A challenge is used up by it, whatever the result.
  [[nodiscard]] BindingCheck check_binding(Participant& p, const proto::CallOffer& offer,
                                           Instant now);
  [[nodiscard]] std::optional<crypto::e2e::Exporter> exporter_of(const Participant& p) const;
  /// The relay's own, for the answer; none if the offer had none of its kind.
  [[nodiscard]] std::optional<proto::Binding> answer_binding(
      const Participant& p, const proto::CallOffer& offer,
      const crypto::HandshakeAnswer& keys) const;

  // -- call_signals.cpp --------------------------------------------------------------------------
  void on_signal(Participant& from, const proto::Signal& signal, std::string_view text,
                 Instant now);
  void on_ping(Participant& from, const proto::Ping& ping, Instant now);
  void on_room_query(Participant& from, Instant now);
  void on_peer_signal(Participant& from, const proto::PeerSignal& signal, Instant now);
  void on_send_to(Participant& from, const proto::SendTo& signal, Instant now);
  void on_send_to_datagram(Participant& from, ByteView datagram, Instant now);
  void pass_to_room(Participant& from, std::string_view text, Instant now);
  bool take_peer_signal(Participant& from, Instant now);
  /// The active connection of the identity if it takes SendTo, or null.
  Participant* correspondent(const crypto::Fingerprint& identity);
  void note_exchange(Participant& a, Participant& b);

  struct Waiting {
    transport::ConnectionHandle connection;
    Instant deadline;
  };
  struct Later {
    bool operator()(const Waiting& a, const Waiting& b) const { return a.deadline > b.deadline; }
  };

  transport::Endpoint& endpoint_;
  const crypto::Identity& identity_;
  Rng& rng_;
  RelayConfig config_;
  RelayObserver quiet_;
  RelayObserver* observer_;
  RelayCounters counters_;
  std::vector<std::unique_ptr<Participant>> by_slot_;
  std::map<std::string, Room> rooms_;
  IdentityTable identities_;
  UniqueIdentities seen_today_;
  std::size_t admitted_ = 0;
  bool draining_ = false;
  Instant drain_deadline_ = kNever;
  // Before admission: one entry for each stage entered; stale ones are skipped.
  std::priority_queue<Waiting, std::vector<Waiting>, Later> waiting_;
  std::deque<TokenCheck> token_checks_;  // one per participant at most
  std::map<GuestId, std::unique_ptr<Participant>> guests_;
  std::uint32_t last_guest_ = 0;
  // One entry for each participant with keep-alive, never later than what its tracker says: traffic
  // moves a tracker's deadline without touching this.
  std::priority_queue<Waiting, std::vector<Waiting>, Later> keep_alives_;
};

}  // namespace wzp::relay
