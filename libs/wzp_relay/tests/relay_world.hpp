/// \file
/// A relay and peers that say whatever a test wants, over real QUIC in virtual time.
#pragma once

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/allocation_counter.hpp"
#include "wzp/crypto/handshake.hpp"
#include "wzp/crypto/seed.hpp"
#include "wzp/proto/signal.hpp"
#include "wzp/relay/relay.hpp"
#include "wzp/transport/sim_network.hpp"

namespace wzp::relay::test {

using namespace std::chrono_literals;

inline const auto kRelayAddress = transport::SocketAddress::ipv4({10, 0, 0, 254}, 4433);
inline constexpr const char* kRoom = "46de10172c0bd3222eea8f521ac04d59";
inline constexpr const char* kOtherRoom = "f33756955bd215d4a17cc091d25f3df1";

inline crypto::Identity numbered_identity(std::uint8_t number) {
  std::array<std::byte, 32> seed{};
  seed[0] = std::byte{number};
  return crypto::Identity::from_seed(crypto::Seed::from_bytes(seed));
}

class RelayWorld {
 public:
  explicit RelayWorld(const RelayConfig& config = {})
      : identity(numbered_identity(200)),
        endpoint(transport::EndpointConfig::for_server(),
                 transport::TlsContext::make_self_signed_server(), rng),
        relay(endpoint, identity, rng, config),
        host(net.add_host(endpoint, kRelayAddress, [this](Instant now) { turn(now); })) {}
  RelayWorld(RelayWorld&&) = delete;

  /// Calls the relay at the present instant, as its driver would.
  void act(std::function<void(Instant)> action) {
    net.at(net.now(), host, std::move(action));
    net.run_for(100ms);
  }
  [[nodiscard]] const RelayCounters& counters() const { return relay.counters(); }
  [[nodiscard]] std::uint64_t ended(EndReason reason) const {
    return counters().ended[static_cast<std::size_t>(reason)];
  }

  transport::SimNetwork net;
  SeededRng rng{7};
  crypto::Identity identity;
  transport::Endpoint endpoint;
  Relay relay;
  Instant armed_for = kNever;
  std::size_t allocations = 0;  ///< Within the relay's turns.
  transport::SimNetwork::HostId host;

 private:
  void turn(Instant now) {
    const std::size_t before = wzp::test::allocations();
    relay.handle_turn(now);
    allocations += wzp::test::allocations() - before;
    if (armed_for <= now) armed_for = kNever;
    const Instant next = relay.next_deadline();
    if (next >= armed_for) return;
    armed_for = std::max(next, now);
    net.at(armed_for, host, [](Instant) {});
  }
};

/// One connection. `who` numbers the identity, `number` (its own for each peer) the address.
class Peer {
 public:
  Peer(RelayWorld& in, std::uint8_t number, std::uint8_t who, const char* room = kRoom)
      : world(in),
        rng(number),
        identity(numbered_identity(who)),
        endpoint(transport::EndpointConfig::for_client(), transport::TlsContext::make_client(),
                 rng),
        host(in.net.add_host(endpoint, transport::SocketAddress::ipv4({10, 0, 1, number}, 5000),
                             [this](Instant now) { take_events(now); })) {
    connection = endpoint.connect(kRelayAddress, room, in.net.now()).value();
    settle();
    REQUIRE(connected);
  }
  Peer(RelayWorld& in, std::uint8_t number) : Peer(in, number, number) {}
  Peer(Peer&&) = delete;

  void send_text(std::string_view text) {
    REQUIRE(endpoint.send_message(connection, as_byte_view(text), world.net.now()));
    settle();
  }
  void send(const proto::Signal& signal) { send_text(proto::write_signal(signal)); }
  void send_datagram(ByteView bytes) {
    static_cast<void>(endpoint.send_datagram(connection, bytes, world.net.now()));
    settle();
  }
  void send_media(std::size_t size = 20) { send_datagram(std::vector<std::byte>(size)); }
  void close() {
    world.net.at(world.net.now(), host, [this](Instant now) {
      endpoint.close(connection, transport::kNormalCloseCode, "bye", now);
    });
    settle();
  }
  /// From now on nothing it sends arrives.
  void fall_silent() {
    transport::ChannelConfig dead;
    dead.loss_rate = 1.0;
    world.net.connect_hosts(host, world.host, dead, {});
  }
  void settle() {
    world.net.at(world.net.now(), host, [](Instant) {});
    world.net.run_for(100ms);
  }

  [[nodiscard]] proto::CallOffer make_offer(std::vector<std::string> features) {
    const auto handshake = crypto::CallerHandshake::start(identity, rng);
    proto::CallOffer out;
    out.identity_pub = handshake.offer().identity_pub;
    out.ephemeral_pub = handshake.offer().ephemeral_pub;
    out.signature = handshake.offer().signature;
    out.supported_profiles = {proto::kProfileGood};
    out.features = std::move(features);
    return out;
  }
  void offer(std::vector<std::string> features) { send(make_offer(std::move(features))); }
  Peer& join(std::vector<std::string> features = {"stream-id"}) {
    offer(std::move(features));
    REQUIRE(count<proto::CallAnswer>() == 1);
    return *this;
  }
  [[nodiscard]] std::string fingerprint() const { return identity.fingerprint().to_text(); }

  template <class Kind>
  [[nodiscard]] std::size_t count() const {
    std::size_t n = 0;
    for (const auto& s : signals) n += std::holds_alternative<Kind>(s) ? 1 : 0;
    return n;
  }
  /// The newest signal of the kind; there must be one.
  template <class Kind>
  [[nodiscard]] Kind last() const {
    REQUIRE(count<Kind>() > 0);
    for (auto s = signals.rbegin();; ++s) {
      if (const auto* found = std::get_if<Kind>(&*s)) return *found;
    }
  }
  [[nodiscard]] StreamId stream() const { return last<proto::RoomUpdate>().you; }

  RelayWorld& world;
  SeededRng rng;
  crypto::Identity identity;
  transport::Endpoint endpoint;
  transport::ConnectionHandle connection;
  bool connected = false;
  bool answers_pings = true;
  std::optional<transport::ConnectionClosed> closed;
  std::vector<proto::Signal> signals;
  std::vector<std::vector<std::byte>> datagrams;
  std::function<void(ByteView, Instant)> on_datagram;  ///< Instead of keeping them.
  transport::SimNetwork::HostId host;

 private:
  void take_events(Instant now) {
    while (auto event = endpoint.poll_event()) {
      if (std::holds_alternative<transport::Connected>(*event)) connected = true;
      if (auto* d = std::get_if<transport::DatagramReceived>(&*event)) {
        if (on_datagram) {
          on_datagram(d->bytes, now);
        } else {
          datagrams.emplace_back(d->bytes.begin(), d->bytes.end());
        }
      }
      if (auto* message = std::get_if<transport::MessageReceived>(&*event)) {
        signals.push_back(proto::parse_signal(message->bytes).value());
        answer(signals.back(), now);
      }
      if (auto* gone = std::get_if<transport::ConnectionClosed>(&*event)) closed = *gone;
    }
  }
  void answer(const proto::Signal& signal, Instant now) {
    const auto* ping = std::get_if<proto::Ping>(&signal);
    if (ping == nullptr || !answers_pings) return;
    const std::string text = proto::write_signal(proto::Pong{ping->timestamp_ms});
    static_cast<void>(endpoint.send_message(connection, as_byte_view(text), now));
  }
};

}  // namespace wzp::relay::test
