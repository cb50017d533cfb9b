/// \file
/// A relay and any number of calls on simulated paths, in virtual time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "wzp/client/audio_file.hpp"
#include "wzp/client/call.hpp"
#include "wzp/crypto/seed.hpp"
#include "wzp/relay/relay.hpp"
#include "wzp/transport/sim_network.hpp"

namespace wzp::test {

/// Keeps what was played: everything mixed, and each sender alone on the same timeline.
class TrackSink final : public client::AudioSink {
 public:
  void play(client::PcmView mixed, Instant at) override;
  void play_track(StreamId from, client::PcmView samples, Instant at) override;

  bool keep = true;  ///< False: for runs too long to remember.
  std::vector<std::int16_t> mixed;
  std::map<StreamId, std::vector<std::int16_t>> tracks;
};

/// Something that is driven turn by turn and wants to be called again at its deadlines.
class SimDriver {
 public:
  using Turn = std::function<Instant(Instant)>;
  SimDriver(transport::SimNetwork& net, transport::Endpoint& endpoint,
            const transport::SocketAddress& address, Turn turn);
  SimDriver(SimDriver&&) = delete;
  [[nodiscard]] transport::SimNetwork::HostId host() const { return host_; }
  /// Gives a turn at the present instant.
  void wake();

 private:
  void turn(Instant now);

  transport::SimNetwork& net_;
  Turn turn_;
  Instant armed_for_ = kNever;
  transport::SimNetwork::HostId host_;
};

/// One client of the world. `sink` holds what it heard.
struct SimClient {
  SimClient(transport::SimNetwork& net, std::uint8_t number, const client::CallOptions& options,
            std::vector<std::int16_t> speech, client::CallObserver* observer = nullptr);
  /// Hangs up now, in virtual time.
  void hang_up();

  transport::SimNetwork& net;
  SeededRng rng;
  crypto::Identity identity;
  std::unique_ptr<client::AudioSource> source;
  TrackSink sink;
  transport::Endpoint endpoint;
  client::Call call;
  SimDriver driver;
};

class SimWorld {
 public:
  SimWorld();

  /// Connects a client; empty `speech`: it only listens. The channels' seeds are made different for
  /// each client.
  SimClient& add_client(const client::CallOptions& options, std::vector<std::int16_t> speech,
                        transport::ChannelConfig up = {}, transport::ChannelConfig down = {},
                        client::CallObserver* observer = nullptr);
  /// Runs until all clients are in the room; false after 10 s.
  bool run_until_active();

  transport::SimNetwork net;
  SeededRng rng{7};
  crypto::Identity relay_identity;
  transport::Endpoint relay_endpoint;
  relay::Relay relay;
  SimDriver relay_driver;
  std::vector<std::unique_ptr<SimClient>> clients;

  static const transport::SocketAddress kRelayAddress;
};

}  // namespace wzp::test
