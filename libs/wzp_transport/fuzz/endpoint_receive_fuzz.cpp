// Arbitrary datagrams for an endpoint that has one live connection and accepts more.
//
// The input is a list of commands: one byte, then its operands. Bytes that a peer could have sent
// are made by a real client and then damaged, because pure noise never gets past the packet
// protection.
#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/transport/endpoint.hpp"

using namespace wzp;
using namespace wzp::transport;

namespace {

const SocketAddress kServer = SocketAddress::ipv4({10, 0, 0, 1}, 4433);
const SocketAddress kClient = SocketAddress::ipv4({10, 0, 0, 2}, 50000);

const TlsContext& server_tls() {
  static const TlsContext tls = TlsContext::make_self_signed_server();
  return tls;
}
const TlsContext& client_tls() {
  static const TlsContext tls = TlsContext::make_client();
  return tls;
}

EndpointConfig small_server() {
  EndpointConfig c = EndpointConfig::for_server();
  c.max_connections = 8;
  c.max_half_open = 6;
  c.retry.half_open_limit = 3;
  return c;
}

struct World {
  World()
      : server_rng(1),
        client_rng(2),
        server(small_server(), server_tls(), server_rng),
        client(EndpointConfig::for_client(), client_tls(), client_rng) {
    connection = client.connect(kServer, "fuzz", now).value();
  }

  // What one end has to say, to be delivered or damaged.
  std::vector<std::vector<std::byte>> packets_of(Endpoint& endpoint) {
    std::vector<std::vector<std::byte>> packets;
    bool more = true;
    while (more) {
      more = endpoint.flush(batch, now);
      for (const auto& e : batch.entries()) {
        for (std::size_t i = 0; i < e.segments(); ++i) {
          const ByteView p = batch.segment(e, i);
          packets.emplace_back(p.begin(), p.end());
        }
      }
      batch.clear();
    }
    return packets;
  }
  void take_events(Endpoint& endpoint) {
    while (endpoint.poll_event()) {
    }
  }
  void exchange() {
    for (const auto& p : packets_of(client)) server.receive(kClient, kServer, p, now);
    for (const auto& p : packets_of(server)) client.receive(kServer, kClient, p, now);
    take_events(server);
    take_events(client);
  }
  void pass_time(Duration d) {
    now += d;
    server.handle_deadline(now);
    client.handle_deadline(now);
  }

  Instant now{std::chrono::seconds(1000)};
  SeededRng server_rng;
  SeededRng client_rng;
  Endpoint server;
  Endpoint client;
  TxBatch batch;
  ConnectionHandle connection;
};

void damage(std::vector<std::byte>& packet, ByteReader& in) {
  const std::size_t at = in.u16();
  const std::byte mask{in.u8()};
  if (!packet.empty()) packet[at % packet.size()] ^= mask;
}

void step(World& world, ByteReader& in) {
  switch (in.u8() % 8) {
    case 0: {  // noise from anywhere
      const auto from = SocketAddress::ipv4({10, 1, in.u8(), in.u8()}, 7);
      world.server.receive(from, kServer, in.take(std::min<std::size_t>(in.u16(), in.remaining())),
                           world.now);
      break;
    }
    case 1:  // noise in the name of the peer, to either end
      world.client.receive(kServer, kClient,
                           in.take(std::min<std::size_t>(in.u8(), in.remaining())), world.now);
      break;
    case 2:
      world.exchange();
      break;
    case 3:
      world.pass_time(std::chrono::milliseconds(in.u16() % 4000));
      break;
    case 4: {  // damaged packets of the client
      auto packets = world.packets_of(world.client);
      for (auto& p : packets) {
        damage(p, in);
        world.server.receive(kClient, kServer, p, world.now);
      }
      break;
    }
    case 5: {  // truncated and repeated packets of the server
      auto packets = world.packets_of(world.server);
      const std::size_t keep = in.u16();
      for (const auto& p : packets) {
        world.client.receive(kServer, kClient, ByteView(p).first(std::min(keep, p.size())),
                             world.now);
        world.client.receive(kServer, kClient, p, world.now);
        world.client.receive(kServer, kClient, p, world.now);
      }
      break;
    }
    case 6: {
      const std::vector<std::byte> bytes(in.u16() % 1200);
      world.client.send_datagram(world.connection, bytes, world.now);
      static_cast<void>(world.client.send_message(world.connection, bytes, world.now));
      break;
    }
    default: {  // the client's packets come from a new address
      const auto from = SocketAddress::ipv4({10, 2, in.u8(), 1}, 9);
      for (const auto& p : world.packets_of(world.client)) {
        world.server.receive(from, kServer, p, world.now);
      }
      break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  ByteReader in(std::as_bytes(std::span(data, size)));
  for (int steps = 0; steps < 64 && in.remaining() > 0; ++steps) step(world, in);
  world.exchange();
  world.pass_time(std::chrono::seconds(20));
  world.exchange();
  return 0;
}
