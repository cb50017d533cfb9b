// OpenSSL's digests and HMAC. HKDF is written out on HMAC (it is two loops of RFC 5869), because
// OpenSSL's own KDF takes neither inputs in parts nor an info of more than a kilobyte.
#include "wzp/crypto/hash.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "wzp/proto/assert.hpp"

namespace wzp::crypto {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* p) const noexcept {
    Free(p);
  }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using Mac = std::unique_ptr<EVP_MAC, Freer<EVP_MAC_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Freer<EVP_MAC_CTX_free>>;

// SHA-2 is part of every OpenSSL; it fails only without memory or with a broken installation.
void require(bool worked) {
  if (!worked) std::abort();
}

void digest(const EVP_MD* kind, Parts parts, MutableBytes out) {
  const DigestContext context(EVP_MD_CTX_new());
  require(context && EVP_DigestInit_ex(context.get(), kind, nullptr) == 1);
  for (const ByteView part : parts) {
    require(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  }
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(context.get(), as_uchars(out.data()), &size) == 1);
  WZP_ASSERT(size == out.size());
}

class HmacSha256 {
 public:
  explicit HmacSha256(ByteView key) : mac_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)) {
    require(mac_ != nullptr);
    context_.reset(EVP_MAC_CTX_new(mac_.get()));
    char name[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                 OSSL_PARAM_construct_end()};
    // OpenSSL takes a null key for "keep the key"; an HMAC key is zero-padded, so one zero byte
    // is the same key as none.
    const unsigned char zero = 0;
    const bool empty = key.empty();
    require(context_ && EVP_MAC_init(context_.get(), empty ? &zero : as_uchars(key.data()),
                                     empty ? 1 : key.size(), params) == 1);
  }
  void update(ByteView part) {
    require(part.empty() ||
            EVP_MAC_update(context_.get(), as_uchars(part.data()), part.size()) == 1);
  }
  void finish(std::span<std::byte, 32> out) {
    std::size_t size = 0;
    require(EVP_MAC_final(context_.get(), as_uchars(out.data()), &size, out.size()) == 1);
    WZP_ASSERT(size == out.size());
  }

 private:
  Mac mac_;
  MacContext context_;
};

}  // namespace

Sha256Hash sha256(Parts parts) {
  Sha256Hash out;
  digest(EVP_sha256(), parts, out);
  return out;
}

Sha512Hash sha512(Parts parts) {
  Sha512Hash out;
  digest(EVP_sha512(), parts, out);
  return out;
}

Secret<32> hkdf_extract(ByteView salt, Parts key_material) {
  HmacSha256 mac(salt);
  for (const ByteView part : key_material) mac.update(part);
  Secret<32> prk;
  mac.finish(prk.writable());
  return prk;
}

void hkdf_expand_into(ByteView prk, Parts info, MutableBytes out) {
  WZP_ASSERT(out.size() <= kMostHkdfOutput);
  Secret<32> block;
  for (std::byte counter{1}; !out.empty(); counter = std::byte(std::to_integer<int>(counter) + 1)) {
    HmacSha256 mac(prk);
    if (counter != std::byte{1}) mac.update(block.reveal());
    for (const ByteView part : info) mac.update(part);
    mac.update({&counter, 1});
    mac.finish(block.writable());
    const std::size_t n = std::min<std::size_t>(32, out.size());
    std::copy_n(block.reveal().begin(), n, out.begin());
    out = out.subspan(n);
  }
}

}  // namespace wzp::crypto
