// Prints the table of docs/jitter-buffer.md: the jitter buffer over simulated paths, in virtual
// time.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "../tests/jitter_sim.hpp"

namespace {

using namespace wzp;
using namespace wzp::test;

struct Scenario {
  std::string name;
  SimConfig config;
};

SimPath outage_path(Duration at, Duration length) {
  return [=](Duration sent, Rng&) -> std::optional<Duration> {
    if (sent % 30s >= at && sent % 30s < at + length) return std::nullopt;
    return 50ms;
  };
}

SimPath stall_path(Duration at, Duration length) {
  return [=](Duration sent, Rng&) -> std::optional<Duration> {
    const Duration into = sent % 30s - at;
    if (into >= 0ms && into < length) return 50ms + length - into;
    return 50ms;
  };
}

// Truncated Gaussian jitter, standard deviation 15 ms, cut at three of them, no reordering (the
// jitter model of RFC 8868 for real-time media).
SimPath gaussian_path() {
  auto last = std::make_shared<Duration>(0);
  return [last](Duration sent, Rng& rng) -> std::optional<Duration> {
    double sum = 0;
    for (int i = 0; i < 12; ++i) sum += rng.next_unit();
    const double extra = std::min(std::max((sum - 6.0) * 15.0, -45.0), 45.0) + 45.0;
    Duration transit = 50ms + Duration(static_cast<std::int64_t>(extra * 1e6));
    *last = std::max(*last, sent + transit);
    transit = *last - sent;
    return transit;
  };
}

std::vector<Scenario> scenarios() {
  std::vector<Scenario> list;
  const auto add = [&](std::string name, auto change) {
    SimConfig config;
    config.length = 300s;
    config.repair_every = 5;
    change(config);
    list.push_back({std::move(name), std::move(config)});
  };
  add("lossless", [](SimConfig&) {});
  add("lossless, 2 s speech / 10 s pause",
      [](SimConfig& c) { c.voiced = [](Duration at) { return at % 12s < 2s; }; });
  add("jitter 0-30 ms, uniform", [](SimConfig& c) { c.path = jitter_path(50ms, 30ms); });
  add("jitter 0-100 ms, uniform", [](SimConfig& c) { c.path = jitter_path(50ms, 100ms); });
  add("jitter, Gaussian 15 ms, in order", [](SimConfig& c) { c.path = gaussian_path(); });
  add("10 % loss, jitter 0-30 ms", [](SimConfig& c) { c.path = jitter_path(50ms, 30ms, 0.1); });
  add("outage of 400 ms every 30 s", [](SimConfig& c) { c.path = outage_path(10s, 400ms); });
  add("stall of 400 ms every 30 s", [](SimConfig& c) { c.path = stall_path(10s, 400ms); });
  add("sender 100 ppm fast, 1 h", [](SimConfig& c) {
    c.length = 3600s;
    c.sender_ppm = 100;
  });
  add("sender 100 ppm slow, 1 h", [](SimConfig& c) {
    c.length = 3600s;
    c.sender_ppm = -100;
  });
  add("sender restarts every 60 s", [](SimConfig& c) {
    c.restarts = {60s, 120s, 180s, 240s};
    c.path = jitter_path(50ms, 10ms);
  });
  return list;
}

void print_row(const Scenario& scenario, SimResult r) {
  const auto& s = r.stats;
  const double sent_ms = static_cast<double>(r.frames_sent) * 20;
  const auto ms = [](Duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
  // The second after the sender has stopped is no concealment.
  const double concealed = std::max(
      0.0, static_cast<double>(s.concealed_ms) - (scenario.config.voiced(299s) ? 1000 : 0));
  std::printf(
      "| %s | %llu | %zu | %.2f | %.2f | %llu | %llu / %llu | %.0f | %.0f | %.0f |\n",
      scenario.name.c_str(), static_cast<unsigned long long>(r.frames_sent), r.times_played.size(),
      100 * static_cast<double>(s.late) / static_cast<double>(r.frames_sent),
      100 * concealed / sent_ms, static_cast<unsigned long long>(s.restarts),
      static_cast<unsigned long long>(s.inserted_ms), static_cast<unsigned long long>(s.dropped_ms),
      r.mean_waited_ms(), ms(r.waited_at(0.5)), ms(r.waited_at(0.95)));
}

}  // namespace

int main() {
  std::printf(
      "| path | sent | played | late %% | concealed %% | restarts | inserted / dropped ms | mean "
      "wait ms | p50 | p95 |\n|---|---|---|---|---|---|---|---|---|---|\n");
  for (const Scenario& scenario : scenarios())
    print_row(scenario, JitterSim(scenario.config).run());
  return 0;
}
