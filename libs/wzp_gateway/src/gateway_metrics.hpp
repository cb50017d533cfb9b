/// \file
/// What the gateway counts, for /metrics.
#pragma once

#include <string>
#include <vector>

#include "auth_client.hpp"
#include "http_server.hpp"
#include "web_session.hpp"

namespace wzp::gateway {

struct GatewaySessionNumbers {
  std::string session_id;
  std::uint64_t buffer_depth = 0;
  std::uint64_t underruns = 0;
  std::uint64_t overruns = 0;
};

struct GatewayNumbers {
  WebCounters web;
  std::size_t active = 0;
  HttpCounters admin_http;
  HttpCounters web_http;
  AuthCounters auth;
  bool auth_breaker_open = false;
  std::vector<GatewaySessionNumbers> sessions;  ///< WebSocket participants in a room.
};

[[nodiscard]] std::string gateway_metrics(const GatewayNumbers& numbers);

}  // namespace wzp::gateway
