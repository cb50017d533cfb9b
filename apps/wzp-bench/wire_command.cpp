#include "wire_command.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <ctime>
#include <memory>
#include <vector>

#include "impair_proxy.hpp"
#include "quality_talk.hpp"
#include "speech.hpp"
#include "wzp/client/call.hpp"
#include "wzp/client/call_decoder.hpp"
#include "wzp/client/media2_encoder.hpp"
#include "wzp/crypto/system_rng.hpp"
#include "wzp/proto/media2_packet.hpp"
#include "wzp/relay/relay.hpp"
#include "wzp/transport/asio_core_loop.hpp"

namespace wzp::bench {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using client::MediaProfile;

constexpr auto kSettle = 12s;  // the loop sees the loss, the handshake is over
constexpr double kIpUdpBytes = 28;

struct WireOptions {
  unsigned seconds = 30;
};

transport::UdpDriver open(asio::io_context& io, transport::Endpoint& endpoint) {
  transport::UdpDriverConfig config;
  config.listen = transport::SocketAddress::ipv4({127, 0, 0, 1}, 0);
  auto driver = transport::UdpDriver::open(io, endpoint, config);
  if (!driver) throw std::runtime_error("no socket on loopback");
  return std::move(*driver);
}

/// A relay on a socket of its own.
struct Relay {
  explicit Relay(asio::io_context& io)
      : identity(crypto::Identity::ephemeral(crypto::system_rng())),
        endpoint(transport::EndpointConfig::for_server(),
                 transport::TlsContext::make_self_signed_server(), crypto::system_rng()),
        relay(endpoint, identity, crypto::system_rng(), {}),
        driver(open(io, endpoint)),
        loop(io, driver, [this](Instant now) {
          relay.handle_turn(now);
          return relay.next_deadline();
        }) {}
  [[nodiscard]] std::uint16_t port() const { return driver.local_address().port(); }

  crypto::Identity identity;
  transport::Endpoint endpoint;
  relay::Relay relay;
  transport::UdpDriver driver;
  transport::AsioCoreLoop loop;
};

/// Bytes and packets a client has sent, as IPv4.
struct Sent {
  double bytes = 0;
  double packets = 0;
  double media_packets = 0;
};

/// Talks all the time.
struct Party {
  Party(asio::io_context& io, const client::CallOptions& options,
        const std::vector<std::int16_t>& speech)
      : identity(crypto::Identity::ephemeral(crypto::system_rng())),
        source(speech),
        endpoint(client::Call::endpoint_config(), transport::TlsContext::make_client(),
                 crypto::system_rng()),
        call(endpoint, identity, crypto::system_rng(), options, &source, sink),
        driver(open(io, endpoint)),
        loop(io, driver, [this](Instant now) {
          call.handle_turn(now);
          return call.next_deadline();
        }) {}
  void join(std::uint16_t port) {
    call.start(transport::SocketAddress::loopback_ipv4(port), transport::UdpDriver::now());
    driver.wake();
  }
  [[nodiscard]] Sent sent() const {
    const auto c = endpoint.counters();
    Sent out;
    out.packets = static_cast<double>(c.packets_out);
    out.bytes = static_cast<double>(c.bytes_out) + kIpUdpBytes * out.packets;
    out.media_packets = static_cast<double>(call.statistics().packets_sent);
    return out;
  }

  crypto::Identity identity;
  client::PcmSource source;
  client::NullSink sink;
  transport::Endpoint endpoint;
  client::Call call;
  transport::UdpDriver driver;
  transport::AsioCoreLoop loop;
};

/// Two who talk to each other, over a path that loses in both directions.
struct Scene {
  Scene(asio::io_context& io, std::uint16_t relay, MediaProfile p, bool media2, double loss_rate,
        const std::vector<std::int16_t>& speech)
      : profile(p), is_media2(media2), loss(loss_rate) {
    transport::ChannelConfig path;
    path.loss_rate = loss;
    path.delay = 25ms;
    path.seed = static_cast<std::uint64_t>(p) * 2 + 1;
    const asio::ip::udp::endpoint here(asio::ip::address_v4::loopback(), 0);
    const asio::ip::udp::endpoint there(asio::ip::address_v4::loopback(), relay);
    client::CallOptions options;
    options.server_name = fmt::format("wire{}{}{}", static_cast<int>(p), media2, loss > 0);
    options.profile = legacy_profile(p);
    options.media2 = media2;
    for (int i = 0; i < 2; ++i) {
      proxies.push_back(std::make_unique<ImpairProxy>(io, here, there, path, path));
      parties.push_back(std::make_unique<Party>(io, options, speech));
      parties.back()->join(proxies.back()->local_endpoint().port());
    }
  }

