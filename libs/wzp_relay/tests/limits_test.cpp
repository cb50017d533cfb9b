// What a participant may do how often, and its keep-alive: the pure parts.
#include "relay_world.hpp"
#include "wzp/relay/ping_tracker.hpp"
#include "wzp/relay/token_bucket.hpp"
#include "wzp/relay/unique_identities.hpp"

using namespace wzp;
using namespace wzp::relay;
using namespace std::chrono_literals;

namespace {
constexpr Instant kStart{1000s};
}

TEST_CASE("a token bucket gives its burst at once and then its rate") {
  TokenBucket bucket({10, 3});
  for (int i = 0; i < 3; ++i) CHECK(bucket.take(kStart));
  CHECK_FALSE(bucket.take(kStart));
  CHECK_FALSE(bucket.take(kStart + 99ms));
  CHECK(bucket.take(kStart + 101ms));
  CHECK_FALSE(bucket.take(kStart + 101ms));
  int taken = 0;
  for (auto t = 200ms; t <= 10'200ms; t += 1ms) taken += bucket.take(kStart + t) ? 1 : 0;
  CHECK(taken >= 100);
  CHECK(taken <= 101);
}

TEST_CASE("a take that finds too little takes nothing, a pause fills no more than the burst") {
  TokenBucket bucket({1, 10});
  CHECK(bucket.take(kStart, 6));
  CHECK_FALSE(bucket.take(kStart, 5));
  CHECK(bucket.take(kStart, 4));
  CHECK_FALSE(bucket.take(kStart + 1h, 11));
  CHECK(bucket.take(kStart + 1h, 10));
  bucket.set_burst(12);
  CHECK(bucket.take(kStart + 1h, 2));
  bucket.set_burst(1);
  CHECK(bucket.take(kStart + 2h, 1));
  CHECK_FALSE(bucket.take(kStart + 2h, 1));
}

TEST_CASE("a ping is due 16 to 20 s after the last frame, each wait drawn anew") {
  SeededRng rng(1);
  PingTracker tracker({});
  CHECK(tracker.next_deadline() == kNever);
  tracker.start(kStart, rng);
  const Duration first = tracker.next_deadline() - kStart;
  CHECK(first >= 16s);
  CHECK(first <= 20s);
  CHECK(tracker.poll(kStart + 15s, rng) == PingTracker::Action::kNone);
  tracker.handle_frame(kStart + 10s);
  CHECK(tracker.next_deadline() == kStart + 10s + first);

  Instant now = kStart;
  Duration least = 20s;
  Duration most = 16s;
  std::uint64_t before = 0;
  for (int i = 0; i < 100; ++i) {
    const Duration wait = tracker.next_deadline() - now;
    now = tracker.next_deadline();
    REQUIRE(tracker.poll(now, rng) == PingTracker::Action::kSendPing);
    CHECK(tracker.ping_data() != before);
    before = tracker.ping_data();
    tracker.handle_pong(before);
    if (i == 0) continue;  // that one was put off by the frame
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  CHECK(least >= 16s);
  CHECK(least < 16'500ms);
  CHECK(most <= 20s);
  CHECK(most > 19'500ms);
}

TEST_CASE("without its pong within five seconds a ping is given up, whatever else arrives") {
  SeededRng rng(2);
  PingTracker tracker({});
  tracker.start(kStart, rng);
  const Instant sent = tracker.next_deadline();
  REQUIRE(tracker.poll(sent, rng) == PingTracker::Action::kSendPing);
  CHECK(tracker.next_deadline() == sent + 5s);
  tracker.handle_frame(sent + 1s);
  tracker.handle_pong(tracker.ping_data() + 1);  // not ours
  CHECK(tracker.poll(sent + 4'999ms, rng) == PingTracker::Action::kNone);
  CHECK(tracker.poll(sent + 5s, rng) == PingTracker::Action::kGiveUp);
  CHECK(tracker.next_deadline() == kNever);
}

TEST_CASE("an identity counts once a day, and no day holds more than its limit") {
  UniqueIdentities seen(2);
  const auto a = crypto::Fingerprint{{std::byte{1}}};
  const auto b = crypto::Fingerprint{{std::byte{2}}};
  const auto c = crypto::Fingerprint{{std::byte{3}}};
  seen.set_day(20'000);
  CHECK(seen.add(a));
  CHECK_FALSE(seen.add(a));
  CHECK(seen.add(b));
  CHECK_FALSE(seen.add(c));  // the limit
  seen.set_day(20'000);
  CHECK(seen.count() == 2);
  seen.set_day(20'001);
  CHECK(seen.count() == 0);
  CHECK(seen.add(c));
  CHECK(seen.add(a));
}
