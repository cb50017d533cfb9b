// Joins a room and counts what is heard for a few seconds: the smallest client.
//   join_room 127.0.0.1:4433 my-room 5
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>

#include "wzp/client/call.hpp"
#include "wzp/crypto/room_hash.hpp"
#include "wzp/crypto/system_rng.hpp"
#include "wzp/transport/asio_core_loop.hpp"
#include "wzp/transport/asio_resolve.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

int main(int argc, char** argv) {
  using namespace wzp;
  if (argc != 4) return std::fprintf(stderr, "usage: join_room HOST:PORT ROOM SECONDS\n"), 2;
  const auto relay = transport::resolve(argv[1], 4433);
  if (!relay) return std::fprintf(stderr, "%s\n", relay.error().c_str()), 1;

  // An identity, a QUIC endpoint, a call on it, and a UDP socket that drives both.
  const auto me = crypto::Identity::ephemeral(crypto::system_rng());
  transport::Endpoint endpoint(transport::EndpointConfig::for_client(),
                               transport::TlsContext::make_client(), crypto::system_rng());
  client::CallOptions options;
  options.server_name = crypto::room_hash(argv[2]);
  client::ToneSource tone(std::chrono::seconds(std::atoi(argv[3])));
  client::NullSink speaker;
  client::Call call(endpoint, me, crypto::system_rng(), options, &tone, speaker);

  boost::asio::io_context io;
  auto socket = transport::UdpDriver::open(io, endpoint, {});
  if (!socket) return 1;
  call.start(*relay, transport::UdpDriver::now());
  transport::AsioCoreLoop loop(io, *socket, [&](Instant now) {
    call.handle_turn(now);
    if (call.source_ended()) call.hang_up(now);
    if (call.state() == client::CallState::kClosed) io.stop();
    return call.next_deadline();
  });
  io.run();

  std::printf("%s: sent %llu frames, heard %llu\n", call.end().message.c_str(),
              static_cast<unsigned long long>(call.statistics().frames_sent),
              static_cast<unsigned long long>(call.statistics().receive.frames_played));
  return call.end().reason == client::CallEnd::Reason::kHungUp ? 0 : 1;
}
