/// \file
/// A relay with its gateway on real loopback sockets, on a thread of its own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch_test_macros.hpp>
#include <future>
#include <thread>

#include "wzp/crypto/system_rng.hpp"
#include "wzp/gateway/gateway.hpp"
#include "wzp/gateway/transport_metrics.hpp"
#include "wzp/transport/asio_core_loop.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

namespace wzp::gateway::test {

using namespace std::chrono_literals;

inline relay::WebConfig both_ports() {
  relay::WebConfig config;
  config.metrics_port = 0;
  config.ws_port = 0;
  return config;
}

class LiveRelay {
 public:
  explicit LiveRelay(const relay::WebConfig& web = both_ports(),
                     const relay::RelayConfig& config = {})
      : identity_(crypto::Identity::ephemeral(crypto::system_rng())),
        endpoint_(transport::EndpointConfig::for_server(),
                  transport::TlsContext::make_self_signed_server(), crypto::system_rng()),
        relay_(endpoint_, identity_, crypto::system_rng(), config),
        driver_(transport::UdpDriver::open(io_, endpoint_,
                                           {.listen = transport::SocketAddress::loopback_ipv4(0)})
                    .value()),
        gateway_(io_, relay_, crypto::system_rng(),
                 {web, "relay.test:4433", [this] { driver_.wake(); },
                  [this] {
                    return transport_metrics(endpoint_.counters(), driver_.counters()) +
                           process_metrics();
                  }}),
        loop_(io_, driver_, [this](Instant now) {
          relay_.handle_turn(now);
          gateway_.handle_turn(now);
          return relay_.next_deadline();
        }) {
    const auto started = gateway_.start();
    INFO((started ? "" : started.error()));
    REQUIRE(started);
    quic_port = driver_.local_address().port();
    admin_port = gateway_.admin_address().port();
    web_port = gateway_.web_address().port();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~LiveRelay() {
    on_thread([&] {
      gateway_.stop();
      driver_.stop();
      io_.stop();
    });
    thread_.join();
  }
  LiveRelay(const LiveRelay&) = delete;
  LiveRelay& operator=(const LiveRelay&) = delete;

  /// Does it on the relay's thread and waits for it.
  void on_thread(const std::function<void()>& action) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }
  void drain(const relay::DrainConfig& config) {
    on_thread([&] {
      relay_.start_drain(transport::UdpDriver::now(), config);
      driver_.wake();
    });
  }
  GatewayResult reload(const relay::WebConfig& config) {
    GatewayResult result;
    on_thread([&] { result = gateway_.reload(config); });
    return result;
  }
  relay::RelayCounters counters() {
    relay::RelayCounters out;
    on_thread([&] { out = relay_.counters(); });
    return out;
  }

  std::uint16_t quic_port = 0;
  std::uint16_t admin_port = 0;
  std::uint16_t web_port = 0;

 private:
  boost::asio::io_context io_;
  crypto::Identity identity_;
  transport::Endpoint endpoint_;
  relay::Relay relay_;
  transport::UdpDriver driver_;
  Gateway gateway_;
  transport::AsioCoreLoop loop_;
  std::thread thread_;
};

/// Looks again until it is so, for five seconds at most.
template <class Condition>
bool eventually(Condition is_so) {
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

}  // namespace wzp::gateway::test
