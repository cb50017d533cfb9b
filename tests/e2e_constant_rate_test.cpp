// --constant-rate: what a tap sees does not depend on what is said.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <set>
#include <vector>

#include "support/hostile_relay.hpp"
#include "support/recordings.hpp"

using namespace wzp;
using namespace std::chrono_literals;
using client::CallOptions;

namespace {

struct Seen {
  Duration at{};  // Since the first packet.
  std::size_t size = 0;
  bool is_repair = false;
  bool operator==(const Seen&) const = default;
};

/// What a relay sees of one speaker in ten seconds.
std::vector<Seen> tapped(const CallOptions& options, std::vector<std::int16_t> sound) {
  test::HostileWorld world;
  transport::ChannelConfig path;
  path.delay = 10ms;
  world.add_client(options, std::move(sound), path);
  world.add_client({}, {}, path);
  REQUIRE(world.run_until_locked());
  world.net.run_for(10s);
  std::vector<Seen> out;
  std::optional<Instant> first;
  const StreamId speaker = world.stream_of(*world.clients[0]);
  for (const auto& packet : world.relay.media) {
    if (packet.from != speaker) continue;
    if (!first) first = packet.at;
    const bool is_repair = (packet.bytes[0] & std::byte{0x40}) != std::byte{0};
    out.push_back({packet.at - *first, packet.bytes.size(), is_repair});
  }
  return out;
}

std::vector<std::int16_t> speech() { return test::repeated(test::speaker_a(), 20); }
std::vector<std::int16_t> silence() { return std::vector<std::int16_t>(20 * 48000); }
std::vector<std::int16_t> noise() {
  std::vector<std::int16_t> out(20 * 48000);
  SeededRng rng(3);
  for (auto& sample : out) sample = static_cast<std::int16_t>(rng.next_u64());
  return out;
}

}  // namespace

TEST_CASE("at a constant rate speech, silence, noise and a muted or absent source look the same") {
  for (const auto& profile :
       {proto::kProfileGood, proto::kProfileDegraded, proto::kProfileCatastrophic}) {
    CAPTURE(static_cast<int>(profile.codec));
    CallOptions options;
    options.constant_rate = true;
    options.profile = profile;
    const auto of_speech = tapped(options, speech());
    REQUIRE(of_speech.size() > 200);
    CHECK(tapped(options, silence()) == of_speech);
    CHECK(tapped(options, noise()) == of_speech);
    CHECK(tapped(options, {}) == of_speech);
    CHECK(tapped(options, test::speaker_b()) == of_speech);  // ends after a few seconds
    CallOptions muted = options;
    muted.muted = true;
    CHECK(tapped(muted, speech()) == of_speech);
    std::set<std::size_t> sizes;
    std::set<std::size_t> repair_sizes;
    for (const Seen& packet : of_speech) {
      (packet.is_repair ? repair_sizes : sizes).insert(packet.size);
    }
    CHECK(sizes.size() == 1);
    CHECK(repair_sizes.size() <= 1);
  }
}

TEST_CASE("at a variable rate they do not: the comparison can tell") {
  CallOptions options;
  const auto of_speech = tapped(options, speech());
  CHECK(tapped(options, silence()) != of_speech);
  CHECK(tapped(options, noise()) != of_speech);
}
