#include "simulated_world.hpp"

#include <algorithm>

namespace wzp::test {
namespace {

crypto::Identity numbered_identity(std::uint8_t number) {
  std::array<std::byte, 32> seed{};
  seed[0] = std::byte{number};
  return crypto::Identity::from_seed(crypto::Seed::from_bytes(seed));
}

transport::SocketAddress client_address(std::uint8_t number) {
  return transport::SocketAddress::ipv4({10, 0, 0, number}, 40000);
}

std::unique_ptr<client::AudioSource> source_of(std::vector<std::int16_t> speech) {
  if (speech.empty()) return nullptr;
  return std::make_unique<client::PcmSource>(std::move(speech));
}

}  // namespace

const transport::SocketAddress SimWorld::kRelayAddress =
    transport::SocketAddress::ipv4({10, 0, 0, 254}, 4433);

void TrackSink::play(client::PcmView samples, Instant) {
  if (!keep) return;
  mixed.insert(mixed.end(), samples.begin(), samples.end());
}

void TrackSink::play_track(StreamId from, client::PcmView samples, Instant) {
  if (!keep) return;
  std::vector<std::int16_t>& track = tracks[from];
  track.resize(mixed.size());  // silent until now
  track.insert(track.end(), samples.begin(), samples.end());
}

SimDriver::SimDriver(transport::SimNetwork& net, transport::Endpoint& endpoint,
                     const transport::SocketAddress& address, Turn turn)
    : net_(net),
      turn_(std::move(turn)),
      host_(net.add_host(endpoint, address, [this](Instant now) { this->turn(now); })) {}

void SimDriver::turn(Instant now) {
  const Instant next = turn_(now);
  if (armed_for_ <= now) armed_for_ = kNever;
  if (next >= armed_for_) return;  // an earlier or equal alarm is set already
  armed_for_ = std::max(next, now);
  net_.at(armed_for_, host_, [](Instant) {});
}

void SimDriver::wake() {
  net_.at(net_.now(), host_, [](Instant) {});
}

SimClient::SimClient(transport::SimNetwork& network, std::uint8_t number,
                     const client::CallOptions& options, std::vector<std::int16_t> speech,
                     client::CallObserver* observer)
    : net(network),
      rng(number),
      identity(numbered_identity(number)),
      source(source_of(std::move(speech))),
      endpoint(client::Call::endpoint_config(), transport::TlsContext::make_client(), rng),
      call(endpoint, identity, rng, options, source.get(), sink, observer),
      driver(network, endpoint, client_address(number), [this](Instant now) {
        call.handle_turn(now);
        return call.next_deadline();
      }) {}

void SimClient::hang_up() {
  net.at(net.now(), driver.host(), [this](Instant now) { call.hang_up(now); });
}

SimWorld::SimWorld()
    : relay_identity(numbered_identity(200)),
      relay_endpoint(transport::EndpointConfig::for_server(),
                     transport::TlsContext::make_self_signed_server(), rng),
      relay(relay_endpoint, relay_identity, rng, {}),
      relay_driver(net, relay_endpoint, kRelayAddress, [this](Instant now) {
        relay.handle_turn(now);
        return relay.next_deadline();
      }) {}

SimClient& SimWorld::add_client(const client::CallOptions& options,
                                std::vector<std::int16_t> speech, transport::ChannelConfig up,
                                transport::ChannelConfig down, client::CallObserver* observer) {
  const auto number = static_cast<std::uint8_t>(clients.size() + 1);
  clients.push_back(std::make_unique<SimClient>(net, number, options, std::move(speech), observer));
  SimClient& added = *clients.back();
  up.seed += 2U * number;
  down.seed += 2U * number + 1U;
  net.connect_hosts(added.driver.host(), relay_driver.host(), up, down);
  net.at(net.now(), added.driver.host(),
         [&added](Instant now) { added.call.start(kRelayAddress, now); });
  return added;
}

bool SimWorld::run_until_active() {
  const auto all_active = [this] {
    return std::all_of(clients.begin(), clients.end(),
                       [](const auto& c) { return c->call.state() == client::CallState::kActive; });
  };
  return net.run_until(all_active, std::chrono::seconds(10));
}

}  // namespace wzp::test
