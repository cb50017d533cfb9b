#include "relay_binding.hpp"

#include <algorithm>

#include "wzp/crypto/e2e_binding.hpp"

namespace wzp::client {
namespace {

namespace e2e = crypto::e2e;

std::optional<e2e::Exporter> exporter_of(const RelayLink& relay) {
  e2e::Exporter out;
  const auto bytes =
      relay.endpoint.export_keying_material(relay.connection, e2e::kExporterLabel, {}, out.size());
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

}  // namespace

std::optional<proto::Binding> bind_offer(const RelayLink& relay, const crypto::Identity& me,
                                         const proto::CallOffer& offer) {
  const auto exporter = exporter_of(relay);
  if (!exporter) return std::nullopt;
  const auto signature =
      e2e::sign_exporter_binding(me, *exporter, crypto::ExchangeKey{offer.ephemeral_pub});
  return proto::Binding{"exporter", {signature.bytes.begin(), signature.bytes.end()}, {}};
}

RelayBinding check_answer(const RelayLink& relay, const proto::CallOffer& offer,
                          const proto::CallAnswer& answer) {
  if (!answer.binding || !offer.binding) return RelayBinding::kNone;
  const auto exporter = exporter_of(relay);
  const bool genuine =
      exporter && answer.binding->kind == "exporter" &&
      e2e::verify_relay_binding(crypto::IdentityKey{answer.identity_pub}, *exporter,
                                crypto::ExchangeKey{offer.ephemeral_pub},
                                crypto::ExchangeKey{answer.ephemeral_pub}, answer.binding->sig);
  return genuine ? RelayBinding::kGenuine : RelayBinding::kForged;
}

}  // namespace wzp::client
