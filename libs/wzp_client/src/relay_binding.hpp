// Ties the call handshake to the connection it runs on (docs/wire/e2e.md, "Binding to the relay").
#pragma once

#include <optional>

#include "relay_link.hpp"
#include "wzp/crypto/identity.hpp"

namespace wzp::client {

// For the offer; none if the connection has no exporter.
[[nodiscard]] std::optional<proto::Binding> bind_offer(const RelayLink& relay,
                                                       const crypto::Identity& me,
                                                       const proto::CallOffer& offer);

enum class RelayBinding : std::uint8_t { kNone, kGenuine, kForged };
[[nodiscard]] RelayBinding check_answer(const RelayLink& relay, const proto::CallOffer& offer,
                                        const proto::CallAnswer& answer);

}  // namespace wzp::client
