// TLS 1.3 exporters (RFC 8446 section 7.5) from the exporter secret alone, so that they outlive the
// TLS session, which is freed after the handshake.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "wzp/proto/bytes.hpp"

namespace wzp::transport {

// 32 bytes with a SHA-256 cipher suite, 48 with SHA-384, none before the handshake got that far.
struct ExporterSecret {
  ExporterSecret() = default;
  ExporterSecret(const ExporterSecret&) = delete;
  ExporterSecret& operator=(const ExporterSecret&) = delete;
  ~ExporterSecret();

  void set(ByteView secret) noexcept;
  [[nodiscard]] ByteView view() const noexcept { return ByteView(bytes).first(size); }

  std::array<std::byte, 48> bytes{};
  std::size_t size = 0;
};

// Requires: secret.size != 0, label.size() <= 249. At most 255 hash lengths.
std::vector<std::byte> export_keying_material(const ExporterSecret& secret, std::string_view label,
                                              ByteView context, std::size_t size);

}  // namespace wzp::transport
