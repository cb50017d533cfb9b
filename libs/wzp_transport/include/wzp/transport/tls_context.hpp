/// \file
/// What all QUIC connections of one role share: certificate, protocols, verification.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wzp/transport/certificate.hpp"
#include "wzp/transport/export.hpp"

namespace wzp::transport {

/// The application protocol of every wzp peer.
inline constexpr std::string_view kAlpnWzp = "wzp";

/// How a client looks at the certificate a server shows.
enum class ServerVerification {
  kNone,    ///< Any certificate: what the wzp protocol does; its own handshake names the peers.
  kSystem,  ///< A chain to the system's trust store, made out to the server name.
  kPinned,  ///< Exactly the certificate with a given SHA-256.
};

struct ClientTlsOptions {
  std::vector<std::string> alpns{std::string(kAlpnWzp)};  ///< Offered in this order.
  ServerVerification verification = ServerVerification::kNone;
  std::array<std::byte, 32> pinned_sha256{};  ///< For kPinned, see certificate_sha256().
};

/// Read-only after construction and shared: copies refer to the same state and may be used by
/// endpoints of several threads. TLS 1.3 only, AES-128-GCM first; a peer without a common
/// application protocol is refused. No session tickets, no early data, no client certificates.
class WZP_TRANSPORT_EXPORT TlsContext {
 public:
  enum class Role { kServer, kClient };

  /// Throws std::invalid_argument if certificate and key can't be read or don't belong together,
  /// or if `alpns` is empty or holds a name of 0 or more than 255 bytes.
  [[nodiscard]] static TlsContext make_server(const Certificate& certificate,
                                              std::vector<std::string> alpns = {
                                                  std::string(kAlpnWzp)});
  /// A server with a certificate made for this call.
  [[nodiscard]] static TlsContext make_self_signed_server(std::vector<std::string> alpns = {
                                                              std::string(kAlpnWzp)});
  [[nodiscard]] static TlsContext make_client(ClientTlsOptions options = {});

  TlsContext(const TlsContext&);
  TlsContext(TlsContext&&) noexcept;
  TlsContext& operator=(const TlsContext&);
  TlsContext& operator=(TlsContext&&) noexcept;
  ~TlsContext();

  [[nodiscard]] Role role() const noexcept;
  [[nodiscard]] const std::vector<std::string>& alpns() const noexcept;

  /// The name of the TLS library this build uses, with its version: "GnuTLS 3.7.9".
  [[nodiscard]] static std::string backend();

  class Impl;  // private: src/tls_backend.hpp
  [[nodiscard]] const Impl& impl() const noexcept { return *impl_; }

 private:
  explicit TlsContext(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace wzp::transport
