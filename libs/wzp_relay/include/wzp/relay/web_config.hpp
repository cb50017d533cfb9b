/// \file
/// What is set about the relay's HTTP side: administration, WebSockets, tokens.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace wzp::relay {

/// A TCP port to listen on. Nothing: not at all; 0: any free one.
using TcpPort = std::optional<std::uint16_t>;

/// The service that knows which token belongs to which identity.
struct AuthConfig {
  std::string url;      ///< http:// or https://; empty: anybody may come without a token.
  std::string ca_file;  ///< PEM certificates to trust instead of the system's.
  std::chrono::milliseconds timeout{5'000};     ///< Of one check, from asking to the verdict.
  std::chrono::milliseconds cache_ttl{60'000};  ///< For how long a token counts as good; 0: never.
  std::size_t cache_entries = 10'000;
  /// After so many checks in a row without a verdict nothing is asked for the pause.
  std::size_t breaker_failures = 5;
  std::chrono::milliseconds breaker_pause{10'000};
};

struct WebConfig {
  // Administration and metrics. Never to be reached by strangers: it names everybody.
  TcpPort metrics_port;
  std::string metrics_address = "127.0.0.1";

  // WebSocket participants and static files.
  TcpPort ws_port;
  /// Empty: every address with a certificate, 127.0.0.1 without one.
  std::string ws_address;
  std::string tls_cert;    ///< PEM file, the server's certificate first, then its chain.
  std::string tls_key;     ///< PEM file.
  std::string static_dir;  ///< Empty: nothing is served beside /ws/.

  std::size_t http_connections = 512;  ///< At once, of each of the two servers.
  /// Of one address. Loopback, from where a reverse proxy comes, is exempt.
  std::size_t http_connections_per_address = 32;
  std::chrono::milliseconds http_timeout{10'000};  ///< For a request, and between two.
  std::size_t ws_sessions = 200;                   ///< WebSocket participants at once.

  AuthConfig auth;
};

}  // namespace wzp::relay
