// The second implementation of the AEAD: OpenSSL's ChaCha20-Poly1305.
#pragma once

#include <openssl/evp.h>

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <vector>

#include "wzp/crypto/aead.hpp"

namespace wzp::crypto::test {

/// ciphertext || tag[16].
inline std::vector<std::byte> openssl_seal(const AeadKey& key, const AeadNonce& nonce, ByteView aad,
                                           ByteView plaintext) {
  struct Free {
    void operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }
  };
  const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
  std::vector<std::byte> out(plaintext.size() + kTagSize);
  int n = 0;
  REQUIRE(EVP_EncryptInit_ex(context.get(), EVP_chacha20_poly1305(), nullptr,
                             as_uchars(key.reveal().data()), as_uchars(nonce.data())) == 1);
  if (!aad.empty()) {
    REQUIRE(EVP_EncryptUpdate(context.get(), nullptr, &n, as_uchars(aad.data()),
                              static_cast<int>(aad.size())) == 1);
  }
  if (!plaintext.empty()) {
    REQUIRE(EVP_EncryptUpdate(context.get(), as_uchars(out.data()), &n, as_uchars(plaintext.data()),
                              static_cast<int>(plaintext.size())) == 1);
  }
  REQUIRE(EVP_EncryptFinal_ex(context.get(), as_uchars(out.data()) + plaintext.size(), &n) == 1);
  REQUIRE(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize,
                              out.data() + plaintext.size()) == 1);
  return out;
}

}  // namespace wzp::crypto::test
