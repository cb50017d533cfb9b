// The second implementation of the curves: OpenSSL's Ed25519 and X25519.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <memory>

#include "wzp/proto/bytes.hpp"

namespace wzp::crypto::test {

struct FreeKey {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};
using PKey = std::unique_ptr<EVP_PKEY, FreeKey>;
using Bytes32 = std::array<std::byte, 32>;

inline PKey openssl_private(int type, ByteView secret) {
  return PKey(EVP_PKEY_new_raw_private_key(type, nullptr, as_uchars(secret.data()), secret.size()));
}
inline PKey openssl_public(int type, ByteView key) {
  return PKey(EVP_PKEY_new_raw_public_key(type, nullptr, as_uchars(key.data()), key.size()));
}

inline Bytes32 openssl_public_key(int type, ByteView secret) {
  const PKey key = openssl_private(type, secret);
  Bytes32 out{};
  std::size_t size = out.size();
  REQUIRE(EVP_PKEY_get_raw_public_key(key.get(), as_uchars(out.data()), &size) == 1);
  return out;
}

inline std::array<std::byte, 64> openssl_sign(ByteView secret, ByteView message) {
  const PKey key = openssl_private(EVP_PKEY_ED25519, secret);
  const std::unique_ptr<EVP_MD_CTX, FreeKey> context(EVP_MD_CTX_new());
  std::array<std::byte, 64> out{};
  std::size_t size = out.size();
  REQUIRE(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  REQUIRE(EVP_DigestSign(context.get(), as_uchars(out.data()), &size, as_uchars(message.data()),
                         message.size()) == 1);
  return out;
}

inline bool openssl_verify(ByteView public_key, ByteView message, ByteView signature) {
  const PKey key = openssl_public(EVP_PKEY_ED25519, public_key);
  const std::unique_ptr<EVP_MD_CTX, FreeKey> context(EVP_MD_CTX_new());
  REQUIRE(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  return EVP_DigestVerify(context.get(), as_uchars(signature.data()), signature.size(),
                          as_uchars(message.data()), message.size()) == 1;
}

inline Bytes32 openssl_agree(ByteView secret, ByteView peer) {
  const PKey own = openssl_private(EVP_PKEY_X25519, secret);
  const PKey other = openssl_public(EVP_PKEY_X25519, peer);
  const std::unique_ptr<EVP_PKEY_CTX, FreeKey> context(EVP_PKEY_CTX_new(own.get(), nullptr));
  Bytes32 out{};
  std::size_t size = out.size();
  REQUIRE(EVP_PKEY_derive_init(context.get()) == 1);
  REQUIRE(EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1);
  REQUIRE(EVP_PKEY_derive(context.get(), as_uchars(out.data()), &size) == 1);
  return out;
}

}  // namespace wzp::crypto::test
