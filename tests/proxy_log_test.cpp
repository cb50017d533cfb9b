// Forward error correction end to end: real relay, real sockets, a proxy that loses a fifth. What
// the receiving client reports as recovered is what the proxy's log says can be.
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <memory>
#include <vector>

#include "impair_proxy.hpp"
#include "relay_process.hpp"
#include "support/recordings.hpp"
#include "wzp/client/call.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/crypto/system_rng.hpp"
#include "wzp/proto/media_packet.hpp"
#include "wzp/transport/asio_core_loop.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

using namespace wzp;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

constexpr int kSeconds = 8;

/// Which of the sender's UDP packets carries each media packet. Media leaves first in a flush, one
/// media packet per UDP packet, since those of one stream never share one.
class PacketDiary final : public client::MediaProbe {
 public:
  void begin_turn(std::uint64_t packets_out) { next_packet_ = packets_out; }
  void on_sealed(const crypto::e2e::MediaPacket&, Instant) override {
    udp_packet.push_back(next_packet_++);
  }
  std::vector<std::uint64_t> udp_packet;  // by media packet

 private:
  std::uint64_t next_packet_ = 0;
};

/// Notices when the last of the talker was played.
struct Listener final : client::CallObserver {
  void on_played_out(StreamId) override { heard_all = true; }
  bool heard_all = false;
};

/// A call on a socket of its own.
struct Party {
  Party(asio::io_context& io, const client::CallOptions& options,
        std::unique_ptr<client::AudioSource> from, PacketDiary* diary = nullptr)
      : identity(crypto::Identity::ephemeral(crypto::system_rng())),
        source(std::move(from)),
        endpoint(transport::EndpointConfig::for_client(), transport::TlsContext::make_client(),
                 crypto::system_rng()),
        call(endpoint, identity, crypto::system_rng(), options, source.get(), sink, &listener),
        driver(transport::UdpDriver::open(io, endpoint, {}).value()),
        loop(io, driver, [this, diary](Instant now) {
          if (diary != nullptr) diary->begin_turn(endpoint.counters().packets_out);
          call.handle_turn(now);
          if (call.source_ended()) call.hang_up(now);
          return call.next_deadline();
        }) {}

  crypto::Identity identity;
  std::unique_ptr<client::AudioSource> source;
  client::NullSink sink;
  Listener listener;
  transport::Endpoint endpoint;
  client::Call call;
  transport::UdpDriver driver;
  transport::AsioCoreLoop loop;
};

client::CallOptions options_for(const proto::QualityProfile& profile, const std::string& room) {
  client::CallOptions options;
  options.server_name = room;
  options.profile = profile;
  options.media2 = false;              // what is predicted here are RaptorQ blocks
  options.min_playout_delay = 1000ms;  // longer than any block: what can be recovered is in time
  return options;
}

/// A talks to B through the proxy, B listens without it.
struct Scene {
  Scene(asio::io_context& io, std::uint16_t relay_port, const proto::QualityProfile& p,
        std::vector<std::int16_t> speech, std::uint64_t seed)
      : profile(p),
        pcm(std::move(speech)),
        proxy(io, {asio::ip::address_v4::loopback(), 0},
              {asio::ip::address_v4::loopback(), relay_port}, lossy(seed), {}) {
    client::CallOptions options = options_for(profile, "room" + std::to_string(seed));
    b = std::make_unique<Party>(io, options, nullptr);
    options.media_probe = &diary;
    a = std::make_unique<Party>(io, options, std::make_unique<client::PcmSource>(pcm), &diary);
    const Instant now = transport::UdpDriver::now();
    b->call.start(transport::SocketAddress::loopback_ipv4(relay_port), now);
    a->call.start(transport::SocketAddress::loopback_ipv4(proxy.local_endpoint().port()), now);
  }
  static transport::ChannelConfig lossy(std::uint64_t seed) {
    transport::ChannelConfig c;
    c.seed = seed;
    c.loss_rate = 0.2;
    c.log_fates = true;
    return c;
  }

  proto::QualityProfile profile;
  std::vector<std::int16_t> pcm;
  PacketDiary diary;
  bench::ImpairProxy proxy;
  std::unique_ptr<Party> a;
  std::unique_ptr<Party> b;
};

