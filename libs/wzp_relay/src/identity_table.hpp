/// \file
/// Which connection of an identity is the active one.
#pragma once

#include <map>
#include <vector>

#include "participant.hpp"

namespace wzp::relay {

/// Bookkeeping alone: the relay acts on the changes it is told. Sets Participant::parked and
/// Participant::preferred and nothing else.
class IdentityTable {
 public:
  explicit IdentityTable(const RelayConfig& config)
      : takeovers_(config.identity_takeovers), max_parked_(config.max_parked) {}

  /// For identities that come.
  void set_limits(const RelayConfig& config) {
    takeovers_ = config.identity_takeovers;
    max_parked_ = config.max_parked;
  }

  /// What happened to whom; null: nobody.
  struct Change {
    Participant* parked = nullptr;    ///< No longer active, or came and did not become it.
    Participant* promoted = nullptr;  ///< Was parked and is active now.
    Participant* evicted = nullptr;   ///< One parked too many: to be closed.
    bool limited = false;             ///< A take-over did not take place, for their rate.
  };

  /// A connection was admitted: it becomes the active one unless that one is preferred or bound and
  /// the new one is not, or the identity changes hands too often.
  Change add(Participant& newcomer, Instant now);
  /// A connection is gone. If it was active, the preferred or else the newest parked one follows.
  Change remove(Participant& leaver);
  Change set_preferred(Participant& who, bool preferred, Instant now);

  /// Null if nobody of this identity is connected.
  [[nodiscard]] Participant* active(const crypto::Fingerprint& identity) const;

 private:
  struct Connections {
    Participant* active;
    std::vector<Participant*> parked;  ///< The longest parked first.
    TokenBucket takeovers;
  };
  static void park(Connections& all, Participant& who, Change& change);
  static void promote(Connections& all, Participant& who, Change& change);
  /// Whoever proved to be the identity on its own connection comes before who did not.
  static int rank(const Participant& p) { return (p.bound ? 2 : 0) + (p.preferred ? 1 : 0); }
  /// Null if none is parked.
  static Participant* heir(const Connections& all);
  static Participant* first_to_go(const Connections& all);

  Rate takeovers_;
  std::size_t max_parked_;
  std::map<crypto::Fingerprint, Connections> identities_;
};

}  // namespace wzp::relay
