#include "wzp/client/legacy_sender_tracker.hpp"

#include <catch2/catch_test_macros.hpp>
#include <chrono>

#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace std::chrono_literals;

namespace {

proto::MediaHeader packet(std::uint16_t seq, std::uint32_t timestamp) {
  proto::MediaHeader header;
  header.seq = SeqNo16(seq);
  header.timestamp = MediaTime32(timestamp);
  return header;
}

/// The n-th frame of a GOOD stream: six numbers for each block of five.
proto::MediaHeader frame(unsigned n) {
  return packet(static_cast<std::uint16_t>(n + n / 5), n * 20);
}

}  // namespace

TEST_CASE("senders who started apart are told apart, with jitter and loss") {
  client::LegacySenderTracker tracker;
  SeededRng rng(5);
  int wrong = 0;
  int packets = 0;
  for (unsigned n = 0; n < 3000; ++n) {
    const Instant now{n * 20ms + std::chrono::milliseconds(static_cast<int>(rng.next_unit() * 40))};
    if (rng.next_unit() > 0.1) {
      const auto sender = tracker.classify(frame(n), now);
      wrong += sender.index != 0;
      ++packets;
    }
    if (n >= 250 && rng.next_unit() > 0.1) {  // five seconds later
      const auto sender = tracker.classify(frame(n - 250), now);
      wrong += sender.index != 1;
      ++packets;
    }
  }
  INFO(wrong << " of " << packets);
  CHECK(wrong == 0);
}

TEST_CASE("a pause does not make a new sender, a restart does") {
  client::LegacySenderTracker tracker;
  CHECK(tracker.classify(packet(100, 2000), Instant{10s}).is_new);
  CHECK_FALSE(tracker.classify(packet(101, 12000), Instant{20s}).is_new);
  const auto restarted = tracker.classify(packet(0, 0), Instant{21s});
  CHECK(restarted.is_new);
  CHECK(restarted.index == 1);
}

TEST_CASE("when all places are taken the longest silent sender gives its place") {
  client::LegacySenderTracker tracker;
  for (unsigned i = 0; i < client::LegacySenderTracker::kMaxSenders; ++i) {
    const auto sender = tracker.classify(packet(0, i * 1'000'000), Instant{i * 1s});
    CHECK(sender.is_new);
    CHECK(sender.index == i);
  }
  const auto sender = tracker.classify(packet(0, 900'000'000), Instant{100s});
  CHECK(sender.is_new);
  CHECK(sender.index == 0);
}