/// Blocks as the sender made them, and what of them arrived.
struct Block {
  std::size_t lost_source = 0;
  std::size_t source = 0;
  std::size_t arrived = 0;
};

struct Prediction {
  std::size_t media_lost = 0;
  std::size_t frames_lost = 0;
  std::size_t frames_recoverable = 0;
};

/// The sender's packets again (encoders are deterministic), each with the fate the log gives it.
Prediction predict(const Scene& scene, const std::vector<transport::FateRecord>& fates) {
  client::CallEncoder encoder(scene.profile);
  std::map<int, Block> blocks;  // numbered on, as the header's byte wraps
  int wraps = 0;
  std::uint8_t last_block = 0;
  std::size_t index = 0;
  // The sender's key goes over the lossy path too: what overtakes it cannot be opened.
  std::uint64_t before_key = scene.b->call.statistics().no_key;
  Prediction out;
  const auto take = [&](std::span<const client::EncodedPacket> packets) {
    for (const client::EncodedPacket& packet : packets) {
      const auto header = proto::parse_media_packet(packet.bytes)->header;
      if (header.fec_block.value() < last_block) ++wraps;
      last_block = header.fec_block.value();
      Block& block = blocks[wraps * 256 + last_block];
      bool lost = fates.at(scene.diary.udp_packet.at(index++)).fate != transport::Fate::kDelivered;
      if (!lost && before_key > 0) {
        --before_key;
        lost = true;
      }
      out.media_lost += lost ? 1 : 0;
      block.arrived += lost ? 0 : 1;
      if (packet.is_repair) continue;
      ++block.source;
      if (lost) ++block.lost_source;
    }
  };
  for (std::size_t at = 0; at + client::kSamplesPerTick <= scene.pcm.size();
       at += client::kSamplesPerTick) {
    take(encoder.push(client::PcmView(scene.pcm).subspan(at, client::kSamplesPerTick)));
  }
  take(encoder.finish());
  const std::size_t ticks = scene.profile.frame_duration_ms / 20;
  for (const auto& [number, block] : blocks) {
    out.frames_lost += ticks * block.lost_source;
    if (block.arrived >= block.source) out.frames_recoverable += ticks * block.lost_source;
  }
  return out;
}

void check(const Scene& scene) {
  CAPTURE(scene.profile.frames_per_block, scene.profile.frame_duration_ms);
  const auto sent = scene.a->call.statistics();
  const auto heard = scene.b->call.statistics().receive;
  REQUIRE(sent.packets_sent == scene.diary.udp_packet.size());
  const Prediction log = predict(scene, scene.proxy.first_client_fates());
  INFO("lost " << log.media_lost << " of " << sent.packets_sent << " packets, " << log.frames_lost
               << " frames, of which " << log.frames_recoverable << " can be recovered");
  CHECK(heard.packets_received == sent.packets_sent - log.media_lost);
  CHECK(heard.frames_recovered == log.frames_recoverable);
  CHECK(heard.frames_late == 0);
  CHECK(log.frames_recoverable > 0);
}

}  // namespace

TEST_CASE("the frames a client reports as recovered are those the proxy's log says can be") {
  bench::RelayProcess relay({"--log-level", "info"});
  asio::io_context io;
  const auto speech = test::repeated(test::speaker_a(), kSeconds);
  std::vector<std::unique_ptr<Scene>> scenes;
  for (const auto& profile :
       {proto::kProfileGood, proto::kProfileDegraded, proto::kProfileCatastrophic}) {
    scenes.push_back(std::make_unique<Scene>(io, relay.port(), profile, speech, 5 + scenes.size()));
  }
  const auto done = [&] {
    return std::all_of(scenes.begin(), scenes.end(),
                       [](const auto& scene) { return scene->b->listener.heard_all; });
  };
  const Instant give_up = transport::UdpDriver::now() + std::chrono::seconds(kSeconds + 20);
  while (!done() && transport::UdpDriver::now() < give_up) io.run_one_for(100ms);
  REQUIRE(done());
  for (const auto& scene : scenes) check(*scene);
}
