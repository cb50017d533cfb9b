// What the connection needs from a TLS library. tls_gnutls.cpp and tls_ossl.cpp implement it; one
// of the two is compiled.
#pragma once

#include <ngtcp2/ngtcp2_crypto.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exporter.hpp"
#include "wzp/transport/tls_context.hpp"

namespace wzp::transport {

class TlsContext::Impl {
 public:
  Impl(Role role, std::vector<std::string> alpns) : role_(role), alpns_(std::move(alpns)) {}
  virtual ~Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] Role role() const noexcept { return role_; }
  [[nodiscard]] const std::vector<std::string>& alpns() const noexcept { return alpns_; }

 private:
  Role role_;
  std::vector<std::string> alpns_;
};

// ngtcp2's way from a TLS session to its connection. Must stay at one address.
struct TlsConnectionRef : ngtcp2_crypto_conn_ref {
  ExporterSecret exporter_secret;  // filled during the handshake
};

class TlsSession {
 public:
  // Null if the TLS library refuses (out of memory, unusable name). `server_name` is for clients;
  // empty: no SNI. `context` and `ref` must outlive the session.
  static std::unique_ptr<TlsSession> make(const TlsContext::Impl& context, TlsConnectionRef& ref,
                                          const std::string& server_name);
  virtual ~TlsSession() = default;

  // For ngtcp2_conn_set_tls_native_handle().
  [[nodiscard]] virtual void* native_handle() noexcept = 0;
  // What the client sent, as sent; empty if nothing.
  [[nodiscard]] virtual std::string server_name() const = 0;
  // What was agreed on.
  [[nodiscard]] virtual std::string alpn() const = 0;
};

// Shared by the backends: throws std::invalid_argument for names TLS cannot carry.
void check_alpns(const std::vector<std::string>& alpns);

// Each backend defines these.
std::shared_ptr<const TlsContext::Impl> make_server_context(const Certificate& certificate,
                                                            std::vector<std::string> alpns);
std::shared_ptr<const TlsContext::Impl> make_client_context(ClientTlsOptions options);
std::string tls_backend_name();

}  // namespace wzp::transport
