// wzp-relay: settings, logging and signals around wzp::relay::Relay.
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../command_line.hpp"
#include "wzp/crypto/system_rng.hpp"
#include "wzp/relay/config.hpp"
#include "wzp/relay/json_text.hpp"
#include "wzp/relay/relay.hpp"
#include "wzp/transport/asio_core_loop.hpp"
#include "wzp/transport/asio_resolve.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

namespace {

using namespace wzp;

constexpr std::uint16_t kDefaultPort = 4433;
constexpr std::chrono::milliseconds kDrainPoll{50};
constexpr std::chrono::minutes kDayPoll{1};

class LogObserver final : public relay::RelayObserver {
 public:
  void on_joined(const relay::ParticipantInfo& who, std::size_t size) override {
    spdlog::info("joined room={} stream={} fingerprint={} remote={} size={}", who.room,
                 who.stream.value, who.fingerprint.to_text(), who.remote.to_string(), size);
  }
  void on_left(const relay::ParticipantInfo& who, std::string_view why, std::size_t size) override {
    spdlog::info("left room={} stream={} remote={} size={} reason={:?}", who.room, who.stream.value,
                 who.remote.to_string(), size, why);
  }
  void on_refused(const transport::SocketAddress& remote, relay::EndReason,
                  std::string_view why) override {
    spdlog::warn("refused remote={} reason={:?}", remote.to_string(), why);
  }
  void on_bad_input(const transport::SocketAddress& remote, std::string_view what) override {
    spdlog::warn("bad input remote={} what={:?}", remote.to_string(), what);
  }
  void on_parked(const relay::ParticipantInfo& who) override {
    spdlog::info("parked fingerprint={} remote={}", who.fingerprint.to_text(),
                 who.remote.to_string());
  }
  void on_promoted(const relay::ParticipantInfo& who) override {
    spdlog::info("promoted fingerprint={} remote={}", who.fingerprint.to_text(),
                 who.remote.to_string());
  }
};

void log_totals(const relay::RelayCounters& c) {
  spdlog::info("joined={} left={} media_in={} forwarded={} malformed={} not_sent={}", c.joined,
               c.left, c.media_in, c.media_forwarded, c.media_malformed, c.media_not_sent);
}

std::uint32_t utc_day() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::hours>(since_1970).count() / 24);
}

/// Everything that runs, once the address is known.
class Program {
 public:
  Program(const relay::Config& config, const crypto::Identity& identity,
          transport::Endpoint& endpoint, transport::UdpDriver& driver, boost::asio::io_context& io)
      : config_(config),
        driver_(driver),
        io_(io),
        relay_(endpoint, identity, crypto::system_rng(), config.relay, &log_),
        loop_(io, driver,
              [this](Instant now) {
                relay_.handle_turn(now);
                return relay_.next_deadline();
              }),
        signals_(io, SIGINT, SIGTERM),
        drained_(io),
        day_(io) {
    wait_for_signal();
    watch_day();
  }
  Program(Program&&) = delete;

  [[nodiscard]] const relay::RelayCounters& counters() const { return relay_.counters(); }

 private:
  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      if (std::exchange(is_draining_, true)) {
        end();
        return;
      }
      spdlog::info("shutting down participants={}", relay_.participant_count());
      relay_.start_drain(transport::UdpDriver::now(), config_.drain);
      driver_.flush_now();
      wait_for_signal();
      watch_drain(transport::UdpDriver::now() + config_.drain.deadline);
    });
  }

  /// The deadline is kept here too, since nothing else may be going on.
  void watch_drain(Instant deadline) {
    if (relay_.is_drained() || transport::UdpDriver::now() >= deadline) {
      end();
      return;
    }
    drained_.expires_after(kDrainPoll);
    drained_.async_wait([this, deadline](const boost::system::error_code& error) {
      if (!error) watch_drain(deadline);
    });
  }

  void end() {
    relay_.shut_down(transport::UdpDriver::now());
    driver_.flush_now();
    driver_.stop();
    io_.stop();
  }

  void watch_day() {
    relay_.set_utc_day(utc_day());
    day_.expires_after(kDayPoll);
    day_.async_wait([this](const boost::system::error_code& error) {
      if (!error) watch_day();
    });
  }

  relay::Config config_;
  transport::UdpDriver& driver_;
  boost::asio::io_context& io_;
  LogObserver log_;
  relay::Relay relay_;
  transport::AsioCoreLoop loop_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer drained_;
  boost::asio::steady_timer day_;
  bool is_draining_ = false;
};

