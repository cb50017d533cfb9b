// Encrypted rooms for long: EVENTS random arrivals and departures in virtual time with 5 % loss,
// then some over real sockets; and how long a room of 50 takes to change all its keys.
//   wzp-e2e-soak [EVENTS [EVENTS_OVER_SOCKETS [SEED]]]
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "support/big_room.hpp"
#include "support/random_room.hpp"
#include "support/socket_room.hpp"

using namespace wzp;

namespace {

double in_ms(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

bool report(const char* what, const test::RoomWatch& watch) {
  const auto outages = watch.outages();
  std::printf(
      "%s: %llu events, %llu packets opened\n"
      "  others not heard after an event: median %.0f ms, 95 %% %.0f ms, worst %.0f ms\n"
      "  newcomers hear and are heard after: median %.0f ms, 95 %% %.0f ms, worst %.0f ms\n"
      "  who left hears for at most: %.0f ms\n",
      what, static_cast<unsigned long long>(watch.events),
      static_cast<unsigned long long>(watch.opened), outages.quantile(0.5), outages.quantile(0.95),
      outages.worst(), watch.newcomers.quantile(0.5), watch.newcomers.quantile(0.95),
      watch.newcomers.worst(), in_ms(watch.worst_exposure));
  const auto violations = watch.violations();
  for (const auto& violation : violations) std::printf("  VIOLATION: %s\n", violation.c_str());
  std::fflush(stdout);
  return violations.empty() && outages.worst() <= 500;
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int n, unsigned long fallback) {
    return argc > n ? std::strtoul(argv[n], nullptr, 10) : fallback;
  };
  const std::size_t events = argument(1, 2000);
  const std::size_t over_sockets = argument(2, 100);
  bool good = true;
  {
    test::RandomRoom::Options options;
    options.seed = argument(3, 1);
    test::RandomRoom room(options);
    room.run(events);
    good &= report("8 people, 5 % loss, virtual time", room.watch);
  }
  {
    test::SocketRoom room({});
    room.run(over_sockets);
    good &= report("8 people, real sockets", room.watch);
  }
  const auto big = test::rotate_big_room(50);
  std::printf(
      "50 people, all change their keys at once: %.0f ms of work over QUIC until all hear all, "
      "%llu signals\n",
      big.wall_ms, static_cast<unsigned long long>(big.signals));
  good &= big.all_hear && big.wall_ms < 500;
  std::puts(good ? "good" : "NOT GOOD");
  return good ? 0 : 1;
}
