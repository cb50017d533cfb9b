// What must hold of a jitter buffer after any run.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include "jitter_sim.hpp"

namespace wzp::test {

inline void check_sum(const proto::JitterBufferStats& s) {
  CHECK(s.played_ms == s.received_ms + s.recovered_ms + s.concealed_ms + s.comfort_ms);
}

inline void check_every_frame_once(const SimResult& r) {
  CHECK(r.times_played.size() == r.frames_sent);
  for (const auto& [id, times] : r.times_played) {
    if (times != 1) CHECK(times == 1);
  }
}

}  // namespace wzp::test
