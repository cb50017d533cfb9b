/// \file
/// Somebody connected to the relay, from the end of the TLS handshake on.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "link.hpp"
#include "wzp/crypto/e2e_binding.hpp"
#include "wzp/crypto/fingerprint.hpp"
#include "wzp/proto/features.hpp"
#include "wzp/proto/quality_report.hpp"
#include "wzp/proto/signal.hpp"
#include "wzp/relay/relay.hpp"

namespace wzp::relay {

class Room;

/// What one participant may send.
struct ParticipantLimits {
  explicit ParticipantLimits(const RelayConfig& config)
      : packets(config.ingress_packets),
        bytes(config.ingress_bytes),
        signals(config.signals),
        pings(config.pings),
        room_queries(config.room_queries),
        peer_signals(config.peer_signals),
        room_signals(config.room_signals) {}

  TokenBucket packets;
  TokenBucket bytes;
  TokenBucket signals;
  TokenBucket pings;
  TokenBucket room_queries;
  TokenBucket peer_signals;
  TokenBucket room_signals;
};

struct Participant {
  static constexpr std::size_t kMaxCorrespondents = 64;

  explicit Participant(const RelayConfig& config) : limits(config), keep_alive(config.keep_alive) {}

  transport::ConnectionHandle connection;
  std::unique_ptr<Link> link;
  std::string room_name;  ///< The SNI.

  /// What is awaited before admission, and until when.
  enum class Stage : std::uint8_t { kToken, kVerdict, kOffer };
  Stage stage = Stage::kOffer;
  Instant stage_began{};
  Instant stage_deadline{};
  std::optional<crypto::Fingerprint> token_owner;
  std::optional<proto::CallOffer> early_offer;  ///< Came before the verdict about the token.

  /// Set when the relay has decided to close: from then on nothing it sends counts.
  std::optional<EndReason> end_reason;

  ParticipantLimits limits;
  PingTracker keep_alive;

  bool is_guest = false;  ///< Not on QUIC: sound in clear, here.
  /// The last one given to it and not used yet, for a binding of kind "origin".
  struct OpenChallenge {
    crypto::e2e::Challenge value;
    Instant expires;
  };
  std::optional<OpenChallenge> challenge;

  // From admission on.
  bool admitted = false;
  bool bound = false;   ///< Its offer was made for this very connection.
  bool parked = false;  ///< Another connection of the identity is the active one.
  bool preferred = false;
  Room* room = nullptr;  ///< Null while parked.
  StreamId stream;       ///< A new one with each room entered.
  crypto::Fingerprint fingerprint;
  proto::Bytes hello;
  std::optional<std::string> alias;
  std::vector<std::string> feature_names;
  proto::FeatureSet features;
  /// With whom SendTo was exchanged, the oldest first, to tell them when this one is gone.
  std::vector<crypto::Fingerprint> correspondents;

  void note_correspondent(const crypto::Fingerprint& who) {
    if (std::find(correspondents.begin(), correspondents.end(), who) != correspondents.end())
      return;
    if (correspondents.size() == kMaxCorrespondents) correspondents.erase(correspondents.begin());
    correspondents.push_back(who);
  }

  std::string session_id;  ///< For metrics: random, 32 hex digits.
  std::uint64_t packets_received = 0;
  std::optional<proto::QualityReport> last_report;

  Instant last_complaint{};  ///< RelayObserver::on_bad_input is called once a second at most.
  bool has_complained = false;

  [[nodiscard]] bool is_admitted() const noexcept { return admitted; }
  /// Reads signals during a call. A reference client lists no features and does not.
  [[nodiscard]] bool is_capable() const noexcept { return !feature_names.empty(); }
  /// Understands RoomUpdate and trunk frames.
  [[nodiscard]] bool knows_streams() const noexcept {
    return features.contains(proto::Feature::kStreamId);
  }
  /// Sealed media travels in trunk frames only.
  [[nodiscard]] bool can_seal() const noexcept {
    return features.contains(proto::Feature::kE2e1) && knows_streams();
  }
  [[nodiscard]] ParticipantInfo info() const {
    return {room_name,     stream, fingerprint,    link->remote(),
            feature_names, alias,  !hello.empty(), packets_received};
  }
};

}  // namespace wzp::relay
