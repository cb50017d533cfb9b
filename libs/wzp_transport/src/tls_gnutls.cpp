// TLS under QUIC by GnuTLS.
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include <cstring>
#include <stdexcept>

#include "tls_backend.hpp"

namespace wzp::transport {
namespace {

// AES-128-GCM first: by far the cheapest for small packets here. The server's order counts, because
// peers that prefer AES-256 accept both.
constexpr const char* kPriorities =
    "NONE:+VERS-TLS1.3:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:+ECDHE-ECDSA:+ECDHE-RSA:"
    "+SIGN-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+COMP-NULL:+CTYPE-X509:"
    "%DISABLE_TLS13_COMPAT_MODE:%SERVER_PRECEDENCE";

struct Deleter {
  void operator()(gnutls_certificate_credentials_st* p) const {
    gnutls_certificate_free_credentials(p);
  }
  void operator()(gnutls_priority_st* p) const { gnutls_priority_deinit(p); }
  void operator()(gnutls_session_int* p) const { gnutls_deinit(p); }
};
using Credentials = std::unique_ptr<gnutls_certificate_credentials_st, Deleter>;
using Priorities = std::unique_ptr<gnutls_priority_st, Deleter>;
using Session = std::unique_ptr<gnutls_session_int, Deleter>;

gnutls_datum_t datum(const std::string& text) {
  auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
  return {bytes, static_cast<unsigned int>(text.size())};
}

class GnutlsContext final : public TlsContext::Impl {
 public:
  GnutlsContext(TlsContext::Role role, std::vector<std::string> alpns)
      : Impl(role, std::move(alpns)) {
    gnutls_certificate_credentials_t credentials = nullptr;
    gnutls_priority_t priorities = nullptr;
    if (gnutls_certificate_allocate_credentials(&credentials) != 0) throw std::bad_alloc();
    credentials_.reset(credentials);
    if (gnutls_priority_init(&priorities, kPriorities, nullptr) != 0) {
      throw std::runtime_error("TLS: this GnuTLS lacks the cipher suites of TLS 1.3");
    }
    priorities_.reset(priorities);
  }

  void load(const Certificate& certificate) {
    const gnutls_datum_t chain = datum(certificate.certificate_pem);
    const gnutls_datum_t key = datum(certificate.key_pem);
    const int rv =
        gnutls_certificate_set_x509_key_mem(credentials_.get(), &chain, &key, GNUTLS_X509_FMT_PEM);
    if (rv < 0) {
      throw std::invalid_argument(std::string("TLS: certificate or key unusable: ") +
                                  gnutls_strerror(rv));
    }
  }

  void verify_servers(const ClientTlsOptions& options) {
    verification_ = options.verification;
    pinned_sha256_ = options.pinned_sha256;
    if (verification_ == ServerVerification::kSystem) {
      gnutls_certificate_set_x509_system_trust(credentials_.get());
    }
  }

  [[nodiscard]] gnutls_certificate_credentials_t credentials() const { return credentials_.get(); }
  [[nodiscard]] gnutls_priority_t priorities() const { return priorities_.get(); }
  [[nodiscard]] ServerVerification verification() const { return verification_; }
  [[nodiscard]] const std::array<std::byte, 32>& pinned_sha256() const { return pinned_sha256_; }

 private:
  Credentials credentials_;
  Priorities priorities_;
  ServerVerification verification_ = ServerVerification::kNone;
  std::array<std::byte, 32> pinned_sha256_{};
};

// GnuTLS announces the exporter secret only this way.
int keep_exporter_secret(gnutls_session_t session, const char* label,
                         const gnutls_datum_t* secret) {
  if (std::strcmp(label, "EXPORTER_SECRET") == 0) {
    auto* ref = static_cast<TlsConnectionRef*>(
        static_cast<ngtcp2_crypto_conn_ref*>(gnutls_session_get_ptr(session)));
    ref->exporter_secret.set(std::as_bytes(std::span(secret->data, secret->size)));
  }
  return 0;
}

// GNUTLS_ALPN_MANDATORY only looks at clients that offer something; one that offers nothing is
// refused here.
int require_alpn(gnutls_session_t session) {
  gnutls_datum_t chosen{};
  return gnutls_alpn_get_selected_protocol(session, &chosen) == 0
             ? 0
             : GNUTLS_E_NO_APPLICATION_PROTOCOL;
}

int check_pin(gnutls_session_t session) {
  unsigned int count = 0;
  const gnutls_datum_t* chain = gnutls_certificate_get_peers(session, &count);
  const auto* wanted = static_cast<const std::array<std::byte, 32>*>(gnutls_db_get_ptr(session));
  std::array<std::byte, 32> seen{};
  const bool same =
      count > 0 &&
      gnutls_hash_fast(GNUTLS_DIG_SHA256, chain[0].data, chain[0].size, seen.data()) == 0 &&
      seen == *wanted;
  return same ? 0 : GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}

class GnutlsSession final : public TlsSession {
 public:
  bool init(const GnutlsContext& context, TlsConnectionRef& ref, const std::string& server_name) {
    is_server_ = context.role() == TlsContext::Role::kServer;
    gnutls_session_t session = nullptr;
    const unsigned role = is_server_ ? GNUTLS_SERVER : GNUTLS_CLIENT;
    if (gnutls_init(&session, role | GNUTLS_NO_TICKETS | GNUTLS_NO_AUTO_SEND_TICKET) != 0) {
      return false;
    }
    session_.reset(session);
    gnutls_session_set_ptr(session, static_cast<ngtcp2_crypto_conn_ref*>(&ref));
    gnutls_session_set_keylog_function(
        session, [](gnutls_session_t s, const char* label, const gnutls_datum_t* secret) {
          return keep_exporter_secret(s, label, secret);
        });
    return gnutls_priority_set(session, context.priorities()) == 0 &&
           gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, context.credentials()) == 0 &&
           set_alpns(context) && (is_server_ ? init_server() : init_client(context, server_name));
  }

