// End-to-end encryption of a call: drives its RoomSession, seals and opens its packets.
#pragma once

#include <array>
#include <map>
#include <optional>

#include "media_loop.hpp"
#include "relay_link.hpp"
#include "room_view.hpp"
#include "wzp/client/call.hpp"
#include "wzp/proto/media2_packet.hpp"
#include "wzp/proto/media_packet.hpp"

namespace wzp::client {

class CallSecurity {
 public:
  // A sealed packet is so much longer than the plain one.
  static constexpr std::size_t kOverhead = 16;
  // Cached deadlines are looked at again after this time: opening a packet may bring them forward
  // (keys to wipe), and asking after each would cost more than opening does.
  static constexpr std::chrono::seconds kMostStale{1};

  // All references outlive this object; `room` is the relay's claims, kept up to date by the call.
  CallSecurity(RelayLink& relay, const RoomView& room, const crypto::Identity& me,
               const CallOptions& options, Rng& rng, CallObserver& observer, Instant now);

  [[nodiscard]] const proto::Bytes& hello() const noexcept { return session_.hello(); }
  // From the relay's answer. One that cannot seal is tolerated only if the options allow it.
  void set_relay(bool can_seal, bool names_streams) noexcept {
    relay_can_seal_ = can_seal;
    relay_names_streams_ = names_streams;
  }

  // Gets the signals that are for it; null: nothing does.
  void set_loop(MediaLoop* loop) noexcept { loop_ = loop; }
  void handle_room(const proto::RoomUpdate& update, Instant now);
  void handle_peer_signal(const proto::PeerSignal& signal, Instant now);
  void handle_policy_change(Instant now);
  void renew(Instant now);
  bool send_signal(StreamId to, std::string_view json, Instant now);
  // Does what is due, sends what there is to send, tells what happened.
  void handle_turn(Instant now);
  void bye(Instant now);
  // The call is over: all keys are wiped.
  void close() { session_.close(); }
  [[nodiscard]] Instant next_deadline() const noexcept;

  // A plain packet, as it is to be sent; nothing if nobody may hear it. Valid until the next call.
  [[nodiscard]] std::optional<ByteView> seal(ByteView plain, Instant now);
  // Seals an empty packet if nothing was sealed for long.
  void keep_alive(Instant now);
  struct Opened {
    proto::MediaPacketView packet;
    bool is_keep_alive = false;
  };
  // A packet of a stream: opened, or in clear where that is allowed. Valid until the next call.
  [[nodiscard]] std::optional<Opened> open(StreamId from, ByteView packet, Instant now);

  struct SealedMedia2 {
    ByteView bytes;
    SeqNo16 seq;
  };
  // The same for a media/2 payload; with its own header.
  [[nodiscard]] std::optional<SealedMedia2> seal_media2(bool control, ByteView payload,
                                                        Instant now);
  struct OpenedMedia2 {
    proto::Media2Header header;
    ByteView payload;
  };
  [[nodiscard]] std::optional<OpenedMedia2> open_media2(StreamId from, ByteView packet,
                                                        Instant now);
  // Somebody holds our key, each of them lists it, and nobody needs copies in clear.
  [[nodiscard]] bool takes_media2() const noexcept { return takes_media2_ && !sends_clear(); }

  // Somebody holds our key, or copies go out in clear.
  [[nodiscard]] bool has_listeners() const noexcept { return has_holders_ || sends_clear(); }
  [[nodiscard]] bool sends_clear() const noexcept {
    return allows_clear_ && (!relay_can_seal_ || has_unencrypted_);
  }
  [[nodiscard]] bool is_changing_keys() const noexcept { return session_.is_changing_keys(); }
  [[nodiscard]] std::vector<RemoteParticipant> participants() const;
  [[nodiscard]] const crypto::e2e::RoomSession& session() const noexcept { return session_; }
  void add_to(CallStatistics& statistics) const;

 private:
  void settle(Instant now);
  bool send_signals(Instant now);
  bool tell_events(Instant now);
  void tell_locks(const std::vector<RemoteParticipant>& there);
  [[nodiscard]] RemoteParticipant whom(const crypto::e2e::Event& event) const;
  void tell(const crypto::e2e::Event& event, const RemoteParticipant& who);
  [[nodiscard]] bool is_for_loop(const crypto::e2e::Event& event, Instant now);
  void note_key();
  void look_at_deadlines(Instant now);
  void name_senders();
  [[nodiscard]] RemoteParticipant described(const crypto::e2e::Participant& p) const;

  RelayLink& relay_;
  const RoomView& room_;
  CallObserver& observer_;
  MediaProbe* probe_;
  MediaLoop* loop_ = nullptr;
  bool allows_clear_;
  bool relay_can_seal_ = true;
  bool relay_names_streams_ = true;
  crypto::e2e::RoomSession session_;

  bool changed_ = true;  // Something went into the session since settle().
  Instant deadline_ = kNever;
  Instant keep_alive_at_ = kNever;
  bool has_holders_ = false;
  bool takes_media2_ = false;
  bool has_unencrypted_ = false;
  std::map<StreamId, RemoteParticipant> joined_;  // As last told.
  crypto::e2e::KeyStep key_;
  std::uint64_t key_changes_ = 0;
  std::uint64_t keep_alives_ = 0;
  std::uint64_t malformed_clear_ = 0;
  std::array<std::byte, 1500> sealed_{};
  std::array<std::byte, 1500> opened_{};
};

}  // namespace wzp::client
