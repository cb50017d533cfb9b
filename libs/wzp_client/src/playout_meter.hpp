// Level and interruptions of one stream as it is played.
#pragma once

#include "wzp/client/audio.hpp"
#include "wzp/client/call_statistics.hpp"
#include "wzp/client/playout_map.hpp"

namespace wzp::client {

class PlayoutMeter {
 public:
  // The next 20 ms, and where they came from.
  void add(PlayoutOrigin origin, PcmView pcm) noexcept;
  void add_to(ReceiveStatistics& statistics) const noexcept;

 private:
  bool concealing_ = false;
  std::uint64_t concealment_events_ = 0;
  double level_ = 0;
  double energy_ = 0;
};

}  // namespace wzp::client
