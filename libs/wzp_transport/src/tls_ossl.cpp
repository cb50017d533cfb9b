// TLS under QUIC by OpenSSL (3.5 or later, with ngtcp2's ossl helper).
#include <ngtcp2/ngtcp2_crypto_ossl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstring>
#include <stdexcept>

#include "tls_backend.hpp"

namespace wzp::transport {
namespace {

// AES-128-GCM first: by far the cheapest for small packets.
constexpr const char* kCipherSuites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";

struct Deleter {
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

TlsConnectionRef* ref_of(const SSL* ssl) {
  return static_cast<TlsConnectionRef*>(
      static_cast<ngtcp2_crypto_conn_ref*>(SSL_get_app_data(const_cast<SSL*>(ssl))));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// OpenSSL announces the exporter secret only this way: "EXPORTER_SECRET <client random> <secret>".
void keep_exporter_secret(const SSL* ssl, const char* line) {
  constexpr std::string_view kLabel = "EXPORTER_SECRET ";
  const std::string_view text(line);
  TlsConnectionRef* ref = ref_of(ssl);
  if (ref == nullptr || text.substr(0, kLabel.size()) != kLabel) return;
  const std::string_view hex = text.substr(text.rfind(' ') + 1);
  std::array<std::byte, 48> secret{};
  if (hex.size() % 2 != 0 || hex.size() / 2 > secret.size()) return;
  for (std::size_t i = 0; i < hex.size() / 2; ++i) {
    secret[i] = static_cast<std::byte>(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
  }
  ref->exporter_secret.set(ByteView(secret).first(hex.size() / 2));
  OPENSSL_cleanse(secret.data(), secret.size());
}

class OsslContext final : public TlsContext::Impl {
 public:
  OsslContext(TlsContext::Role role, std::vector<std::string> alpns)
      : Impl(role, std::move(alpns)),
        context_(SSL_CTX_new(role == TlsContext::Role::kServer ? TLS_server_method()
                                                               : TLS_client_method())) {
    if (!context_) throw std::bad_alloc();
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context_.get(), kCipherSuites);
    SSL_CTX_set1_groups_list(context_.get(), kGroups);
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_num_tickets(context_.get(), 0);
    SSL_CTX_set_keylog_callback(context_.get(), keep_exporter_secret);
    for (const std::string& name : this->alpns()) {
      wire_alpns_.push_back(static_cast<unsigned char>(name.size()));
      wire_alpns_.insert(wire_alpns_.end(), name.begin(), name.end());
    }
  }

  void load(const Certificate& certificate) {
    const Owned<BIO> chain(memory(certificate.certificate_pem));
    const Owned<BIO> key(memory(certificate.key_pem));
    const Owned<X509> leaf(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
    const Owned<EVP_PKEY> secret(PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr));
    const bool usable = leaf && secret &&
                        SSL_CTX_use_certificate(context_.get(), leaf.get()) == 1 &&
                        SSL_CTX_use_PrivateKey(context_.get(), secret.get()) == 1 &&
                        SSL_CTX_check_private_key(context_.get()) == 1;
    if (!usable) throw std::invalid_argument("TLS: certificate or key unusable");
    while (X509* link = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) {
      SSL_CTX_add0_chain_cert(context_.get(), link);
    }
    SSL_CTX_set_alpn_select_cb(context_.get(), select_alpn, this);
  }

  void verify_servers(const ClientTlsOptions& options) {
    verification_ = options.verification;
    pinned_sha256_ = options.pinned_sha256;
    if (verification_ == ServerVerification::kSystem) {
      SSL_CTX_set_default_verify_paths(context_.get());
      SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    } else if (verification_ == ServerVerification::kPinned) {
      SSL_CTX_set_cert_verify_callback(context_.get(), check_pin, this);
      SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    } else {
      SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
    }
  }

  [[nodiscard]] SSL_CTX* get() const { return context_.get(); }
  [[nodiscard]] const std::vector<unsigned char>& wire_alpns() const { return wire_alpns_; }
  [[nodiscard]] ServerVerification verification() const { return verification_; }

 private:
  static BIO* memory(const std::string& text) {
    return BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  }

  static int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                         const unsigned char* in, unsigned int in_size, void* self) {
    const auto& ours = static_cast<OsslContext*>(self)->wire_alpns_;
    unsigned char* chosen = nullptr;
    const int rv = SSL_select_next_proto(&chosen, out_size, ours.data(),
                                         static_cast<unsigned>(ours.size()), in, in_size);
    *out = chosen;
    return rv == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  static int check_pin(X509_STORE_CTX* store, void* self) {
    std::array<std::byte, 32> seen{};
    unsigned int size = 0;
    X509* leaf = X509_STORE_CTX_get0_cert(store);
    const bool same = leaf != nullptr &&
                      X509_digest(leaf, EVP_sha256(), reinterpret_cast<unsigned char*>(seen.data()),
                                  &size) == 1 &&
                      seen == static_cast<OsslContext*>(self)->pinned_sha256_;
    if (!same) X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return same ? 1 : 0;
  }

  Owned<SSL_CTX> context_;
  std::vector<unsigned char> wire_alpns_;
  ServerVerification verification_ = ServerVerification::kNone;
  std::array<std::byte, 32> pinned_sha256_{};
};

class OsslSession final : public TlsSession {
 public:
  OsslSession() = default;
  OsslSession(const OsslSession&) = delete;
  OsslSession& operator=(const OsslSession&) = delete;
  ~OsslSession() override {
    if (ssl_ != nullptr) SSL_set_app_data(ssl_, nullptr);  // no calls into the connection any more
    if (handle_ != nullptr) ngtcp2_crypto_ossl_ctx_del(handle_);
    SSL_free(ssl_);
  }

  bool init(const OsslContext& context, TlsConnectionRef& ref, const std::string& server_name) {
    ssl_ = SSL_new(context.get());
    if (ssl_ == nullptr || ngtcp2_crypto_ossl_ctx_new(&handle_, ssl_) != 0) return false;
    SSL_set_app_data(ssl_, static_cast<ngtcp2_crypto_conn_ref*>(&ref));
    if (context.role() == TlsContext::Role::kServer) {
      SSL_set_accept_state(ssl_);
      return ngtcp2_crypto_ossl_configure_server_session(ssl_) == 0;
    }
    SSL_set_connect_state(ssl_);
    return SSL_set_alpn_protos(ssl_, context.wire_alpns().data(),
                               static_cast<unsigned>(context.wire_alpns().size())) == 0 &&
           set_server_name(context, server_name) &&
           ngtcp2_crypto_ossl_configure_client_session(ssl_) == 0;
  }

  void* native_handle() noexcept override { return handle_; }

  std::string server_name() const override {
    const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? std::string() : std::string(name);
  }

  std::string alpn() const override {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }

 private:
  bool set_server_name(const OsslContext& context, const std::string& name) {
    if (name.empty()) return true;
    if (context.verification() == ServerVerification::kSystem &&
        SSL_set1_host(ssl_, name.c_str()) != 1) {
      return false;
    }
    return SSL_set_tlsext_host_name(ssl_, name.c_str()) == 1;
  }

  SSL* ssl_ = nullptr;
  ngtcp2_crypto_ossl_ctx* handle_ = nullptr;
};

}  // namespace

std::unique_ptr<TlsSession> TlsSession::make(const TlsContext::Impl& context, TlsConnectionRef& ref,
                                             const std::string& server_name) {
  auto session = std::make_unique<OsslSession>();
  if (!session->init(static_cast<const OsslContext&>(context), ref, server_name)) return nullptr;
  return session;
}

std::shared_ptr<const TlsContext::Impl> make_server_context(const Certificate& certificate,
                                                            std::vector<std::string> alpns) {
  ngtcp2_crypto_ossl_init();
  auto context = std::make_shared<OsslContext>(TlsContext::Role::kServer, std::move(alpns));
  context->load(certificate);
  return context;
}

std::shared_ptr<const TlsContext::Impl> make_client_context(ClientTlsOptions options) {
  ngtcp2_crypto_ossl_init();
  auto context = std::make_shared<OsslContext>(TlsContext::Role::kClient, std::move(options.alpns));
  context->verify_servers(options);
  return context;
}

std::string tls_backend_name() { return OpenSSL_version(OPENSSL_VERSION); }

}  // namespace wzp::transport
