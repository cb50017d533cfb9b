// wzp-relay: settings, and a RelayProgram with them.
#include <cstdio>
#include <string>

#include "../command_line.hpp"
#include "relay_program.hpp"
#include "settings.hpp"
#include "wzp/crypto/identity_file.hpp"
#include "wzp/crypto/system_rng.hpp"
#include "wzp/transport/asio_resolve.hpp"

namespace {

using namespace wzp;

constexpr std::uint16_t kDefaultPort = 4433;
constexpr const char* kName = "wzp-relay";

/// Clients remember it: a relay that keeps its file is recognised.
Expected<crypto::Identity, std::string> own_identity(const std::string& file) {
  if (file.empty()) return crypto::Identity::ephemeral(crypto::system_rng());
  const auto seed = crypto::load_or_create_identity_file(file, crypto::system_rng());
  if (!seed) return Unexpected(seed.error().message);
  return crypto::Identity::from_seed(*seed);
}

int serve(const relay::Config& config, const apps::Settings& settings,
          const transport::SocketAddress& listen, apps::RelayLog& log) {
  const auto identity = own_identity(config.identity_file);
  if (!identity) return apps::fail(kName, identity.error());
  transport::Endpoint endpoint(transport::EndpointConfig::for_server(),
                               transport::TlsContext::make_self_signed_server(),
                               crypto::system_rng());
  boost::asio::io_context io;
  transport::UdpDriverConfig socket;
  socket.listen = listen;
  auto driver = transport::UdpDriver::open(io, endpoint, socket);
  if (!driver) {
    return apps::fail(kName, "cannot listen on " + listen.to_string() + ": " +
                                 std::string(message(driver.error())));
  }
  apps::RelayProgram program(
      io, config, [&] { return settings.load(); }, *identity, endpoint, *driver, log);
  if (auto started = program.start(); !started) return apps::fail(kName, started.error());
  io.run();
  program.log_totals();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Forwards encrypted voice between the members of a room.", kName);
  bool only_check = false;
  app.add_flag("--check-config", only_check, "print the settings in effect and end");
  const apps::Settings settings(app);
  if (const auto code = apps::parse(app, argc, argv)) return *code;

  const auto config = settings.load();
  if (!config) {
    apps::fail(kName, config.error());
    return apps::kExitUsage;
  }
  if (only_check) {
    std::fputs(relay::to_toml(*config).c_str(), stdout);
    std::fflush(stdout);
    const auto fine = gateway::check(config->web);
    return fine ? 0 : apps::fail(kName, fine.error());
  }
  const auto address = transport::resolve(config->listen, kDefaultPort);
  if (!address) return apps::fail(kName, address.error());
  apps::RelayLog log(*config);
  try {
    return serve(*config, settings, *address, log);
  } catch (const std::exception& e) {
    return apps::fail(kName, e.what());
  }
}
