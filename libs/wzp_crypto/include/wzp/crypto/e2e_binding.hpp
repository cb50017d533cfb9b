/// \file
/// Bindings: signatures that tie a call handshake to the connection it runs on, so that an offer
/// cannot be replayed elsewhere. Format: docs/wire/e2e.md, "Binding to the relay".
#pragma once

#include <array>
#include <string_view>

#include "wzp/crypto/export.hpp"
#include "wzp/crypto/identity.hpp"

namespace wzp::crypto::e2e {

/// Of the TLS connection: label kExporterLabel, no context, 32 bytes.
using Exporter = std::array<std::byte, 32>;
inline constexpr std::string_view kExporterLabel = "EXPORTER-wzp-binding";
using Challenge = std::array<std::byte, 32>;

/// By a client: "wzp-binding/1 exporter" || X || identity || ephemeral.
[[nodiscard]] WZP_CRYPTO_EXPORT Signature sign_exporter_binding(const Identity& client,
                                                                const Exporter& exporter,
                                                                const ExchangeKey& ephemeral);
[[nodiscard]] WZP_CRYPTO_EXPORT bool verify_exporter_binding(const IdentityKey& client,
                                                             const Exporter& exporter,
                                                             const ExchangeKey& ephemeral,
                                                             ByteView signature);

/// By a relay: "wzp-binding/1 relay" || X || relay identity || client ephemeral || relay ephemeral.
[[nodiscard]] WZP_CRYPTO_EXPORT Signature sign_relay_binding(const Identity& relay,
                                                             const Exporter& exporter,
                                                             const ExchangeKey& client_ephemeral,
                                                             const ExchangeKey& relay_ephemeral);
[[nodiscard]] WZP_CRYPTO_EXPORT bool verify_relay_binding(const IdentityKey& relay,
                                                          const Exporter& exporter,
                                                          const ExchangeKey& client_ephemeral,
                                                          const ExchangeKey& relay_ephemeral,
                                                          ByteView signature);

/// By a browser: "wzp-binding/1 origin" || challenge || lp(origin) || identity || ephemeral.
[[nodiscard]] WZP_CRYPTO_EXPORT Signature sign_origin_binding(const Identity& client,
                                                              const Challenge& challenge,
                                                              std::string_view origin,
                                                              const ExchangeKey& ephemeral);
[[nodiscard]] WZP_CRYPTO_EXPORT bool verify_origin_binding(const IdentityKey& client,
                                                           const Challenge& challenge,
                                                           std::string_view origin,
                                                           const ExchangeKey& ephemeral,
                                                           ByteView signature);

}  // namespace wzp::crypto::e2e
