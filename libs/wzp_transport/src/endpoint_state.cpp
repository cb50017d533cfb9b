#include "endpoint_state.hpp"

#include <ngtcp2/ngtcp2_crypto.h>

namespace wzp::transport {

Cid EndpointState::issue_cid(std::uint32_t slot) {
  Cid cid;
  cid.size = config.connection_id.length;
  do {
    rng->fill(std::as_writable_bytes(std::span(cid.bytes).first(cid.size)));
    cid.bytes[0] = config.connection_id.shard;
  } while (!cids.insert(cid, slot));
  return cid;
}

void EndpointState::stateless_reset_token(const Cid& cid, std::uint8_t* token) const {
  const ngtcp2_cid raw = cid.to_ngtcp2();
  ngtcp2_crypto_generate_stateless_reset_token(token, reset_secret.data(), reset_secret.size(),
                                               &raw);
}

}  // namespace wzp::transport
