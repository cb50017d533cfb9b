/// \file
/// Somebody connected to the relay, from the end of the TLS handshake on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "link.hpp"
#include "wzp/crypto/fingerprint.hpp"
#include "wzp/proto/features.hpp"
#include "wzp/relay/relay.hpp"

namespace wzp::relay {

class Room;

struct Participant {
  transport::ConnectionHandle connection;
  std::unique_ptr<Link> link;
  std::string room_name;         ///< The SNI.
  Instant admission_deadline{};  ///< Until then an offer must have come.

  // From admission on.
  Room* room = nullptr;
  StreamId stream;
  crypto::Fingerprint fingerprint;
  proto::Bytes hello;
  std::vector<std::string> feature_names;
  proto::FeatureSet features;

  Instant last_complaint{};  ///< RelayObserver::on_bad_input is called once a second at most.
  bool has_complained = false;

  [[nodiscard]] bool is_admitted() const noexcept { return room != nullptr; }
  /// Understands RoomUpdate and trunk frames; a reference client does not.
  [[nodiscard]] bool knows_streams() const noexcept {
    return features.contains(proto::Feature::kStreamId);
  }
  [[nodiscard]] bool can_seal() const noexcept { return features.contains(proto::Feature::kE2e1); }
  [[nodiscard]] ParticipantInfo info() const {
    return {room_name, stream, fingerprint, link->remote(), feature_names};
  }
};

}  // namespace wzp::relay
