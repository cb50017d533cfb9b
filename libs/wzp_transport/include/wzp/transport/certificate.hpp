/// \file
/// Self-signed certificates.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "wzp/transport/export.hpp"

namespace wzp::transport {

/// A certificate with its private key, both PEM.
struct Certificate {
  std::string certificate_pem;
  std::string key_pem;
};

/// Makes an ECDSA P-256 key and a self-signed X.509 v3 certificate over it (SHA-256, not a CA,
/// valid 1975-4096), with `dns_name` as common name and only subject alternative name. Uses
/// OpenSSL's own random source. Throws std::runtime_error if OpenSSL fails.
[[nodiscard]] WZP_TRANSPORT_EXPORT Certificate
make_self_signed_certificate(std::string_view dns_name = "localhost");

/// SHA-256 over the DER form of the first certificate of a PEM text: what a client can pin.
/// Throws std::invalid_argument if there is none.
[[nodiscard]] WZP_TRANSPORT_EXPORT std::array<std::byte, 32> certificate_sha256(
    std::string_view certificate_pem);

}  // namespace wzp::transport
