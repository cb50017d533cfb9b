/// \file
/// A relay that does what a test tells it to: it listens, drops, alters, replays, lies.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "simulated_world.hpp"
#include "wzp/crypto/handshake.hpp"
#include "wzp/proto/signal.hpp"

namespace wzp::test {

/// Everybody is in one room. Until it is told otherwise it behaves.
class HostileRelay {
 public:
  struct Member {
    transport::ConnectionHandle connection;
    StreamId stream;
    proto::CallOffer offer;
    bool listed = true;  ///< What the others are told. Who is not listed still hears.
    bool connected = true;
    crypto::Secret<32> session_key;  ///< All that a relay ever has of keys.
    Instant joined{};
  };
  struct Packet {
    StreamId from;
    Instant at{};
    std::vector<std::byte> bytes;
  };

  explicit HostileRelay(transport::SimNetwork& net);

  // -- How it lies. Each is asked before something is passed on.
  std::vector<std::string> answer_features{"stream-id", "e2e/1"};
  /// False: no answer at all.
  std::function<bool(proto::CallAnswer& answer)> edit_answer;
  std::function<void(const Member& to, proto::RoomUpdate& update)> edit_update;
  /// `to` and `from` may be changed too. False: dropped.
  std::function<bool(proto::PeerSignal& signal)> pass_signal;
  std::function<bool(StreamId to, StreamId& as, std::vector<std::byte>& packet)> pass_media;

  // -- What it learns.
  bool taps = true;
  std::vector<Packet> media;  ///< Every datagram of every member, as it came.
  std::vector<proto::PeerSignal> signals;
  std::vector<std::unique_ptr<Member>> members;
  [[nodiscard]] Member* find(StreamId stream);

  // -- What it does on its own. Takes effect with the next turn of the network.
  void tell(Member& member);
  void tell_all();
  void send_update(StreamId to, const proto::RoomUpdate& update);
  [[nodiscard]] proto::RoomUpdate full_update(const Member& to);
  void send_signal(const proto::PeerSignal& signal);
  void send_media(StreamId to, StreamId as, ByteView packet);
  /// The others are told that it left; it is not.
  void say_left(StreamId stream);
  void disconnect(StreamId stream);
  /// Forgets those who are gone, and what was tapped before.
  void forget_before(Instant when);

  std::uint64_t revision = 0;
  SeededRng rng{99};
  crypto::Identity identity;
  transport::Endpoint endpoint;
  SimDriver driver;

 private:
  void on(const transport::Connected&) {}
  void on(const transport::MessageReceived& message);
  void on(const transport::DatagramReceived& datagram);
  void on(const transport::ConnectionClosed& closed);
  void answer(transport::ConnectionHandle connection, const proto::CallOffer& offer);
  void send(Member& to, const proto::Signal& signal);
  Member* find(transport::ConnectionHandle connection);

  transport::SimNetwork& net_;
  std::uint16_t last_stream_ = 0;
};

/// Calls over a HostileRelay.
class HostileWorld {
 public:
  HostileWorld() : relay(net) {}
  SimClient& add_client(const client::CallOptions& options, std::vector<std::int16_t> speech,
                        const transport::ChannelConfig& path = {},
                        client::CallObserver* observer = nullptr);
  /// Another call of the same identity over the same endpoint.
  void call_again(SimClient& client, const client::CallOptions& options);
  bool run_until_locked(Duration limit = std::chrono::seconds(10));
  [[nodiscard]] bool all_locked() const;
  /// The stream of a client, as the relay knows it.
  [[nodiscard]] StreamId stream_of(const SimClient& client);

  transport::SimNetwork net;
  HostileRelay relay;
  std::vector<std::unique_ptr<SimClient>> clients;
};

}  // namespace wzp::test
