/// \file
/// A call: one connection to a relay, one room, everybody in it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wzp/client/audio.hpp"
#include "wzp/client/call_observer.hpp"
#include "wzp/client/call_statistics.hpp"
#include "wzp/client/export.hpp"
#include "wzp/client/media_control.hpp"
#include "wzp/client/playout_map.hpp"
#include "wzp/client/webrtc_stats.hpp"
#include "wzp/crypto/e2e_peer_policy.hpp"
#include "wzp/crypto/e2e_room_session.hpp"
#include "wzp/crypto/identity.hpp"
#include "wzp/crypto/secret.hpp"
#include "wzp/proto/call_state.hpp"
#include "wzp/proto/quality_profile.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/proto/signal.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/transport/endpoint.hpp"

namespace wzp::client {

struct CallOptions {
  /// The SNI: crypto::room_hash(name), or crypto::kDefaultRoomServerName.
  std::string server_name{"default"};
  /// Good: to begin with, then what the listeners' reports allow. Another one is forced, see
  /// Call::force_profile().
  proto::QualityProfile profile = proto::kProfileGood;
  /// Tells the others how they are heard, and follows what they tell (docs/media.md, "Closed
  /// loops"). Not with plain_reference_client; constant_rate only tells.
  bool closed_loop = true;
  /// What is done to captured sound, see CallEncoderOptions.
  bool silence_suppression = false;
  bool noise_suppression = false;
  bool gain_control = false;
  /// Until the relay's answer. Includes the QUIC handshake.
  std::chrono::milliseconds connect_timeout{8000};
  /// Others are heard no earlier than this after the fastest packets, however smooth the path: for
  /// recordings, where completeness counts more than delay. At most 1 s.
  std::chrono::milliseconds min_playout_delay{20};
  /// Streams decoded and mixed at once; packets of more are counted and dropped.
  std::size_t max_remote_streams = 64;
  /// The source is first read when somebody can hear, or after this time: a recording would lose
  /// its first words to the exchange of keys.
  std::chrono::milliseconds wait_for_listener{2000};
  bool muted = false;  ///< To begin with, see Call::set_muted().

  // -- End-to-end encryption (docs/security.md): media is sealed or not sent.
  /// Of the room secret (crypto::e2e::psk_from_text()); only who has the same gets keys.
  std::shared_ptr<const crypto::Secret<32>> room_psk;
  /// What we call ourselves, told to proven participants only; at most 64 bytes of UTF-8.
  std::string alias;
  /// Who may hear. Null: every participant. Must outlive the call.
  const crypto::e2e::PeerPolicy* peer_policy = nullptr;
  /// To participants or relays that cannot encrypt also send copies in clear, and play what comes
  /// from them in clear. Gives away our own voice only, to the relay; the others are told.
  bool allow_unencrypted_peers = false;
  /// Sizes and times of packets do not depend on what is said: constant bit rate, no silence
  /// suppression, sending while muted or without a source.
  bool constant_rate = false;
  /// Offer media/2, and send it while everybody who hears us lists it: short headers, copies inside
  /// the packets (docs/wire/media2.md). Not with constant_rate.
  bool media2 = true;
  /// Must outlive the call; may be null.
  MediaProbe* media_probe = nullptr;
  /// Offer nothing beyond the reference protocol, not even encryption: for tests of that path.
  bool plain_reference_client = false;
};

enum class CallState : std::uint8_t {
  kIdle,        ///< Not started.
  kConnecting,  ///< QUIC handshake, then the call handshake.
  kActive,      ///< In the room.
  kClosing,     ///< Hung up; the last signals are being delivered.
  kClosed,      ///< See Call::end().
};

/// How a call ended.
struct CallEnd {
  enum class Reason : std::uint8_t {
    kHungUp,        ///< By this side.
    kUnreachable,   ///< No relay answered.
    kRefused,       ///< The relay closed before admitting us.
    kUntrusted,     ///< The relay's answer was not genuine.
    kNotEncrypted,  ///< The relay does not carry end-to-end encryption.
    kRelayClosed,   ///< The relay closed a running call.
    kLost,          ///< The connection died during the call.
  };
  Reason reason = Reason::kHungUp;
  std::string message;  ///< For people, one line; text of the relay is quoted.
};

/// Drives one call over an endpoint that it has to itself. Sans I/O, single-threaded:
///
///     Call call(endpoint, me, system_rng(), options, &source, sink);
///     call.start(relay_address, now);
///     driver.start([&](Instant now) { call.handle_turn(now); });   // and at next_deadline()
///
/// Sending is paced by absolute deadlines, one 20 ms frame of the source after the other. Playout
/// has a 20 ms clock of its own: each tick takes one frame from each remote stream's decoder and
/// gives the sink the sum. Neither waits for the other or for the network.
///
/// Media is encrypted end to end: each packet is sealed with a key that the other participants have
/// and the relay has not, and opened before anything else is done with it.
class WZP_CLIENT_EXPORT Call {
 public:
  /// For the endpoint of a call: EndpointConfig::for_client(), but acknowledgements are held back
  /// until the next media packet, 120 ms at most. On their own they cost up to 6 kbit/s.
  [[nodiscard]] static transport::EndpointConfig endpoint_config();