  void* native_handle() noexcept override { return session_.get(); }

  std::string server_name() const override {
    char name[256] = {};
    std::size_t size = sizeof name - 1;
    unsigned int type = GNUTLS_NAME_DNS;
    if (gnutls_server_name_get(session_.get(), name, &size, &type, 0) != 0) return {};
    return type == GNUTLS_NAME_DNS ? std::string(name, size) : std::string();
  }

  std::string alpn() const override {
    gnutls_datum_t chosen{};
    if (gnutls_alpn_get_selected_protocol(session_.get(), &chosen) != 0) return {};
    return {reinterpret_cast<const char*>(chosen.data), chosen.size};
  }

 private:
  bool set_alpns(const GnutlsContext& context) {
    std::vector<gnutls_datum_t> list;
    for (const std::string& name : context.alpns()) list.push_back(datum(name));
    const unsigned flags =
        GNUTLS_ALPN_MANDATORY | (is_server_ ? unsigned{GNUTLS_ALPN_SERVER_PRECEDENCE} : 0U);
    return gnutls_alpn_set_protocols(session_.get(), list.data(),
                                     static_cast<unsigned>(list.size()), flags) == 0;
  }

  bool init_server() {
    gnutls_certificate_server_set_request(session_.get(), GNUTLS_CERT_IGNORE);
    gnutls_handshake_set_post_client_hello_function(session_.get(), require_alpn);
    return ngtcp2_crypto_gnutls_configure_server_session(session_.get()) == 0;
  }

  bool init_client(const GnutlsContext& context, const std::string& server_name) {
    if (!server_name.empty() &&
        gnutls_server_name_set(session_.get(), GNUTLS_NAME_DNS, server_name.data(),
                               server_name.size()) != 0) {
      return false;
    }
    if (context.verification() == ServerVerification::kSystem) {
      gnutls_session_set_verify_cert(session_.get(),
                                     server_name.empty() ? nullptr : server_name.c_str(), 0);
    } else if (context.verification() == ServerVerification::kPinned) {
      // The session store is not used, so its pointer is free to carry the pin.
      gnutls_db_set_ptr(session_.get(),
                        const_cast<std::array<std::byte, 32>*>(&context.pinned_sha256()));
      gnutls_session_set_verify_function(session_.get(), check_pin);
    }
    return ngtcp2_crypto_gnutls_configure_client_session(session_.get()) == 0;
  }

  Session session_;
  bool is_server_ = false;
};

}  // namespace

std::unique_ptr<TlsSession> TlsSession::make(const TlsContext::Impl& context, TlsConnectionRef& ref,
                                             const std::string& server_name) {
  auto session = std::make_unique<GnutlsSession>();
  if (!session->init(static_cast<const GnutlsContext&>(context), ref, server_name)) return nullptr;
  return session;
}

std::shared_ptr<const TlsContext::Impl> make_server_context(const Certificate& certificate,
                                                            std::vector<std::string> alpns) {
  auto context = std::make_shared<GnutlsContext>(TlsContext::Role::kServer, std::move(alpns));
  context->load(certificate);
  return context;
}

std::shared_ptr<const TlsContext::Impl> make_client_context(ClientTlsOptions options) {
  auto context =
      std::make_shared<GnutlsContext>(TlsContext::Role::kClient, std::move(options.alpns));
  context->verify_servers(options);
  return context;
}

std::string tls_backend_name() { return std::string("GnuTLS ") + gnutls_check_version(nullptr); }

}  // namespace wzp::transport
