// Offers that were made for this connection and no other.
#include <algorithm>

#include "relay_impl.hpp"

namespace wzp::relay {

namespace e2e = crypto::e2e;

void Relay::Impl::give_challenge(Participant& p, Instant now) {
  e2e::Challenge value;
  rng_.fill(value);
  p.challenge = Participant::OpenChallenge{value, now + config_.challenge_lifetime};
  if (send(p, proto::Challenge{value}, now)) ++counters_.challenges_sent;
}

Relay::Impl::BindingCheck Relay::Impl::check_binding(Participant& p, const proto::CallOffer& offer,
                                                     Instant now) {
  const auto challenge = std::exchange(p.challenge, std::nullopt);
  if (!offer.binding) return BindingCheck::kNone;
  const proto::Binding& binding = *offer.binding;
  const crypto::IdentityKey client{offer.identity_pub};
  const crypto::ExchangeKey ephemeral{offer.ephemeral_pub};
  bool genuine = false;
  if (binding.kind == "exporter") {
    const auto exporter = exporter_of(p);
    genuine = exporter && e2e::verify_exporter_binding(client, *exporter, ephemeral, binding.sig);
  } else if (binding.kind == "origin" && challenge && now < challenge->expires && binding.origin) {
    genuine = config_.origins.count(*binding.origin) != 0 &&
              e2e::verify_origin_binding(client, challenge->value, *binding.origin, ephemeral,
                                         binding.sig);
  }
  if (!genuine) return BindingCheck::kForged;
  ++counters_.bound;
  return BindingCheck::kGenuine;
}

std::optional<e2e::Exporter> Relay::Impl::exporter_of(const Participant& p) const {
  e2e::Exporter out;
  const auto bytes =
      endpoint_.export_keying_material(p.connection, e2e::kExporterLabel, {}, out.size());
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

std::optional<proto::Binding> Relay::Impl::answer_binding(
    const Participant& p, const proto::CallOffer& offer,
    const crypto::HandshakeAnswer& keys) const {
  if (!offer.binding || offer.binding->kind != "exporter") return std::nullopt;
  const auto exporter = exporter_of(p);
  if (!exporter) return std::nullopt;
  const auto signature =
      e2e::sign_relay_binding(identity_, *exporter, crypto::ExchangeKey{offer.ephemeral_pub},
                              crypto::ExchangeKey{keys.ephemeral_pub});
  return proto::Binding{"exporter", {signature.bytes.begin(), signature.bytes.end()}, {}};
}

}  // namespace wzp::relay