  /// `source` may be null: listen only. All references must outlive the call.
  Call(transport::Endpoint& endpoint, const crypto::Identity& me, Rng& rng,
       const CallOptions& options, AudioSource* source, AudioSink& sink,
       CallObserver* observer = nullptr);
  ~Call();
  Call(Call&&) noexcept;
  Call& operator=(Call&&) noexcept;

  /// Connects. Requires: kIdle.
  void start(const transport::SocketAddress& relay, Instant now);
  /// Takes the endpoint's events and does what is due.
  void handle_turn(Instant now);
  /// When handle_turn() is wanted even without input; kNever when closed.
  [[nodiscard]] Instant next_deadline() const;
  /// Protects what was sent last, says goodbye, closes. Ignored when closing or closed.
  void hang_up(Instant now);

  /// Muted, nothing of the source is sent (but it is read). Others learn of it by a comfort packet.
  void set_muted(bool muted) noexcept;
  [[nodiscard]] bool is_muted() const noexcept;
  /// The user verified or accepted somebody, or no longer: CallOptions::peer_policy is asked again.
  void handle_policy_change(Instant now);
  /// New keys with everybody, as happens by itself every 20 to 30 minutes.
  void renew_keys(Instant now);
  /// A signal of at most 900 bytes for one participant, sealed. False if it is not proven.
  bool send_signal(StreamId to, std::string_view json, Instant now);

  /// Sends so from the next frame on, whatever is reported; nothing: adapts again. Throws
  /// std::invalid_argument as CallEncoder.
  void force_profile(const std::optional<proto::QualityProfile>& profile, Instant now);
  [[nodiscard]] const proto::QualityProfile& profile() const noexcept;
  /// Everything counted, under W3C names; `timestamp_ms` since 1970.
  [[nodiscard]] WebrtcStats webrtc_stats(double timestamp_ms, Instant now) const;
  /// What the closed loop makes of the listeners' reports.
  [[nodiscard]] MediaControlState control_state(Instant now) const;

  [[nodiscard]] CallState state() const noexcept;
  /// The same in the states of the protocol; media flows in Active and Rekeying.
  [[nodiscard]] const proto::CallStateMachine& life() const noexcept;
  /// False for a call that may carry anything in clear, from its start to its end.
  [[nodiscard]] bool is_end_to_end_encrypted() const noexcept;
  /// The encryption's state, to look at. Null before the connection is made.
  [[nodiscard]] const crypto::e2e::RoomSession* security() const noexcept;
  /// Requires: kClosed.
  [[nodiscard]] const CallEnd& end() const noexcept;
  /// The source has ended and everything it gave has been sent.
  [[nodiscard]] bool source_ended() const noexcept;
  /// Everybody else in the room, with how we stand.
  [[nodiscard]] std::vector<RemoteParticipant> participants() const;
  [[nodiscard]] CallStatistics statistics() const;
  /// What was played from one stream, also after it left; empty if it is unknown.
  [[nodiscard]] std::optional<ReceiveStatistics> stream_statistics(StreamId stream) const;
  /// Records where each played 20 ms came from, from now on. Grows by 50 entries a second.
  void record_playout_map();
  [[nodiscard]] const PlayoutMap& playout_map() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::client
