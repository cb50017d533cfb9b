#include "tls_files.hpp"

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>

namespace wzp::gateway {
namespace {

namespace ssl = boost::asio::ssl;

Unexpected<std::string> bad(const char* key, const std::string& file,
                            const boost::system::error_code& error) {
  return Unexpected(std::string(key) + ": cannot use \"" + file + "\": " + error.message());
}

}  // namespace

Expected<TlsContextPtr, std::string> load_server_tls(const relay::WebConfig& config) {
  if (config.tls_cert.empty() && config.tls_key.empty()) return TlsContextPtr();
  if (config.tls_cert.empty() || config.tls_key.empty()) {
    return Unexpected(std::string("tls_cert and tls_key: expected both or neither"));
  }
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_compression);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  boost::system::error_code error;
  context->use_certificate_chain_file(config.tls_cert, error);
  if (error) return bad("tls_cert", config.tls_cert, error);
  // OpenSSL also refuses a key that is not the certificate's.
  context->use_private_key_file(config.tls_key, ssl::context::pem, error);
  if (error) return bad("tls_key", config.tls_key, error);
  return context;
}

}  // namespace wzp::gateway
