#include "wzp/transport/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace wzp::transport {
namespace {

struct Deleter {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
  void operator()(BIGNUM* p) const { BN_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("certificate: OpenSSL failed to ") + what);
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

void set_random_serial(X509* certificate) {
  unsigned char raw[20];
  require(RAND_bytes(raw, sizeof raw) == 1, "draw a serial number");
  raw[0] = static_cast<unsigned char>((raw[0] & 0x7f) | 0x40);  // positive, 20 bytes
  const Owned<BIGNUM> number(BN_bin2bn(raw, sizeof raw, nullptr));
  require(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
          "set the serial number");
}

void set_names(X509* certificate, const std::string& dns_name) {
  X509_NAME* name = X509_get_subject_name(certificate);
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(dns_name.data()),
                                     static_cast<int>(dns_name.size()), -1, 0) == 1,
          "set the common name");
  X509_set_issuer_name(certificate, name);
  const std::string alternative = "DNS:" + dns_name;
  const Owned<X509_EXTENSION> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative.c_str()));
  require(extension != nullptr, "write the alternative name");
  X509_add_ext(certificate, extension.get(), -1);
}

Owned<X509> sign_certificate(EVP_PKEY* key, const std::string& dns_name) {
  Owned<X509> certificate(X509_new());
  require(certificate != nullptr, "allocate");
  X509_set_version(certificate.get(), X509_VERSION_3);
  set_random_serial(certificate.get());
  ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate.get()), "19750101000000Z");
  ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate.get()), "40960101000000Z");
  set_names(certificate.get(), dns_name);
  X509_set_pubkey(certificate.get(), key);
  require(X509_sign(certificate.get(), key, EVP_sha256()) > 0, "sign");
  return certificate;
}

}  // namespace

Certificate make_self_signed_certificate(std::string_view dns_name) {
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  require(key != nullptr, "make a P-256 key");
  const Owned<X509> certificate = sign_certificate(key.get(), std::string(dns_name));
  const Owned<BIO> certificate_pem(BIO_new(BIO_s_mem()));
  const Owned<BIO> key_pem(BIO_new(BIO_s_secmem()));
  require(PEM_write_bio_X509(certificate_pem.get(), certificate.get()) == 1, "write PEM");
  require(PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                   nullptr) == 1,
          "write PEM");
  return {text_of(certificate_pem.get()), text_of(key_pem.get())};
}

std::array<std::byte, 32> certificate_sha256(std::string_view certificate_pem) {
  const Owned<BIO> bio(
      BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())));
  const Owned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate) throw std::invalid_argument("certificate: no PEM certificate found");
  std::array<std::byte, 32> digest{};
  unsigned int size = 0;
  require(X509_digest(certificate.get(), EVP_sha256(),
                      reinterpret_cast<unsigned char*>(digest.data()), &size) == 1 &&
              size == digest.size(),
          "hash");
  return digest;
}

}  // namespace wzp::transport
