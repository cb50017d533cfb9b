/// \file
/// Endpoints on simulated paths, in virtual time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/transport/channel.hpp"
#include "wzp/transport/endpoint.hpp"
#include "wzp/transport/export.hpp"
#include "wzp/transport/socket_address.hpp"

namespace wzp::transport {

/// Runs endpoints against each other without sockets or sleeping. Deterministic: the same hosts,
/// links and seeds give the same packets (sizes, times and order; TLS draws its keys itself).
///
///     SimNetwork net;
///     auto relay = net.add_host(relay_endpoint, address_a, [&](Instant now) { drain events });
///     auto client = net.add_host(client_endpoint, address_b, ...);
///     net.connect_hosts(relay, client, channel_config_both_ways);
///     net.run_for(std::chrono::seconds(30));
class WZP_TRANSPORT_EXPORT SimNetwork {
 public:
  using HostId = std::size_t;
  using OnTurn = std::function<void(Instant)>;

  SimNetwork();
  ~SimNetwork();
  SimNetwork(SimNetwork&&) noexcept;
  SimNetwork& operator=(SimNetwork&&) noexcept;

  /// The endpoint must outlive the network. `on_turn` is called after input or a deadline of this
  /// host, to take events and to send; then the endpoint is flushed.
  HostId add_host(Endpoint& endpoint, const SocketAddress& address, OnTurn on_turn);

  /// The two directed paths between two hosts. Without this call a path is perfect and instant.
  void connect_hosts(HostId a, HostId b, const ChannelConfig& a_to_b, const ChannelConfig& b_to_a);
  /// The path from one host to another, to change its conditions or read its counters.
  [[nodiscard]] Channel& channel(HostId from, HostId to);

  /// From now on packets of `host` seem to come from `address` (a NAT forgot its mapping), and
  /// packets to the old address are lost.
  void rebind(HostId host, const SocketAddress& address);

  /// Calls `action(now)` at `when` of virtual time, then gives `host` a turn.
  void at(Instant when, HostId host, std::function<void(Instant)> action);
  /// Calls `action(now)` at `first` and then every `period`, until the network ends.
  void every(Duration period, Instant first, HostId host, std::function<void(Instant)> action);
  /// A UDP payload from outside: from any source address straight to a host.
  void inject(const SocketAddress& from, HostId to, ByteView udp_payload);

  [[nodiscard]] Instant now() const noexcept;
  void run_until(Instant end);
  void run_for(Duration span) { run_until(now() + span); }
  /// Runs until `done()` holds after some turn, at most `limit`. Returns done().
  [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit);

  /// Running hash over (time, from, to, size) of every packet sent: compare two runs.
  [[nodiscard]] std::uint64_t trace_hash() const noexcept;
  [[nodiscard]] std::uint64_t packets_sent() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::transport
