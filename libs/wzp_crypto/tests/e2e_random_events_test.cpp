// Joins and leaves at random, everybody talking, a relay that passes everything on to those who
// left: 8 runs of 250 events.
#include <catch2/catch_test_macros.hpp>

#include "e2e_relay_model.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

namespace {

constexpr std::size_t kMostInRoom = 8;

struct Run {
  RelayModel model;
  std::vector<std::size_t> in_room;
  std::optional<std::size_t> newest;

  explicit Run(std::uint64_t seed) : model(seed) {
    model.weather = {0, 0.05, 10ms, 70ms};
    model.talk_interval = 80ms;
    model.checks_gaps = model.feeds_departed = model.keeps_recent = true;
  }

  void event() {
    feed_the_past();
    const bool joins =
        in_room.size() < 2 || (in_room.size() < kMostInRoom && model.rng.next_unit() < 0.5);
    if (joins) {
      newest = model.join();
      in_room.push_back(*newest);
    } else {
      const auto at = static_cast<std::ptrdiff_t>(model.rng.next_u64() % in_room.size());
      const std::size_t who = in_room[static_cast<std::size_t>(at)];
      model.leave(who, model.rng.next_unit() < 0.5);
      in_room.erase(in_room.begin() + at);
      if (newest == who) newest.reset();
    }
    model.run(std::chrono::milliseconds(100 + model.rng.next_u64() % 900));
  }
  // What was sealed before it came, to the newest one, who has keys by now.
  void feed_the_past() {
    if (!newest) return;
    RelayModel::Client& client = *model.clients[*newest];
    for (const auto& sound : model.recent) {
      if (sound.from != *newest && sound.sealed_at < client.joined)
        model.open(client, sound, false);
    }
  }
};

}  // namespace

TEST_CASE("2,000 random joins and leaves under loss: no past, no future, no gap") {
  std::uint64_t opened = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    Run run(seed);
    for (int i = 0; i < 250; ++i) run.event();
    run.model.run(2s);
    CHECK(run.model.all_locked());
    CHECK(run.model.violations == std::vector<std::string>{});
    CHECK(run.model.worst_exposure <= 2500ms);
    opened += run.model.opened;
  }
  CHECK(opened > 100000);
}
