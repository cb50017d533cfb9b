/// \file
/// Everything that runs in a relay process.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "relay_log.hpp"
#include "wzp/gateway/gateway.hpp"
#include "wzp/relay/config.hpp"
#include "wzp/relay/relay.hpp"
#include "wzp/transport/asio_core_loop.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

namespace wzp::apps {

/// Relay, gateway and the process' signals. SIGTERM and SIGINT drain, a second one ends at once;
/// SIGHUP reads the settings again.
class RelayProgram {
 public:
  using Reload = std::function<Expected<relay::Config, std::string>()>;

  RelayProgram(boost::asio::io_context& io, const relay::Config& config, Reload reload,
               const crypto::Identity& identity, transport::Endpoint& endpoint,
               transport::UdpDriver& driver, RelayLog& log);
  RelayProgram(const RelayProgram&) = delete;
  RelayProgram& operator=(const RelayProgram&) = delete;

  /// Opens the TCP ports that are set, and says where everything listens.
  [[nodiscard]] gateway::GatewayResult start();
  void log_totals() const;

 private:
  void wait_for_end();
  void on_end_signal();
  void watch_drain(Instant deadline);
  void end();
  void wait_for_reload();
  void reload();
  void watch_day();

  boost::asio::io_context& io_;
  relay::Config config_;
  Reload read_settings_;
  const crypto::Identity& identity_;
  transport::UdpDriver& driver_;
  RelayLog& log_;
  relay::Relay relay_;
  gateway::Gateway gateway_;
  transport::AsioCoreLoop loop_;
  boost::asio::signal_set end_signals_;
  boost::asio::signal_set reload_signals_;
  boost::asio::steady_timer drained_;
  boost::asio::steady_timer day_;
  bool is_draining_ = false;
};

}  // namespace wzp::apps
