#include "wzp/crypto/e2e_binding.hpp"

#include "e2e_labels.hpp"

namespace wzp::crypto::e2e {
namespace {

// Each statement is spelled out once; signing and verifying are two uses of it.
template <class Use>
auto exporter_statement(const IdentityKey& client, const Exporter& exporter,
                        const ExchangeKey& ephemeral, Use use) {
  return use(Parts{label("wzp-binding/1 exporter"), exporter, client.bytes, ephemeral.bytes});
}

template <class Use>
auto relay_statement(const IdentityKey& relay, const Exporter& exporter,
                     const ExchangeKey& client_ephemeral, const ExchangeKey& relay_ephemeral,
                     Use use) {
  return use(Parts{label("wzp-binding/1 relay"), exporter, relay.bytes, client_ephemeral.bytes,
                   relay_ephemeral.bytes});
}

template <class Use>
auto origin_statement(const IdentityKey& client, const Challenge& challenge,
                      std::string_view origin, const ExchangeKey& ephemeral, Use use) {
  return use(Parts{label("wzp-binding/1 origin"), challenge, be16(origin.size()),
                   as_byte_view(origin), client.bytes, ephemeral.bytes});
}

auto signing(const Identity& signer) {
  return [&signer](Parts statement) { return signer.sign(statement); };
}
auto verifying(const IdentityKey& signer, ByteView signature) {
  return [&signer, signature](Parts statement) { return verify(signer, statement, signature); };
}

}  // namespace

Signature sign_exporter_binding(const Identity& client, const Exporter& exporter,
                                const ExchangeKey& ephemeral) {
  return exporter_statement(client.public_key(), exporter, ephemeral, signing(client));
}

bool verify_exporter_binding(const IdentityKey& client, const Exporter& exporter,
                             const ExchangeKey& ephemeral, ByteView signature) {
  return exporter_statement(client, exporter, ephemeral, verifying(client, signature));
}

Signature sign_relay_binding(const Identity& relay, const Exporter& exporter,
                             const ExchangeKey& client_ephemeral,
                             const ExchangeKey& relay_ephemeral) {
  return relay_statement(relay.public_key(), exporter, client_ephemeral, relay_ephemeral,
                         signing(relay));
}

bool verify_relay_binding(const IdentityKey& relay, const Exporter& exporter,
                          const ExchangeKey& client_ephemeral, const ExchangeKey& relay_ephemeral,
                          ByteView signature) {
  return relay_statement(relay, exporter, client_ephemeral, relay_ephemeral,
                         verifying(relay, signature));
}

Signature sign_origin_binding(const Identity& client, const Challenge& challenge,
                              std::string_view origin, const ExchangeKey& ephemeral) {
  return origin_statement(client.public_key(), challenge, origin, ephemeral, signing(client));
}

bool verify_origin_binding(const IdentityKey& client, const Challenge& challenge,
                           std::string_view origin, const ExchangeKey& ephemeral,
                           ByteView signature) {
  return origin_statement(client, challenge, origin, ephemeral, verifying(client, signature));
}

}  // namespace wzp::crypto::e2e
