// People come and go at random while everybody talks and the relay helps those who left: a short
// version of what ./run soak does with 2,000 events.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdio>

#include "support/big_room.hpp"
#include "support/random_room.hpp"
#include "support/socket_room.hpp"

using namespace wzp;
using namespace std::chrono_literals;

TEST_CASE("who comes hears nothing from before, who left nothing after 2.5 s, the others no gap") {
  test::RandomRoom::Options options;
  options.seed = 7;
  CAPTURE(options.seed);
  test::RandomRoom room(options);
  room.run(100);
  const auto outages = room.watch.outages();
  std::printf(
      "%llu events, %llu packets opened; not heard after an event: median %.0f, worst %.0f ms; "
      "newcomers after %.0f ms (median), %.0f (95 %%), %.0f (worst); heard after leaving: %.0f "
      "ms\n",
      static_cast<unsigned long long>(room.watch.events),
      static_cast<unsigned long long>(room.watch.opened), outages.quantile(0.5), outages.worst(),
      room.watch.newcomers.quantile(0.5), room.watch.newcomers.quantile(0.95),
      room.watch.newcomers.worst(),
      std::chrono::duration<double, std::milli>(room.watch.worst_exposure).count());
  CHECK(room.watch.violations() == std::vector<std::string>{});
  CHECK(room.watch.events == 100);
  CHECK(room.watch.opened > 12'000);
  CHECK(room.watch.worst_exposure > 100ms);  // somebody did listen on for a moment
  CHECK(room.watch.worst_exposure <= 2500ms);
  CHECK(outages.quantile(0.5) <= 500);
  CHECK(outages.worst() <= 500);
  CHECK(room.watch.newcomers.milliseconds.size() > 100);
}

TEST_CASE("over real sockets too nobody who stays misses anything") {
  test::SocketRoom room({});
  room.run(14);
  CHECK(room.watch.violations() == std::vector<std::string>{});
  CHECK(room.watch.opened > 300);
  CHECK(room.watch.outages().quantile(0.5) <= 500);
}

TEST_CASE("a room of twenty changes all its keys when one leaves, and all hear all") {
  const auto result = test::rotate_big_room(20);
  std::printf("20 people: %.0f ms of work, %.0f ms of virtual time, %llu signals\n", result.wall_ms,
              result.virtual_ms, static_cast<unsigned long long>(result.signals));
  CHECK(result.all_hear);
  CHECK(result.virtual_ms < 1000);
  CHECK(result.signals >= 20 * 19);
}
