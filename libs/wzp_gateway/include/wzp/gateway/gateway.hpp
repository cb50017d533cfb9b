/// \file
/// The relay's TCP side: administration, WebSocket participants, static files, tokens. Names an
/// Asio type, like the Asio headers of wzp::transport.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "wzp/gateway/export.hpp"
#include "wzp/proto/expected.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/relay/relay.hpp"
#include "wzp/relay/web_config.hpp"
#include "wzp/transport/socket_address.hpp"

namespace boost::asio {
class io_context;
}

namespace wzp::gateway {

/// Errors are one line for people, and say what was expected.
using GatewayResult = Expected<void, std::string>;

/// Looks at what can be wrong before anything is opened: the form of URLs and addresses,
/// certificates and keys that cannot be read or do not fit, folders that are not there.
[[nodiscard]] WZP_GATEWAY_EXPORT GatewayResult check(const relay::WebConfig& config);

struct GatewayOptions {
  relay::WebConfig config;
  std::string own_address;  ///< Of the relay, for /route/.
  /// Called when something for the relay's QUIC participants was queued: UdpDriver::wake().
  std::function<void()> wake;
  /// Put behind the relay's and the gateway's own metrics: transport_metrics(), for instance.
  std::function<std::string()> more_metrics;
};

/// Runs beside a relay, on the same thread and io_context:
///
///     Gateway gateway(io, relay, system_rng(), {config.web, "192.0.2.1:4433", [&] { driver.wake();
///     }}); if (auto started = gateway.start(); !started) ...
///     // in each turn of the relay, after Relay::handle_turn():
///     gateway.handle_turn(now);
///
/// A WebSocket participant's sound is 48 kHz 16-bit mono in messages of 960 samples. It is encoded
/// and sent to the room as a guest's (relay::Guest); what the others say is decoded, mixed and sent
/// back every 20 ms. The relay hears all of that: rooms that require end-to-end encryption refuse
/// guests.
class WZP_GATEWAY_EXPORT Gateway {
 public:
  /// All references must outlive the gateway.
  Gateway(boost::asio::io_context& io, relay::Relay& relay, Rng& rng, GatewayOptions options);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Opens the ports that are set. Call once.
  [[nodiscard]] GatewayResult start();
  /// Takes the relay's questions about tokens.
  void handle_turn(Instant now);
  /// Reads certificates and files again and takes over limits; ports and the authentication service
  /// stay. With an error nothing is changed.
  [[nodiscard]] GatewayResult reload(const relay::WebConfig& config);
  /// Closes every port and connection.
  void stop();

  /// With the port that was given; "none" if off.
  [[nodiscard]] transport::SocketAddress admin_address() const;
  [[nodiscard]] transport::SocketAddress web_address() const;
  [[nodiscard]] bool web_has_tls() const noexcept;

  /// What the gateway counts, in Prometheus' text format.
  [[nodiscard]] std::string metrics() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::gateway
