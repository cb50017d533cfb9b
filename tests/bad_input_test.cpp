// What a hostile or broken peer can send: it is counted, it costs nobody else anything, and the
// connection stays wherever the protocol allows.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/simulated_world.hpp"
#include "wzp/crypto/e2e_hello.hpp"
#include "wzp/crypto/handshake.hpp"
#include "wzp/proto/datagram.hpp"
#include "wzp/proto/signal.hpp"

using namespace wzp;
using namespace std::chrono_literals;

namespace {

constexpr const char* kRoom = "46de10172c0bd3222eea8f521ac04d59";

/// Speaks raw QUIC with the relay: what it sends is up to the test.
struct RawPeer {
  RawPeer(test::SimWorld& world, std::uint8_t number)
      : rng(number),
        endpoint(transport::EndpointConfig::for_client(), transport::TlsContext::make_client(),
                 rng),
        identity(crypto::Identity::ephemeral(rng)),
        net(world.net),
        driver(world.net, endpoint, transport::SocketAddress::ipv4({10, 0, 1, number}, 5000),
               [this](Instant) {
                 take_events();
                 return kNever;
               }) {
    connection = endpoint.connect(test::SimWorld::kRelayAddress, kRoom, world.net.now()).value();
    driver.wake();
    REQUIRE(net.run_until([this] { return connected; }, 5s));
  }

  void take_events() {
    while (auto event = endpoint.poll_event()) {
      if (std::holds_alternative<transport::Connected>(*event)) connected = true;
      if (std::holds_alternative<transport::DatagramReceived>(*event)) ++datagrams;
      if (auto* message = std::get_if<transport::MessageReceived>(&*event)) {
        signals.push_back(proto::parse_signal(message->bytes).value());
      }
      if (auto* closed_event = std::get_if<transport::ConnectionClosed>(&*event)) {
        closed = *closed_event;
      }
    }
  }

  void send_text(std::string_view text) {
    REQUIRE(endpoint.send_message(connection, as_byte_view(text), net.now()));
    settle();
  }
  void send_datagram(ByteView bytes) {
    static_cast<void>(endpoint.send_datagram(connection, bytes, net.now()));
    settle();
  }
  void settle() {
    driver.wake();
    net.run_for(100ms);
  }

  proto::CallOffer offer(std::vector<std::string> features = {"stream-id"}) {
    const auto handshake = crypto::CallerHandshake::start(identity, rng);
    proto::CallOffer out;
    out.identity_pub = handshake.offer().identity_pub;
    out.ephemeral_pub = handshake.offer().ephemeral_pub;
    out.signature = handshake.offer().signature;
    out.supported_profiles = {proto::kProfileGood};
    out.features = std::move(features);
    return out;
  }
  void join(std::vector<std::string> features = {"stream-id"}) {
    send_text(proto::write_signal(offer(std::move(features))));
    REQUIRE_FALSE(signals.empty());
    REQUIRE(std::holds_alternative<proto::CallAnswer>(signals[0]));
  }

  SeededRng rng;
  transport::Endpoint endpoint;
  crypto::Identity identity;
  transport::SimNetwork& net;
  transport::ConnectionHandle connection;
  bool connected = false;
  std::size_t datagrams = 0;
  std::optional<transport::ConnectionClosed> closed;
  std::vector<proto::Signal> signals;
  test::SimDriver driver;
};

proto::Bytes some_hello(Rng& rng) {
  crypto::e2e::Hello hello;
  rng.fill(hello.instance.bytes);
  const auto identity = crypto::Identity::ephemeral(rng);
  hello.identity = identity.public_key();
  hello.ephemeral = identity.exchange_key();
  hello.features = "e2e/1";
  return crypto::e2e::write_hello(hello);
}

}  // namespace

TEST_CASE("datagrams that are no media are counted, and the sender stays") {
  test::SimWorld world;
  RawPeer peer(world, 1);
  peer.join();
  std::uint64_t bad = 0;
  const auto expect_bad = [&](ByteView bytes) {
    peer.send_datagram(bytes);
    CHECK(world.relay.counters().media_malformed == ++bad);
  };
  std::array<std::byte, 1100> bytes{};
  expect_bad(ByteView(bytes).first(0));
  for (std::size_t n = 1; n < 12; ++n) expect_bad(ByteView(bytes).first(n));
  for (unsigned codec = 6; codec < 16; ++codec) {
    bytes[0] = static_cast<std::byte>(codec << 2);
    expect_bad(ByteView(bytes).first(100));
  }
  bytes[0] = std::byte{0x02};  // announces a quality report that is not there
  expect_bad(ByteView(bytes).first(15));
  SeededRng rng(3);
  for (int i = 0; i < 200; ++i) {
    rng.fill(bytes);
    bytes[0] = static_cast<std::byte>(0x3c);
    expect_bad(ByteView(bytes).first(1 + static_cast<std::size_t>(rng.next_u64() % 1100)));
  }
  CHECK_FALSE(peer.closed);
  CHECK(world.relay.participant_count() == 1);
}

