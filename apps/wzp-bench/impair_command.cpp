#include "impair_command.hpp"

#include <fmt/format.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "../command_line.hpp"
#include "impair_proxy.hpp"
#include "wzp/transport/asio_resolve.hpp"

namespace wzp::bench {
namespace {

/// The impairments of one direction, as options name them.
struct Impairment {
  double loss = 0;
  double burst_loss = 0;
  double mean_burst = 3;
  double delay_ms = 0;
  double jitter_ms = 0;
  bool keep_order = false;
  double duplicate = 0;
  std::uint64_t rate_kbps = 0;

  [[nodiscard]] transport::ChannelConfig channel(std::uint64_t seed) const {
    const auto ms = [](double n) {
      return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(n));
    };
    transport::ChannelConfig c;
    c.seed = seed;
    c.loss_rate = loss;
    if (burst_loss > 0) c.bursts = transport::GilbertElliott{burst_loss, mean_burst, 1.0};
    c.delay = ms(delay_ms);
    c.jitter = ms(jitter_ms);
    c.reorder = !keep_order;
    c.duplicate_rate = duplicate;
    c.rate_bits_per_second = rate_kbps * 1000;
    return c;
  }
};

struct ImpairOptions {
  std::string listen = "127.0.0.1:0";
  std::string to;
  std::uint64_t seed = 1;
  Impairment up;
  Impairment down;
};

void add_direction(CLI::App& app, const std::string& prefix, const std::string& words,
                   Impairment& i) {
  const CLI::Range share(0.0, 1.0);
  app.add_option("--" + prefix + "loss", i.loss, "Share of packets lost, independently, " + words)
      ->check(share);
  app.add_option("--" + prefix + "burst-loss", i.burst_loss,
                 "Share of packets lost in bursts (Gilbert-Elliott), " + words)
      ->check(share);
  app.add_option("--" + prefix + "mean-burst", i.mean_burst, "Packets per burst, " + words)
      ->check(CLI::Range(1.0, 1000.0));
  app.add_option("--" + prefix + "delay-ms", i.delay_ms, "Delay, " + words)
      ->check(CLI::Range(0.0, 60'000.0));
  app.add_option("--" + prefix + "jitter-ms", i.jitter_ms,
                 "Delay added at random, uniform up to this, " + words)
      ->check(CLI::Range(0.0, 60'000.0));
  app.add_flag("--" + prefix + "keep-order", i.keep_order, "Jitter never reorders, " + words);
  app.add_option("--" + prefix + "duplicate", i.duplicate, "Share of packets doubled, " + words)
      ->check(share);
  app.add_option("--" + prefix + "rate-kbps", i.rate_kbps,
                 "Rate of the bottleneck, 0: unlimited, " + words);
}

void print_totals(const char* name, const transport::ChannelCounters& c) {
  fmt::print(
      "{}: packets={} delivered={} lost_random={} lost_burst={} lost_queue={} "
      "duplicated={} reordered={}\n",
      name, c.pushed, c.delivered, c.lost_random, c.lost_burst, c.lost_queue, c.duplicated,
      c.reordered);
}

ImpairProxy::Udp::endpoint to_asio(const transport::SocketAddress& a) {
  const std::string text = a.to_string();
  const std::string ip = text.substr(0, text.rfind(':'));
  const bool bracketed = ip.front() == '[';
  return {boost::asio::ip::make_address(bracketed ? ip.substr(1, ip.size() - 2) : ip), a.port()};
}

int run(const ImpairOptions& options) {
  const auto listen = transport::resolve(options.listen, 0);
  if (!listen) return apps::fail("wzp-bench", listen.error());
  const auto server = transport::resolve(options.to, 4433);
  if (!server) return apps::fail("wzp-bench", server.error());
  boost::asio::io_context io;
  ImpairProxy proxy(io, to_asio(*listen), to_asio(*server), options.up.channel(options.seed),
                    options.down.channel(options.seed));
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const auto&, int) { io.stop(); });
  const auto local = proxy.local_endpoint();
  fmt::print("impairing on {}:{} towards {}\n", local.address().to_string(), local.port(),
             server->to_string());
  std::fflush(stdout);
  io.run();
  const ImpairProxy::Totals totals = proxy.totals();
  print_totals("up", totals.up);
  print_totals("down", totals.down);
  return 0;
}

}  // namespace

void add_impair_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ImpairOptions>();
  CLI::App* command = app.add_subcommand(
      "impair", "A UDP proxy in front of a relay that behaves like a bad network");
  command->add_option("--listen", options->listen, "Where clients connect; port 0: any free one")
      ->capture_default_str();
  command->add_option("--to", options->to, "The relay, as host:port")->required();
  command->add_option("--seed", options->seed, "Same seed, same losses")->capture_default_str();
  add_direction(*command, "", "client to relay", options->up);
  add_direction(*command, "down-", "relay to client", options->down);
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace wzp::bench
