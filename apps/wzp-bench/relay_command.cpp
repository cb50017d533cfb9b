#include "relay_command.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "load_clients.hpp"
#include "plain_fan_out.hpp"
#include "relay_process.hpp"

namespace wzp::bench {
namespace {

using namespace std::chrono_literals;

struct Scene {
  std::string name;
  LoadOptions load;
  std::vector<std::string> relay_flags;
  double target_us = 0;  ///< CPU per delivered frame; 0: none.
};

Scene room(std::size_t members, int coalesce_us, double target_us) {
  Scene s;
  s.name = fmt::format("room of {}, {}", members,
                       coalesce_us == 0 ? "nothing held" : fmt::format("{} us", coalesce_us));
  s.load.clients = s.load.room_size = members;
  s.relay_flags = {"--coalesce-us", std::to_string(coalesce_us)};
  s.target_us = target_us;
  return s;
}

Scene pairs(std::size_t rooms) {
  Scene s;
  s.name = fmt::format("{} rooms of two", rooms);
  s.load.clients = 2 * rooms;
  s.load.room_size = 2;
  s.target_us = 8.0;
  return s;
}

Scene audience(std::size_t members, std::size_t talkers) {
  Scene s = room(members, 2000, 0);
  s.name = fmt::format("{} talk to {}", talkers, members);
  s.load.talkers_per_room = talkers;
  return s;
}

struct RelayOptions {
  double seconds = 4;
  std::size_t idle = 2000;
  std::string only;
  std::string out = "benchmarks/results/relay.jsonl";
};

struct Sample {
  LoadResult load;
  std::uint64_t expected = 0;
  double cpu_seconds = 0;
  double wall_seconds = 0;

  [[nodiscard]] double us_per_frame() const {
    return load.received > 0 ? cpu_seconds * 1e6 / static_cast<double>(load.received) : 0;
  }
  [[nodiscard]] double loss_percent() const {
    if (expected == 0) return 0;
    return std::max(
        0.0, 100.0 - 100.0 * static_cast<double>(load.received) / static_cast<double>(expected));
  }
  [[nodiscard]] double latency_ms(double quantile) const {
    if (load.latency_us.empty()) return 0;
    std::vector<std::uint32_t> sorted = load.latency_us;
    std::sort(sorted.begin(), sorted.end());
    const auto at = static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1));
    return sorted[at] / 1000.0;
  }
};

/// The load runs on CPU 1 while this thread only looks at the clock.
template <class AnyRelay>
Sample measure(const AnyRelay& relay, LoadClients& clients, double seconds) {
  std::atomic<bool> stop{false};
  std::atomic<bool> measuring{false};
  std::thread load([&] { clients.run(stop, measuring); });
  cpu_set_t cpu;
  CPU_ZERO(&cpu);
  CPU_SET(1, &cpu);
  ::pthread_setaffinity_np(load.native_handle(), sizeof cpu, &cpu);
  std::this_thread::sleep_for(1500ms);  // the load's own start; what is measured is a steady state
  Sample s;
  const double cpu_before = relay.cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  measuring = true;
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  measuring = false;
  s.cpu_seconds = relay.cpu_seconds() - cpu_before;
  s.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  stop = true;
  load.join();
  s.load = clients.result();
  s.expected = clients.expected();
  return s;
}

Sample run_floor(Scene scene, double seconds) {
  PlainFanOut floor(scene.load.room_size);
  scene.load.relay_port = floor.port();
  scene.load.quic = false;
  LoadClients clients(scene.load);
  return measure(floor, clients, seconds);
}

std::unique_ptr<RelayProcess> start_relay(std::vector<std::string> flags) {
  flags.insert(flags.end(), {"--max-sessions", "20000"});
  return std::make_unique<RelayProcess>(std::move(flags));
}

void join_all(LoadClients& clients) {
  if (!clients.join(60s))
    throw std::runtime_error(
        fmt::format("only {} clients could join within 60 s", clients.joined()));
}

Sample run_quic(Scene scene, double seconds) {
  const auto relay = start_relay(scene.relay_flags);
  scene.load.relay_port = relay->port();
  LoadClients clients(scene.load);
  join_all(clients);
  return measure(*relay, clients, seconds);
}

