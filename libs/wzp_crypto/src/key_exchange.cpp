#include "wzp/crypto/key_exchange.hpp"

#include <utility>

#include "sodium_ready.hpp"

namespace wzp::crypto {

ExchangeKey exchange_public_key(const Secret<32>& secret) noexcept {
  sodium_ready();
  ExchangeKey key;
  crypto_scalarmult_curve25519_base(as_uchars(key.bytes.data()), as_uchars(secret.reveal().data()));
  return key;
}

Result<Secret<32>> agree(const Secret<32>& own, const ExchangeKey& peer) noexcept {
  sodium_ready();
  Secret<32> shared;
  if (crypto_scalarmult_curve25519(as_uchars(shared.writable().data()),
                                   as_uchars(own.reveal().data()),
                                   as_uchars(peer.bytes.data())) != 0) {
    return Unexpected(Errc::kBadPublicKey);
  }
  return Result<Secret<32>>(std::move(shared));
}

ExchangeKeyPair ExchangeKeyPair::generate(Rng& rng) {
  return ExchangeKeyPair(Secret<32>::random(rng));
}

ExchangeKeyPair::ExchangeKeyPair(Secret<32> secret) noexcept
    : secret_(std::move(secret)), public_(exchange_public_key(secret_)) {}

}  // namespace wzp::crypto
