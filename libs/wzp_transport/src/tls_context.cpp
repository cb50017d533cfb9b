#include "wzp/transport/tls_context.hpp"

#include <stdexcept>

#include "tls_backend.hpp"

namespace wzp::transport {

void check_alpns(const std::vector<std::string>& alpns) {
  if (alpns.empty()) throw std::invalid_argument("TLS: no application protocol given");
  for (const std::string& name : alpns) {
    if (name.empty() || name.size() > 255) {
      throw std::invalid_argument("TLS: an application protocol has 1 to 255 bytes, not " +
                                  std::to_string(name.size()));
    }
  }
}

TlsContext::TlsContext(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
TlsContext::TlsContext(const TlsContext&) = default;
TlsContext::TlsContext(TlsContext&&) noexcept = default;
TlsContext& TlsContext::operator=(const TlsContext&) = default;
TlsContext& TlsContext::operator=(TlsContext&&) noexcept = default;
TlsContext::~TlsContext() = default;

TlsContext TlsContext::make_server(const Certificate& certificate, std::vector<std::string> alpns) {
  check_alpns(alpns);
  return TlsContext(make_server_context(certificate, std::move(alpns)));
}

TlsContext TlsContext::make_self_signed_server(std::vector<std::string> alpns) {
  return make_server(make_self_signed_certificate(), std::move(alpns));
}

TlsContext TlsContext::make_client(ClientTlsOptions options) {
  check_alpns(options.alpns);
  return TlsContext(make_client_context(std::move(options)));
}

TlsContext::Role TlsContext::role() const noexcept { return impl_->role(); }
const std::vector<std::string>& TlsContext::alpns() const noexcept { return impl_->alpns(); }
std::string TlsContext::backend() { return tls_backend_name(); }

}  // namespace wzp::transport
