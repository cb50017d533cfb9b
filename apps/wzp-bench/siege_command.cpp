#include "siege_command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

#include "flood.hpp"
#include "load_clients.hpp"
#include "relay_process.hpp"

namespace wzp::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kClientsPerWave = 100;

struct SiegeOptions {
  double seconds = 10;
  double datagrams_per_second = 100'000;
  std::size_t cycles = 10'000;
};

LoadOptions call_of(std::size_t members, std::uint16_t port) {
  LoadOptions load;
  load.relay_port = port;
  load.clients = load.room_size = members;
  return load;
}

void require(bool ok, const std::string& what) {
  if (!ok) throw std::runtime_error(what);
}

/// A call of ten goes on while strangers flood the relay.
bool stand_flood(const SiegeOptions& options) {
  RelayProcess relay({"--log-level", "info"});
  LoadClients call(call_of(10, relay.port()));
  require(call.join(10s), "the call did not come about");
  std::atomic<bool> stop{false};
  std::atomic<bool> measuring{true};
  std::thread talk([&] { call.run(stop, measuring); });
  const double memory_before = relay.resident_kb();
  double sent = 0;
  double amplification = 0;
  {
    Flood flood(relay.port(), options.datagrams_per_second);
    std::this_thread::sleep_for(std::chrono::duration<double>(options.seconds));
    sent = static_cast<double>(flood.sent());
    amplification = static_cast<double>(flood.bytes_answered()) /
                    static_cast<double>(std::max<std::uint64_t>(flood.bytes_sent(), 1));
  }
  measuring = false;
  stop = true;
  talk.join();
  const double loss = 100.0 - 100.0 * static_cast<double>(call.result().received) /
                                  static_cast<double>(call.expected());
  const double growth_mb = (relay.resident_kb() - memory_before) / 1024;
  const bool newcomer = LoadClients(call_of(2, relay.port())).join(10s);
  fmt::print(
      "flood: {:.0f} datagrams/s for {:.0f} s; frames of the call lost {:.2f} % (< 1); answered "
      "{:.3f} bytes per byte (<= 3); memory +{:.1f} MB; afterwards a new call {}\n",
      sent / options.seconds, options.seconds, loss, amplification, growth_mb,
      newcomer ? "joins" : "CANNOT JOIN");
  std::fflush(stdout);
  return loss < 1.0 && amplification <= 3.0 && growth_mb < 64 && newcomer;
}

/// Calls come and go; what they took is given back.
bool stand_cycles(const SiegeOptions& options) {
  RelayProcess relay({});
  const auto wave = [&] {
    LoadOptions load = call_of(kClientsPerWave, relay.port());
    load.room_size = 2;
    LoadClients clients(load);
    require(clients.join(30s), "a wave of clients could not join");
    clients.leave();
  };
  const std::size_t waves = options.cycles / kClientsPerWave;
  for (std::size_t i = 0; i < waves / 10; ++i) wave();  // tables and caches find their size
  const double memory_before = relay.resident_kb();
  const std::size_t files_before = relay.open_descriptors();
  for (std::size_t i = waves / 10; i < waves; ++i) {
    wave();
    if (i % 10 == 0) fmt::print(stderr, "\r{} of {} calls", i * kClientsPerWave, options.cycles);
  }
  fmt::print(stderr, "\n");
  const double growth_kb = relay.resident_kb() - memory_before;
  const std::size_t files = relay.open_descriptors();
  const auto code = relay.terminate();
  fmt::print(
      "{} connections came and went: memory +{:.0f} KB ({:.3f} KB each), descriptors {} before, {} "
      "after; exit code {}\n",
      waves * kClientsPerWave, growth_kb, growth_kb / static_cast<double>(options.cycles),
      files_before, files, code ? std::to_string(*code) : "none");
  return growth_kb < 4096 && files == files_before && code == 0;
}

}  // namespace

void add_siege_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<SiegeOptions>();
  CLI::App* siege = app.add_subcommand(
      "siege", "Floods a wzp-relay on loopback during a call, then lets thousands come and go");
  siege->add_option("--seconds", options->seconds, "Length of the flood")->capture_default_str();
  siege->add_option("--rate", options->datagrams_per_second, "Hostile datagrams per second")
      ->capture_default_str();
  siege->add_option("--cycles", options->cycles, "Connections that come and go; 0: none")
      ->capture_default_str();
  siege->callback([options, &exit_code] {
    bool ok = options->seconds <= 0 || stand_flood(*options);
    if (options->cycles > 0) ok = stand_cycles(*options) && ok;
    exit_code = ok ? 0 : 1;
  });
}

}  // namespace wzp::bench
