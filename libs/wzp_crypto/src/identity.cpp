#include "wzp/crypto/identity.hpp"

#include <new>
#include <utility>
#include <vector>

#include "sodium_ready.hpp"
#include "wzp/crypto/key_exchange.hpp"

namespace wzp::crypto {
namespace {

std::vector<std::byte> joined(Parts parts) {
  std::vector<std::byte> out;
  for (const ByteView part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace

struct Identity::Impl {
  Secret<crypto_sign_ed25519_SECRETKEYBYTES> signing;
  Secret<32> exchange;
  IdentityKey identity_key;
  ExchangeKey exchange_key;

  // sodium_malloc: between guard pages, locked against swap, left out of core dumps.
  static void* operator new(std::size_t size) {
    sodium_ready();
    const std::size_t rounded = (size + 63) / 64 * 64;  // It aligns the end of the block.
    if (void* p = sodium_malloc(rounded)) return p;
    throw std::bad_alloc();
  }
  static void operator delete(void* p) noexcept { sodium_free(p); }
};

Identity::Identity(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Identity::Identity(Identity&&) noexcept = default;
Identity& Identity::operator=(Identity&&) noexcept = default;
Identity::~Identity() = default;

Identity Identity::from_seed(const Seed& seed) {
  auto impl = std::make_unique<Impl>();
  const Secret<32> prk = hkdf_extract({}, {seed.reveal().reveal()});
  const Secret<32> signing_seed = hkdf_expand<32>(prk, {as_byte_view("warzone-ed25519")});
  crypto_sign_ed25519_seed_keypair(as_uchars(impl->identity_key.bytes.data()),
                                   as_uchars(impl->signing.writable().data()),
                                   as_uchars(signing_seed.reveal().data()));
  impl->exchange = hkdf_expand<32>(prk, {as_byte_view("warzone-x25519")});
  impl->exchange_key = exchange_public_key(impl->exchange);
  return Identity(std::move(impl));
}

Identity Identity::ephemeral(Rng& rng) { return from_seed(Seed::generate(rng)); }

const IdentityKey& Identity::public_key() const noexcept { return impl_->identity_key; }

const ExchangeKey& Identity::exchange_key() const noexcept { return impl_->exchange_key; }

Fingerprint Identity::fingerprint() const { return Fingerprint::of(public_key()); }

Signature Identity::sign(Parts message) const {
  const std::vector<std::byte> bytes = joined(message);
  Signature out;
  crypto_sign_ed25519_detached(as_uchars(out.bytes.data()), nullptr, as_uchars(bytes.data()),
                               bytes.size(), as_uchars(impl_->signing.reveal().data()));
  return out;
}

bool verify(const IdentityKey& signer, Parts message, ByteView signature) {
  if (signature.size() != crypto_sign_ed25519_BYTES) return false;
  const std::vector<std::byte> bytes = joined(message);
  sodium_ready();
  return crypto_sign_ed25519_verify_detached(as_uchars(signature.data()), as_uchars(bytes.data()),
                                             bytes.size(), as_uchars(signer.bytes.data())) == 0;
}

}  // namespace wzp::crypto
