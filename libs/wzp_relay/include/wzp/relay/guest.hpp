/// \file
/// Participants that come over something else than QUIC: a WebSocket, for instance.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wzp/crypto/fingerprint.hpp"
#include "wzp/proto/bytes.hpp"
#include "wzp/relay/export.hpp"
#include "wzp/transport/socket_address.hpp"

namespace wzp::relay {

/// Listed in RoomUpdate for every guest: sound is decoded and encoded on the relay, in clear.
inline constexpr std::string_view kPcmGatewayFeature = "pcm-gateway";

/// Receives what the relay has for a guest. Called while the relay works: it must not call the
/// relay back, and must outlive its stay.
class WZP_RELAY_EXPORT Guest {
 public:
  virtual ~Guest();
  /// Media of others: a trunk datagram (docs/wire/datagrams.md) that names the sender's stream.
  /// False if there was no room for it.
  virtual bool handle_datagram(ByteView datagram) = 0;
  /// JSON text; RoomUpdate among others.
  virtual void handle_signal(std::string_view text) = 0;
  /// The relay has ended the stay; Relay::remove_guest() is still to be called.
  virtual void handle_close(std::string_view why) = 0;
};

struct GuestRequest {
  std::string room;  ///< As in an SNI: the hash of the room's name.
  crypto::Fingerprint fingerprint;
  std::optional<std::string> alias;
  transport::SocketAddress remote;
};

struct GuestRefusal {
  std::string code;  ///< As in an Error signal.
  std::string why;
};

struct GuestId {
  std::uint32_t value = 0;
  auto operator<=>(const GuestId&) const = default;
};

struct GuestAdmission {
  GuestId id;
  std::string session_id;  ///< For metrics.
};

}  // namespace wzp::relay