TEST_CASE("signals that are no JSON, or unknown, are counted, and the sender stays") {
  test::SimWorld world;
  RawPeer peer(world, 1);
  peer.join();
  for (const char* text : {"", "{", "null", "[]", "{\"Ping\":{}}", "\"NoSuchThing", "\xff\xfe"}) {
    peer.send_text(text);
  }
  CHECK(world.relay.counters().signals_malformed == 7);
  peer.send_text("\"NewerThanThis\"");
  peer.send_text("{\"AlsoNew\":{\"x\":1}}");
  CHECK(world.relay.counters().signals_unknown == 2);
  peer.send_text("\"Hold\"");
  CHECK(world.relay.counters().signals_ignored == 1);
  CHECK_FALSE(peer.closed);
  peer.signals.clear();
  peer.send_text("{\"Ping\":{\"timestamp_ms\":42}}");
  REQUIRE(peer.signals.size() == 1);
  CHECK(std::get<proto::Pong>(peer.signals[0]).timestamp_ms == 42);
}

TEST_CASE("who does not introduce himself properly is refused with a reason") {
  struct Row {
    const char* name;
    std::string first_signal;
    const char* reason;
  };
  test::SimWorld world;
  RawPeer forger(world, 1);
  auto forged = forger.offer();
  forged.signature[0] ^= std::byte{1};
  const Row rows[] = {
      {"no offer", "\"Hold\"", "first signal"},
      {"no JSON", "hello", "unreadable"},
      {"forged", proto::write_signal(forged), "signature verification failed"},
  };
  std::vector<std::unique_ptr<RawPeer>> peers;  // the network refers to them until its end
  for (const Row& row : rows) {
    CAPTURE(row.name);
    peers.push_back(std::make_unique<RawPeer>(world, static_cast<std::uint8_t>(peers.size() + 2)));
    RawPeer& peer = *peers.back();
    peer.send_text(row.first_signal);
    peer.net.run_for(200ms);
    REQUIRE(peer.closed);
    CHECK(peer.closed->cause == transport::CloseCause::kPeerApplication);
    CHECK(peer.closed->reason.find(row.reason) != std::string::npos);
  }
  CHECK(world.relay.counters().refused_bad_offer == 3);
  CHECK(world.relay.participant_count() == 0);
}

TEST_CASE("who says nothing is refused after the admission timeout") {
  test::SimWorld world;
  RawPeer peer(world, 1);
  peer.net.run_for(9s);
  CHECK_FALSE(peer.closed);
  peer.net.run_for(2s);
  REQUIRE(peer.closed);
  CHECK(world.relay.counters().refused_timeout == 1);
}

TEST_CASE("media before the handshake is dropped and counted") {
  test::SimWorld world;
  RawPeer peer(world, 1);
  std::array<std::byte, 20> packet{};
  peer.send_datagram(packet);
  CHECK(world.relay.counters().media_before_join == 1);
  peer.join();
  peer.send_datagram(packet);
  CHECK(world.relay.counters().media_before_join == 1);
  CHECK(world.relay.counters().media_malformed == 0);
}

TEST_CASE("of one who seals, who can open gets what is sealed, and the others what is in clear") {
  test::SimWorld world;
  RawPeer sender(world, 1);
  RawPeer capable(world, 2);
  RawPeer reference(world, 3);
  RawPeer no_e2e(world, 4);
  sender.join({"stream-id", "e2e/1"});
  capable.join({"stream-id", "e2e/1"});
  reference.join({});
  no_e2e.join({"stream-id"});
  CHECK(reference.signals.size() == 1);  // nothing but the answer, ever
  std::array<std::byte, 40> packet{};
  const auto expect = [&](const RawPeer& peer, std::size_t datagrams) {
    CHECK(peer.datagrams == datagrams);
  };
  packet[10] = std::byte{0x10};
  sender.send_datagram(packet);
  CHECK(world.relay.counters().media_sealed_withheld == 2);
  CHECK(world.relay.counters().media_forwarded == 1);
  expect(capable, 1);
  packet[10] = std::byte{0};
  packet[0] = std::byte{0x80};  // media/2: sealed whatever byte 10 says
  sender.send_datagram(packet);
  expect(capable, 2);
  packet[0] = std::byte{0};
  sender.send_datagram(packet);
  CHECK(world.relay.counters().media_clear_withheld == 1);
  CHECK(world.relay.counters().media_forwarded == 4);
  expect(capable, 2);
  expect(reference, 1);
  expect(no_e2e, 1);
  // Of one who does not seal everybody gets everything: who opens only, drops it.
  no_e2e.send_datagram(packet);
  expect(capable, 3);
  expect(reference, 2);
}

