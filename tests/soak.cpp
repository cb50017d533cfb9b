// wzp-soak: an hour of calls in simulated time, with people coming and going over bad paths. Prints
// a line per simulated five minutes; fails if memory grows, delay drifts or a frame has no origin.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "support/simulated_world.hpp"

using namespace wzp;
using namespace std::chrono_literals;

namespace {

/// Resident memory of this process in MiB.
double resident_mib() {
  std::ifstream in("/proc/self/statm");
  long pages = 0;
  long resident = 0;
  in >> pages >> resident;
  return static_cast<double>(resident) * 4096.0 / 1048576.0;
}

transport::ChannelConfig bad_path(std::uint64_t seed) {
  transport::ChannelConfig c;
  c.seed = seed;
  c.delay = 40ms;
  c.jitter = 30ms;
  c.loss_rate = 0.03;
  return c;
}

std::vector<std::int16_t> hum(int seconds, double pitch) {
  std::vector<std::int16_t> out(static_cast<std::size_t>(seconds) * 48000);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double t = static_cast<double>(i) / 48000.0;
    out[i] = static_cast<std::int16_t>(6000 * std::sin(6.2831853 * pitch * t) *
                                       (1.0 + std::sin(6.2831853 * 0.8 * t)) / 2);
  }
  return out;
}

bool has_origin_for_every_frame(const client::ReceiveStatistics& r) {
  return r.frames_played ==
         r.frames_received + r.frames_recovered + r.frames_concealed + r.frames_comfort;
}

int soak(int minutes) {
  test::SimWorld world;
  client::CallOptions room;
  test::SimClient& listener = world.add_client(room, {}, bad_path(1), bad_path(2));
  listener.sink.keep = false;
  test::SimClient& speaker =
      world.add_client(room, hum(minutes * 60, 170), bad_path(3), bad_path(4));
  speaker.sink.keep = false;
  if (!world.run_until_active()) return std::puts("no call came about"), 1;
  double first_delay = 0;
  double first_memory = 0;
  for (int minute = 5; minute <= minutes; minute += 5) {
    // Somebody drops in for four minutes.
    test::SimClient& guest = world.add_client(room, hum(240, 220), bad_path(5), bad_path(6));
    guest.sink.keep = false;
    world.net.run_for(250s);
    guest.hang_up();
    world.net.run_for(50s);
    const client::ReceiveStatistics r = listener.call.statistics().receive;
    const double delay = r.delay.quantile(0.5);
    std::printf(
        "%3d min: played %llu, recovered %llu, concealed %llu, late %llu, delay %.0f ms, "
        "memory %.0f MiB\n",
        minute, static_cast<unsigned long long>(r.frames_played),
        static_cast<unsigned long long>(r.frames_recovered),
        static_cast<unsigned long long>(r.frames_concealed),
        static_cast<unsigned long long>(r.frames_late), delay, resident_mib());
    std::fflush(stdout);
    if (!has_origin_for_every_frame(r)) return std::puts("a frame has no origin"), 1;
    if (minute == 10) {
      first_delay = delay;
      first_memory = resident_mib();
    }
    if (minute > 10 && std::abs(delay - first_delay) > 20) return std::puts("delay drifts"), 1;
    // Each guest leaves its endpoint and call object behind in this program: about 2 MiB.
    const double allowed = first_memory + 4.0 * (minute - 10) / 5.0 + 16.0;
    if (minute > 10 && resident_mib() > allowed) return std::puts("memory grows"), 1;
  }
  if (world.relay.participant_count() != 2) return std::puts("a guest is still there"), 1;
  return std::puts("steady"), 0;
}

}  // namespace

int main(int argc, char** argv) { return soak(argc > 1 ? std::atoi(argv[1]) : 60); }
