/// \file
/// What QUIC and its socket count, in Prometheus' text format.
#pragma once

#include <string>

#include "wzp/gateway/export.hpp"
#include "wzp/transport/asio_udp_driver.hpp"
#include "wzp/transport/endpoint.hpp"

namespace wzp::gateway {

[[nodiscard]] WZP_GATEWAY_EXPORT std::string transport_metrics(
    const transport::EndpointCounters& quic, const transport::UdpDriverCounters& socket);

/// Memory, open files and CPU time of this process, under the names Prometheus' own clients use.
[[nodiscard]] WZP_GATEWAY_EXPORT std::string process_metrics();

}  // namespace wzp::gateway