TEST_CASE("a client drops what its relay makes of it, and the call goes on") {
  // A relay of the test's own: answers properly, then sends rubbish.
  transport::SimNetwork net;
  SeededRng rng(1);
  auto relay_identity = crypto::Identity::ephemeral(rng);
  transport::Endpoint relay(transport::EndpointConfig::for_server(),
                            transport::TlsContext::make_self_signed_server(), rng);
  std::optional<transport::ConnectionHandle> client_connection;
  test::SimDriver relay_driver(net, relay, test::SimWorld::kRelayAddress, [&](Instant now) {
    while (auto event = relay.poll_event()) {
      const auto* message = std::get_if<transport::MessageReceived>(&*event);
      if (message == nullptr) continue;
      const auto signal = proto::parse_signal(message->bytes);
      const auto* offer = signal ? std::get_if<proto::CallOffer>(&*signal) : nullptr;
      if (offer == nullptr) continue;
      auto handshake = crypto::CalleeHandshake::accept(
          relay_identity, {offer->identity_pub, offer->ephemeral_pub, offer->signature}, rng);
      REQUIRE(handshake);
      proto::CallAnswer answer;
      answer.identity_pub = handshake->answer().identity_pub;
      answer.ephemeral_pub = handshake->answer().ephemeral_pub;
      answer.signature = handshake->answer().signature;
      answer.features = {"stream-id", "e2e/1"};
      // Stream 1 can seal, stream 2 cannot.
      const proto::RoomUpdate room{
          1,
          0,
          StreamId{9},
          {{StreamId{1}, some_hello(rng), {"stream-id", "e2e/1"}, "aa", {}},
           {StreamId{2}, {}, {}, "bb", {}}},
          {}};
      for (const proto::Signal& out : {proto::Signal(answer), proto::Signal(room)}) {
        const std::string text = proto::write_signal(out);
        REQUIRE(relay.send_message(message->connection, as_byte_view(text), now));
      }
      client_connection = message->connection;
    }
    return kNever;
  });
  test::SimClient client(net, 1, {}, {});
  net.at(net.now(), client.driver.host(),
         [&](Instant now) { client.call.start(test::SimWorld::kRelayAddress, now); });
  REQUIRE(net.run_until([&] { return client.call.state() == client::CallState::kActive; }, 5s));

  const auto send = [&](ByteView bytes) {
    static_cast<void>(relay.send_datagram(*client_connection, bytes, net.now()));
    relay_driver.wake();
    net.run_for(50ms);
  };
  const auto send_entry = [&](StreamId stream, ByteView packet) {
    std::array<std::byte, 1200> room{};
    proto::TrunkDatagramWriter trunk(room);
    REQUIRE(trunk.add(stream, packet));
    send(trunk.bytes());
  };
  const auto counted = [&] { return client.call.statistics(); };
  const std::array<std::byte, 1> cut{};
  send(cut);
  CHECK(counted().datagrams_malformed == 1);
  send_entry(StreamId{1}, cut);  // an entry that is no packet
  CHECK(counted().datagrams_malformed == 2);
  std::array<std::byte, 60> packet{};
  send_entry(StreamId{1}, packet);
  CHECK(counted().clear_refused == 1);
  send_entry(StreamId{2}, packet);
  CHECK(counted().unencrypted_refused == 1);
  send_entry(StreamId{3}, packet);
  CHECK(counted().packets_of_unknown_streams == 1);
  packet[10] = std::byte{0x10};
  send_entry(StreamId{1}, packet);
  CHECK(counted().no_key == 1);
  std::array<std::byte, 300> noise{};
  for (int i = 0; i < 100; ++i) {
    rng.fill(noise);
    send(ByteView(noise).first(2 + i * 2));
  }
  CHECK(counted().datagrams_malformed >= 100);
  for (int i = 0; i < 100; ++i) {
    rng.fill(noise);
    send_entry(StreamId{1}, ByteView(noise).first(2 + i * 2));
  }
  const auto after = counted();
  CHECK(after.datagrams_malformed + after.no_key + after.clear_refused >= 200);
  CHECK(after.receive.packets_received == 0);
  CHECK(after.remote_streams == 0);
  const std::string nonsense = "{\"RoomUpdate\":{\"rev\":-1}}";
  REQUIRE(relay.send_message(*client_connection, as_byte_view(nonsense), net.now()));
  REQUIRE(relay.send_message(*client_connection, as_byte_view("\"Surprise\""), net.now()));
  relay_driver.wake();
  net.run_for(500ms);
  CHECK(client.call.statistics().signals_malformed == 1);
  CHECK(client.call.statistics().signals_unknown == 1);
  CHECK(client.call.state() == client::CallState::kActive);
}
