/// \file
/// Who may hear: the user's side of end-to-end encryption (known peers, --verified-only).
#pragma once

#include <string_view>

#include "wzp/crypto/keys.hpp"

namespace wzp::crypto::e2e {

/// Asked by a RoomSession before it gives a key to a peer, when the peer states its name, and on
/// RoomSession::handle_policy_change(). Must not call back into the session.
class PeerPolicy {
 public:
  virtual ~PeerPolicy() = default;
  /// May this identity, which calls itself `alias` (empty: nothing stated yet), hear us? False for
  /// a verified alias that arrives with another identity, until the user accepts it.
  [[nodiscard]] virtual bool may_hear(const IdentityKey& identity,
                                      std::string_view alias) const = 0;
};

}  // namespace wzp::crypto::e2e