int serve(const relay::Config& config, const transport::SocketAddress& listen) {
  const crypto::Identity identity = crypto::Identity::ephemeral(crypto::system_rng());
  transport::Endpoint endpoint(transport::EndpointConfig::for_server(),
                               transport::TlsContext::make_self_signed_server(),
                               crypto::system_rng());
  boost::asio::io_context io;
  transport::UdpDriverConfig socket;
  socket.listen = listen;
  auto driver = transport::UdpDriver::open(io, endpoint, socket);
  if (!driver) {
    return apps::fail("wzp-relay", "cannot listen on " + listen.to_string() + ": " +
                                       std::string(message(driver.error())));
  }
  Program program(config, identity, endpoint, *driver, io);
  spdlog::info("listening on {} fingerprint={}", driver->local_address().to_string(),
               identity.fingerprint().to_text());
  io.run();
  log_totals(program.counters());
  return 0;
}

// -- Settings ------------------------------------------------------------------------------------

struct Flag {
  const relay::ConfigKey* key;
  CLI::Option* option;
  std::string value;
};

relay::ConfigResult load_file(relay::Config& config, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Unexpected("cannot read " + path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return relay::load_toml(config, text, path);
}

/// The file, then the environment, then flags: the last one wins.
Expected<relay::Config, std::string> load(const std::string& file, const std::vector<Flag>& flags) {
  relay::Config config;
  if (!file.empty()) {
    if (auto loaded = load_file(config, file); !loaded) return Unexpected(loaded.error());
  }
  const auto lookup = [](const char* name) -> const char* { return std::getenv(name); };
  if (auto loaded = relay::load_environment(config, lookup); !loaded) {
    return Unexpected(loaded.error());
  }
  for (const Flag& flag : flags) {
    if (flag.option->count() == 0) continue;
    if (auto set = relay::set_value(config, *flag.key, flag.value); !set) {
      return Unexpected(relay::flag_name(*flag.key) + ": " + set.error());
    }
  }
  return config;
}

std::vector<Flag> add_flags(CLI::App& app) {
  std::vector<Flag> flags;
  flags.reserve(relay::config_keys().size());  // options keep references to the values
  const relay::Config defaults;
  for (const relay::ConfigKey& key : relay::config_keys()) {
    flags.push_back({&key, nullptr, {}});
    flags.back().option =
        app.add_option(relay::flag_name(key), flags.back().value, std::string(key.help));
    flags.back().option->default_str(key.get(defaults));
  }
  return flags;
}

/// The message of a log line as a JSON string.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& line, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const std::string text = relay::json_text({line.payload.data(), line.payload.size()});
    out.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonMessage>();
  }
};

void start_log(const relay::Config& config) {
  spdlog::set_default_logger(spdlog::stdout_logger_st("wzp-relay"));
  auto form = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  form->add_flag<JsonMessage>('j').set_pattern(
      config.log_format == "json" ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%j})"
                                  : "%Y-%m-%dT%H:%M:%S.%eZ %l %v");
  spdlog::set_formatter(std::move(form));
  spdlog::set_level(spdlog::level::from_str(config.log_level));
  spdlog::flush_on(spdlog::level::info);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Forwards encrypted voice between the members of a room.", "wzp-relay");
  std::string file;
  bool only_check = false;
  app.add_option("--config", file, "TOML file of settings; environment and flags go before it")
      ->envname("WZP_RELAY_CONFIG");
  app.add_flag("--check-config", only_check, "print the settings in effect and end");
  const std::vector<Flag> flags = add_flags(app);
  if (const auto code = apps::parse(app, argc, argv)) return *code;

  const auto config = load(file, flags);
  if (!config) {
    apps::fail("wzp-relay", config.error());
    return apps::kExitUsage;
  }
  if (only_check) {
    std::fputs(relay::to_toml(*config).c_str(), stdout);
    return 0;
  }
  start_log(*config);
  const auto address = transport::resolve(config->listen, kDefaultPort);
  if (!address) return apps::fail("wzp-relay", address.error());
  try {
    return serve(*config, *address);
  } catch (const std::exception& e) {
    return apps::fail("wzp-relay", e.what());
  }
}