void report(const Scene& scene, const Sample& quic, const Sample& floor, std::ofstream& lines) {
  const double ratio = quic.us_per_frame() / floor.us_per_frame();
  fmt::print(
      "| {} | {:.0f} | {:.2f} % | {:.2f} / {:.2f} ms | {:.2f} us | {:.2f} us | {:.2f} | {} |\n",
      scene.name, static_cast<double>(quic.load.received) / quic.wall_seconds, quic.loss_percent(),
      quic.latency_ms(0.5), quic.latency_ms(0.99), quic.us_per_frame(), floor.us_per_frame(), ratio,
      scene.target_us > 0 ? fmt::format("<= {:.1f} us", scene.target_us) : "-");
  std::fflush(stdout);
  lines << nlohmann::json{{"scene", scene.name},
                          {"delivered_per_second",
                           static_cast<double>(quic.load.received) / quic.wall_seconds},
                          {"loss_percent", quic.loss_percent()},
                          {"latency_ms_p50", quic.latency_ms(0.5)},
                          {"latency_ms_p99", quic.latency_ms(0.99)},
                          {"cpu_us_per_frame", quic.us_per_frame()},
                          {"cpu_share", quic.cpu_seconds / quic.wall_seconds},
                          {"floor_us_per_frame", floor.us_per_frame()},
                          {"floor_loss_percent", floor.loss_percent()},
                          {"target_us", scene.target_us}}
               .dump()
        << '\n'
        << std::flush;
}

/// Memory of connections that say nothing, joined in rooms of two.
void run_idle(std::size_t connections, std::ofstream& lines) {
  const auto relay = start_relay({});
  LoadOptions load;
  load.relay_port = relay->port();
  load.clients = 50;
  load.room_size = 2;
  load.frames_per_second = 0;
  LoadClients first(load);  // tables and caches are paid for once
  join_all(first);
  const double before = relay->resident_kb();
  load.clients = connections;
  LoadClients clients(load);
  join_all(clients);
  const double kb = (relay->resident_kb() - before) / static_cast<double>(connections);
  fmt::print("\n{} idle connections: {:.1f} KB of resident memory each (<= 32)\n", connections, kb);
  lines << nlohmann::json{{"scene", "idle"}, {"connections", connections}, {"rss_kb", kb}}.dump()
        << '\n';
}

void allow_many_descriptors() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

void run_relay(const RelayOptions& options) {
  allow_many_descriptors();
  std::ofstream lines(options.out);
  if (!lines) throw std::runtime_error("cannot write " + options.out);
  const std::vector<Scene> scenes{room(10, 2000, 0),    room(50, 0, 2.0), room(50, 2000, 1.4),
                                  room(100, 2000, 0.8), audience(100, 3), pairs(100),
                                  pairs(1000)};
  fmt::print(
      "50 packets/s of 120 bytes each way, round trip 40 ms on the load side.\n\n"
      "| scene | delivered/s | loss | added latency p50 / p99 | CPU per frame | plain UDP | "
      "ratio | target |\n|---|---|---|---|---|---|---|---|\n");
  for (const Scene& scene : scenes) {
    if (scene.name.find(options.only) == std::string::npos) continue;
    const Sample floor = run_floor(scene, options.seconds);
    report(scene, run_quic(scene, options.seconds), floor, lines);
  }
  if (options.idle > 0 && (options.only.empty() || options.only == "idle"))
    run_idle(options.idle, lines);
}

}  // namespace

void add_relay_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<RelayOptions>();
  CLI::App* relay = app.add_subcommand(
      "relay", "Loads a wzp-relay over loopback and prints what it costs beside plain UDP");
  relay->add_option("--seconds", options->seconds, "Measured per scene")
      ->check(CLI::Range(0.5, 600.0))
      ->capture_default_str();
  relay->add_option("--idle", options->idle, "Idle connections whose memory is measured; 0: none")
      ->capture_default_str();
  relay->add_option("--only", options->only, "Only scenes whose name contains this");
  relay->add_option("--out", options->out, "JSON lines")->capture_default_str();
  relay->callback([options, &exit_code] {
    run_relay(*options);
    exit_code = 0;
  });
}

}  // namespace wzp::bench