  MediaProfile profile;
  bool is_media2;
  double loss;
  std::vector<std::unique_ptr<ImpairProxy>> proxies;
  std::vector<std::unique_ptr<Party>> parties;
  Sent before;
};

void run_for(asio::io_context& io, std::chrono::seconds time) {
  asio::steady_timer timer(io, time);
  bool over = false;
  timer.async_wait([&](const boost::system::error_code&) { over = true; });
  while (!over) io.run_one();
}

void print(const Scene& scene, unsigned seconds) {
  const Party& talker = *scene.parties[0];
  const Sent now = talker.sent();
  const auto heard = scene.parties[1]->call.statistics().receive;
  const double packets = now.packets - scene.before.packets;
  const double bytes = now.bytes - scene.before.bytes;
  const double media = now.media_packets - scene.before.media_packets;
  fmt::print("| {} | {} | {:.0f} % | {:.1f} | {:.1f} | {:.1f} | {:.0f} | {} | {} | {} |\n",
             client::name(scene.profile), scene.is_media2 ? "media/2" : "legacy", scene.loss * 100,
             bytes * 8 / seconds / 1000, media / seconds, packets / seconds, bytes / packets,
             heard.frames_received, heard.frames_recovered, heard.frames_concealed);
}

void measure_wire(unsigned seconds) {
  // Longer than the measurement: nobody falls silent.
  std::vector<std::int16_t> speech = more_recorded_speech();
  const std::vector<std::int16_t> once = speech;
  while (speech.size() < (std::size_t{seconds} + 30) * 48000) {
    speech.insert(speech.end(), once.begin(), once.end());
  }
  asio::io_context io;
  Relay relay(io);
  std::vector<std::unique_ptr<Scene>> scenes;
  for (const bool media2 : {true, false}) {
    for (const auto profile :
         {MediaProfile::kGood, MediaProfile::kDegraded, MediaProfile::kRescue}) {
      for (const double loss : {0.0, 0.2}) {
        scenes.push_back(std::make_unique<Scene>(io, relay.port(), profile, media2, loss, speech));
      }
    }
  }
  run_for(io, kSettle);
  for (auto& scene : scenes) scene->before = scene->parties[0]->sent();
  run_for(io, std::chrono::seconds(seconds));
  fmt::print(
      "| profile | mode | loss | kbit/s | media packets/s | packets/s | bytes/packet | received | "
      "recovered | concealed |\n|---|---|---|---|---|---|---|---|---|---|\n");
  for (const auto& scene : scenes) print(*scene, seconds);
}

/// Share of one core that encoding and decoding of one stream take.
void measure_cpu(MediaProfile profile, bool suppress_noise) {
  const auto speech = recorded_speech();
  client::PathEstimate path;
  path.loss_percent = 20;
  client::Media2EncoderOptions options;
  options.plan = client::plan_media(path, client::limits_of(profile));
  options.noise_suppression = suppress_noise;
  client::Media2Encoder encoder(options);
  client::CallDecoder decoder;
  std::array<std::int16_t, client::kSamplesPerTick> pcm;
  Instant now{};
  SeqNo16 seq;
  const std::clock_t begin = std::clock();
  std::size_t at = 0;
  for (; at + pcm.size() <= speech.size(); at += pcm.size()) {
    now += client::kTick;
    for (const auto& packet :
         encoder.push(std::span(speech).subspan(at, client::kSamplesPerTick))) {
      const SeqNo16 number = seq++;
      const auto payload = proto::parse_media2_payload(packet.payload);
      if (number.value() % 5 != 0 && payload) decoder.handle_media2(number, *payload, now);
    }
    decoder.play(pcm, now);
  }
  const double used = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  fmt::print("| {} | {} | {} | {:.2f} % |\n", client::name(profile), describe(options.plan),
             suppress_noise ? "on" : "off", 100 * used / (static_cast<double>(at) / 48000));
}

int run(const WireOptions& options) {
  fmt::print(
      "| profile | plan at 20 % loss | noise suppression | CPU, both directions |\n"
      "|---|---|---|---|\n");
  for (const bool noise : {false, true}) {
    for (const auto profile :
         {MediaProfile::kGood, MediaProfile::kDegraded, MediaProfile::kRescue}) {
      measure_cpu(profile, noise);
    }
  }
  fmt::print("\n");
  std::fflush(stdout);
  measure_wire(options.seconds);
  return 0;
}

}  // namespace

void add_wire_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<WireOptions>();
  CLI::App* command = app.add_subcommand(
      "wire",
      "Calls between real endpoints over a relay on loopback: bytes that leave the talker, "
      "acknowledgements and reports included; and CPU per stream");
  command->add_option("--seconds", options->seconds, "Measured, after 12 s to settle")
      ->check(CLI::Range(5U, 600U))
      ->capture_default_str();
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace wzp::bench
