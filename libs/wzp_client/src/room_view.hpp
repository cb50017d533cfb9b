/// \file
/// The room as the relay tells it, kept up to date from RoomUpdates. All of it is a claim.
#pragma once

#include <map>
#include <vector>

#include "wzp/client/call.hpp"
#include "wzp/proto/signal.hpp"

namespace wzp::client {

class RoomView {
 public:
  struct Changes {
    std::vector<RemoteParticipant> joined;
    std::vector<RemoteParticipant> left;
    /// The update builds on a revision we don't have: ask for the room in full.
    bool needs_query = false;
  };

  /// Updates older than what is known change nothing. A participant whose entry changes counts as
  /// left and joined.
  Changes apply(const proto::RoomUpdate& update);

  [[nodiscard]] bool lists(StreamId stream) const { return others_.contains(stream); }
  /// Empty if it is not listed.
  [[nodiscard]] std::string fingerprint_of(StreamId stream) const;
  [[nodiscard]] std::vector<RemoteParticipant> participants() const;

 private:
  void put(const proto::RoomParticipant& p, Changes& changes);
  void remove(StreamId stream, Changes& changes);

  bool known_ = false;
  std::uint64_t revision_ = 0;
  StreamId you_;
  std::map<StreamId, RemoteParticipant> others_;
};

}  // namespace wzp::client
