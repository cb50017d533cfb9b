#include "relay_program.hpp"

#include <chrono>
#include <csignal>
#include <utility>

#include "wzp/crypto/system_rng.hpp"
#include "wzp/gateway/transport_metrics.hpp"

namespace wzp::apps {
namespace {

constexpr std::chrono::milliseconds kDrainPoll{50};
constexpr std::chrono::minutes kDayPoll{1};

std::uint32_t utc_day() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::hours>(since_1970).count() / 24);
}

}  // namespace

RelayProgram::RelayProgram(boost::asio::io_context& io, const relay::Config& config, Reload reload,
                           const crypto::Identity& identity, transport::Endpoint& endpoint,
                           transport::UdpDriver& driver, RelayLog& log)
    : io_(io),
      config_(config),
      read_settings_(std::move(reload)),
      identity_(identity),
      driver_(driver),
      log_(log),
      relay_(endpoint, identity, crypto::system_rng(), relay_config_of(config), &log),
      gateway_(io, relay_, crypto::system_rng(),
               {config.web, driver.local_address().to_string(), [&driver] { driver.wake(); },
                [&endpoint, &driver] {
                  return gateway::transport_metrics(endpoint.counters(), driver.counters()) +
                         gateway::process_metrics();
                }}),
      loop_(io, driver,
            [this](Instant now) {
              relay_.handle_turn(now);
              gateway_.handle_turn(now);
              return relay_.next_deadline();
            }),
      end_signals_(io, SIGINT, SIGTERM),
      reload_signals_(io, SIGHUP),
      drained_(io),
      day_(io) {
  wait_for_end();
  wait_for_reload();
  watch_day();
}

gateway::GatewayResult RelayProgram::start() {
  if (auto started = gateway_.start(); !started) return started;
  RelayLog::info(
      log_.line("authentication")
          .field("service", config_.web.auth.url.empty() ? "none" : config_.web.auth.url));
  if (config_.web.metrics_port) {
    const std::string address = gateway_.admin_address().to_string();
    RelayLog::info(log_.line("admin_listening", "administration").field("address", address));
  }
  if (config_.web.ws_port) {
    RelayLog::info(log_.line("web_listening", "web")
                       .field("address", gateway_.web_address().to_string())
                       .field("tls", gateway_.web_has_tls() ? "yes" : "no"));
  }
  const std::string address = driver_.local_address().to_string();
  relay::LogLine line = log_.line("listening", "listening on " + address);
  line.field("fingerprint", identity_.fingerprint().to_text()).field("address", address);
  RelayLog::info(line);
  return {};
}

void RelayProgram::log_totals() const {
  const relay::RelayCounters& c = relay_.counters();
  RelayLog::info(log_.line("ended")
                     .field("joined", c.joined)
                     .field("left", c.left)
                     .field("media_in", c.media_in)
                     .field("forwarded", c.media_forwarded)
                     .field("malformed", c.media_malformed)
                     .field("not_sent", c.media_not_sent));
}

// -- The end -------------------------------------------------------------------------------------

void RelayProgram::wait_for_end() {
  end_signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) on_end_signal();
  });
}

void RelayProgram::on_end_signal() {
  if (std::exchange(is_draining_, true)) return end();
  RelayLog::info(log_.line("shutting_down", "shutting down")
                     .field("participants", std::uint64_t{relay_.participant_count()}));
  relay_.start_drain(transport::UdpDriver::now(), config_.drain);
  driver_.flush_now();
  wait_for_end();
  watch_drain(transport::UdpDriver::now() + config_.drain.deadline);
}

/// The deadline is kept here too, since nothing else may be going on.
void RelayProgram::watch_drain(Instant deadline) {
  if (relay_.is_drained() || transport::UdpDriver::now() >= deadline) return end();
  drained_.expires_after(kDrainPoll);
  drained_.async_wait([this, deadline](const boost::system::error_code& error) {
    if (!error) watch_drain(deadline);
  });
}

void RelayProgram::end() {
  relay_.shut_down(transport::UdpDriver::now());
  driver_.flush_now();
  gateway_.stop();
  driver_.stop();
  io_.stop();
}

// -- Settings again ------------------------------------------------------------------------------

void RelayProgram::wait_for_reload() {
  reload_signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    reload();
    wait_for_reload();
  });
}

void RelayProgram::reload() {
  const auto fresh = read_settings_();
  relay::Config next = config_;
  std::vector<std::string_view> need_restart;
  if (fresh) need_restart = take_over(next, *fresh);
  const gateway::GatewayResult done = fresh ? gateway_.reload(next.web) : Unexpected(fresh.error());
  if (!done) {
    RelayLog::error(log_.line("reload_failed", "reload failed").field("reason", done.error()));
    return;
  }
  config_ = next;
  relay_.reconfigure(relay_config_of(config_));
  for (const std::string_view key : need_restart) {
    RelayLog::warn(log_.line("needs_restart", "a new start is needed for").field("setting", key));
  }
  RelayLog::info(log_.line("reloaded").field("log_level", config_.log_level));
  RelayLog::set_level(config_.log_level);
}

void RelayProgram::watch_day() {
  relay_.set_utc_day(utc_day());
  day_.expires_after(kDayPoll);
  day_.async_wait([this](const boost::system::error_code& error) {
    if (!error) watch_day();
  });
}

}  // namespace wzp::apps
