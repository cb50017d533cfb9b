// Two or more endpoints in a simulated network, with their events collected.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "wzp/proto/rng.hpp"
#include "wzp/transport/endpoint.hpp"
#include "wzp/transport/sim_network.hpp"

namespace wzp::transport::test {

using namespace std::chrono_literals;

// Shared by all tests: making a certificate takes a millisecond.
inline const TlsContext& server_tls() {
  static const TlsContext tls = TlsContext::make_self_signed_server();
  return tls;
}
inline const TlsContext& client_tls() {
  static const TlsContext tls = TlsContext::make_client();
  return tls;
}

// An endpoint and everything it reported.
struct SimHost {
  SimHost(SimNetwork& network, const EndpointConfig& config, const TlsContext& tls,
          std::uint64_t seed, const SocketAddress& own)
      : rng(seed), endpoint(config, tls, rng), address(own) {
    id = network.add_host(endpoint, address, [this](Instant now) { take_events(now); });
  }
  SimHost(const SimHost&) = delete;

  void take_events(Instant now) {
    while (auto event = endpoint.poll_event()) {
      if (auto* e = std::get_if<Connected>(&*event)) connected.push_back(*e);
      if (auto* e = std::get_if<DatagramReceived>(&*event)) {
        ++datagrams;
        datagram_at.push_back(now);
        if (keep_datagrams) kept.emplace_back(as_text(e->bytes));
        if (on_datagram) on_datagram(*e, now);
      }
      if (auto* e = std::get_if<MessageReceived>(&*event)) {
        messages.emplace_back(as_text(e->bytes));
        message_at.push_back(now);
        if (on_message) on_message(*e, now);
      }
      if (auto* e = std::get_if<ConnectionClosed>(&*event)) {
        closed.push_back(*e);
        closed_at.push_back(now);
      }
    }
  }
  [[nodiscard]] ConnectionHandle connection() const { return connected.at(0).connection; }

  SeededRng rng;
  Endpoint endpoint;
  SocketAddress address;
  SimNetwork::HostId id = 0;
  std::vector<Connected> connected;
  std::vector<std::string> messages;
  std::vector<Instant> message_at;
  std::vector<ConnectionClosed> closed;
  std::vector<Instant> closed_at;
  std::size_t datagrams = 0;
  std::vector<Instant> datagram_at;
  bool keep_datagrams = false;
  std::vector<std::string> kept;
  std::function<void(const DatagramReceived&, Instant)> on_datagram;
  std::function<void(const MessageReceived&, Instant)> on_message;
};

struct SimOptions {
  EndpointConfig server = EndpointConfig::for_server();
  EndpointConfig client = EndpointConfig::for_client();
  ChannelConfig up;    // client to server
  ChannelConfig down;  // server to client
  std::string server_name = "room";
  std::uint64_t seed = 1;
  TlsContext server_context = server_tls();
  TlsContext client_context = client_tls();
};

// A server and a client, on a path.
struct SimPair {
  explicit SimPair(SimOptions options = {})
      : server(network, options.server, options.server_context, options.seed * 2 + 1,
               SocketAddress::ipv4({10, 0, 0, 1}, 4433)),
        client(network, options.client, options.client_context, options.seed * 2 + 2,
               SocketAddress::ipv4({10, 0, 0, 2}, 50000)),
        options_(std::move(options)) {
    network.connect_hosts(client.id, server.id, options_.up, options_.down);
  }
  SimPair(const SimPair&) = delete;

  ConnectionHandle dial() {
    ConnectionHandle handle;
    network.at(network.now(), client.id, [&](Instant now) {
      handle = client.endpoint.connect(server.address, options_.server_name, now).value();
    });
    network.run_until(network.now());
    return handle;
  }
  // True if both ends are connected within ten seconds.
  bool connect() {
    dial();
    return network.run_until([&] { return !client.connected.empty() && !server.connected.empty(); },
                             10s);
  }
  void on_client(std::function<void(Instant)> action) {
    network.at(network.now(), client.id, std::move(action));
  }
  void on_server(std::function<void(Instant)> action) {
    network.at(network.now(), server.id, std::move(action));
  }

  SimNetwork network;
  SimHost server;
  SimHost client;

 private:
  SimOptions options_;
};

inline ChannelConfig path(Duration one_way, double loss = 0, std::uint64_t seed = 1) {
  ChannelConfig c;
  c.delay = one_way;
  c.loss_rate = loss;
  c.seed = seed;
  return c;
}

inline double in_ms(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

inline std::vector<std::byte> bytes_of(std::size_t n, unsigned char fill = 'x') {
  return std::vector<std::byte>(n, static_cast<std::byte>(fill));
}

}  // namespace wzp::transport::test
