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
#include "wzp/client/call_statistics.hpp"
#include "wzp/client/export.hpp"
#include "wzp/client/playout_map.hpp"
#include "wzp/crypto/identity.hpp"
#include "wzp/proto/quality_profile.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/proto/signal.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/transport/endpoint.hpp"

namespace wzp::client {

struct CallOptions {
  /// The SNI: crypto::room_hash(name), or crypto::kDefaultRoomServerName.
  std::string server_name{"default"};
  proto::QualityProfile profile = proto::kProfileGood;
  /// What is done to captured sound, see CallEncoderOptions.
  bool silence_suppression = false;
  bool noise_suppression = false;
  bool gain_control = false;
  /// Until the relay's answer. Includes the QUIC handshake.
  std::chrono::milliseconds connect_timeout{8000};
  /// Streams decoded and mixed at once; packets of more are counted and dropped.
  std::size_t max_remote_streams = 64;
  /// Offer nothing beyond the reference protocol: for tests of that path.
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
    kHungUp,       ///< By this side.
    kUnreachable,  ///< No relay answered.
    kRefused,      ///< The relay closed before admitting us.
    kUntrusted,    ///< The relay's answer was not genuine.
    kRelayClosed,  ///< The relay closed a running call.
    kLost,         ///< The connection died during the call.
  };
  Reason reason = Reason::kHungUp;
  std::string message;  ///< For people, one line; text of the relay is quoted.
};

/// Somebody else in the room, as the relay says.
struct RemoteParticipant {
  StreamId stream;
  std::string fingerprint;
  bool is_legacy = false;  ///< A reference client.
};

/// Told what happens, for display. Called while the call works: it must not call back.
class WZP_CLIENT_EXPORT CallObserver {
 public:
  virtual ~CallObserver();
  virtual void on_active(std::string_view relay_fingerprint, bool relay_names_streams);
  virtual void on_joined(const RemoteParticipant& who);
  virtual void on_left(const RemoteParticipant& who);
  /// The last of a stream whose sender has left was played.
  virtual void on_played_out(StreamId stream);
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
class WZP_CLIENT_EXPORT Call {
 public:
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

  [[nodiscard]] CallState state() const noexcept;
  /// Requires: kClosed.
  [[nodiscard]] const CallEnd& end() const noexcept;
  /// The source has ended and everything it gave has been sent.
  [[nodiscard]] bool source_ended() const noexcept;
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
