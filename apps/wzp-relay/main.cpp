// wzp-relay: options, logging and signals around wzp::relay::Relay.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <string>

#include "../command_line.hpp"
#include "wzp/crypto/system_rng.hpp"
#include "wzp/relay/relay.hpp"
#include "wzp/transport/asio_core_loop.hpp"
#include "wzp/transport/asio_resolve.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

namespace {

using namespace wzp;

constexpr std::uint16_t kDefaultPort = 4433;

class LogObserver final : public relay::RelayObserver {
 public:
  void on_joined(const relay::ParticipantInfo& who, std::size_t size) override {
    spdlog::info("joined room={} stream={} fingerprint={} remote={} size={}", who.room,
                 who.stream.value, who.fingerprint.to_text(), who.remote.to_string(), size);
  }
  void on_left(const relay::ParticipantInfo& who, std::string_view why, std::size_t size) override {
    spdlog::info("left room={} stream={} remote={} size={} reason={:?}", who.room, who.stream.value,
                 who.remote.to_string(), size, why);
  }
  void on_refused(const transport::SocketAddress& remote, std::string_view why) override {
    spdlog::warn("refused remote={} reason={:?}", remote.to_string(), why);
  }
  void on_bad_input(const transport::SocketAddress& remote, std::string_view what) override {
    spdlog::warn("bad input remote={} what={:?}", remote.to_string(), what);
  }
};

void log_totals(const relay::RelayCounters& c) {
  spdlog::info("joined={} left={} media_in={} forwarded={} malformed={} not_sent={}", c.joined,
               c.left, c.media_in, c.media_forwarded, c.media_malformed, c.media_not_sent);
}

int serve(const transport::SocketAddress& listen) {
  const crypto::Identity identity = crypto::Identity::ephemeral(crypto::system_rng());
  transport::Endpoint endpoint(transport::EndpointConfig::for_server(),
                               transport::TlsContext::make_self_signed_server(),
                               crypto::system_rng());
  boost::asio::io_context io;
  transport::UdpDriverConfig socket;
  socket.listen = listen;
  auto driver = transport::UdpDriver::open(io, endpoint, socket);
  if (!driver) {
    return apps::fail("wzp-relay", "cannot listen on " + listen.to_string() + ": " +
                                       std::string(message(driver.error())));
  }
  LogObserver log;
  relay::Relay relay(endpoint, identity, crypto::system_rng(), {}, &log);
  transport::AsioCoreLoop loop(io, *driver, [&](Instant now) {
    relay.handle_turn(now);
    return relay.next_deadline();
  });
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    spdlog::info("shutting down participants={}", relay.participant_count());
    relay.shut_down(transport::UdpDriver::now());
    driver->flush_now();
    driver->stop();
    io.stop();
  });
  spdlog::info("listening on {} fingerprint={}", driver->local_address().to_string(),
               identity.fingerprint().to_text());
  io.run();
  log_totals(relay.counters());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Forwards encrypted voice between the members of a room.", "wzp-relay");
  std::string listen = "0.0.0.0:4433";
  app.add_option("--listen", listen, "UDP address and port to serve on; port 0: any free one")
      ->capture_default_str();
  if (const auto code = apps::parse(app, argc, argv)) return *code;

  spdlog::set_default_logger(spdlog::stdout_logger_st("wzp-relay"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  spdlog::flush_on(spdlog::level::info);
  const auto address = transport::resolve(listen, kDefaultPort);
  if (!address) return apps::fail("wzp-relay", address.error());
  try {
    return serve(*address);
  } catch (const std::exception& e) {
    return apps::fail("wzp-relay", e.what());
  }
}
