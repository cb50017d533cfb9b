/// \file
/// Certificate and key of the WebSocket port.
#pragma once

#include "http_server.hpp"
#include "wzp/relay/web_config.hpp"

namespace wzp::gateway {

/// Null without a certificate. The error names the setting and the file.
[[nodiscard]] Expected<TlsContextPtr, std::string> load_server_tls(const relay::WebConfig& config);

}  // namespace wzp::gateway
