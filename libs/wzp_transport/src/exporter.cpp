#include "exporter.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "wzp/proto/assert.hpp"

namespace wzp::transport {
namespace {

const EVP_MD* hash_of(std::size_t secret_size) {
  return secret_size == 48 ? EVP_sha384() : EVP_sha256();
}

std::vector<std::byte> digest(const EVP_MD* hash, ByteView data) {
  std::vector<std::byte> out(static_cast<std::size_t>(EVP_MD_get_size(hash)));
  EVP_Digest(data.data(), data.size(), as_uchars(out.data()), nullptr, hash, nullptr);
  return out;
}

std::vector<std::byte> hkdf_expand(const EVP_MD* hash, ByteView key, ByteView info,
                                   std::size_t size) {
  const auto hash_size = static_cast<std::size_t>(EVP_MD_get_size(hash));
  std::vector<std::byte> out;
  std::vector<std::byte> block;
  for (unsigned counter = 1; out.size() < size; ++counter) {
    std::vector<std::byte> input = block;
    input.insert(input.end(), info.begin(), info.end());
    input.push_back(static_cast<std::byte>(counter));
    block.resize(hash_size);
    HMAC(hash, key.data(), static_cast<int>(key.size()), as_uchars(input.data()), input.size(),
         as_uchars(block.data()), nullptr);
    out.insert(out.end(), block.begin(),
               block.begin() + static_cast<std::ptrdiff_t>(std::min(hash_size, size - out.size())));
  }
  return out;
}

// RFC 8446 section 7.1.
std::vector<std::byte> hkdf_expand_label(const EVP_MD* hash, ByteView key, std::string_view label,
                                         ByteView context, std::size_t size) {
  constexpr std::string_view kPrefix = "tls13 ";
  std::vector<std::byte> info;
  info.reserve(4 + kPrefix.size() + label.size() + context.size());
  const auto append = [&info](ByteView bytes) {
    info.insert(info.end(), bytes.begin(), bytes.end());
  };
  info.push_back(static_cast<std::byte>(size >> 8));
  info.push_back(static_cast<std::byte>(size));
  info.push_back(static_cast<std::byte>(kPrefix.size() + label.size()));
  append(as_byte_view(kPrefix));
  append(as_byte_view(label));
  info.push_back(static_cast<std::byte>(context.size()));
  append(context);
  return hkdf_expand(hash, key, info, size);
}

}  // namespace

ExporterSecret::~ExporterSecret() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

void ExporterSecret::set(ByteView secret) noexcept {
  if (secret.size() > bytes.size()) return;
  std::copy(secret.begin(), secret.end(), bytes.begin());
  size = secret.size();
}

std::vector<std::byte> export_keying_material(const ExporterSecret& secret, std::string_view label,
                                              ByteView context, std::size_t size) {
  WZP_ASSERT(secret.size != 0);
  const EVP_MD* hash = hash_of(secret.size);
  const std::vector<std::byte> derived =
      hkdf_expand_label(hash, secret.view(), label, digest(hash, {}), secret.size);
  return hkdf_expand_label(hash, derived, "exporter", digest(hash, context), size);
}

}  // namespace wzp::transport
