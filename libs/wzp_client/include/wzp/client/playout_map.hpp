/// \file
/// Where each 20 ms of what was heard came from, for pictures and post-mortems.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wzp/client/export.hpp"
#include "wzp/proto/serial.hpp"

namespace wzp::client {

/// Origin of one played frame.
enum class PlayoutOrigin : std::uint8_t {
  kNothing,  ///< The stream has not started, or is gone: not counted as played.
  kReceived,
  kRecovered,  ///< Rebuilt by forward error correction.
  kConcealed,
  kComfort,  ///< The sender was silent.
};

/// One entry per playout tick and stream, in the order of playing.
class WZP_CLIENT_EXPORT PlayoutMap {
 public:
  struct Entry {
    std::uint64_t tick = 0;  ///< Position in the recording, in frames of 20 ms.
    StreamId stream;
    PlayoutOrigin origin = PlayoutOrigin::kNothing;
  };

  void add(const Entry& entry) { entries_.push_back(entry); }
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
  /// "tick,stream,origin" with a heading line; origins as words.
  [[nodiscard]] std::string to_csv() const;

 private:
  std::vector<Entry> entries_;
};

}  // namespace wzp::client
