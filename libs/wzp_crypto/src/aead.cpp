#include "wzp/crypto/aead.hpp"

#include <algorithm>

#include "sodium_ready.hpp"

namespace wzp::crypto {
namespace {

using Tag = std::array<std::byte, kTagSize>;

// Requires: out.size() >= plaintext.size().
Tag seal_detached(const AeadKey& key, const AeadNonce& nonce, ByteView aad, ByteView plaintext,
                  std::byte* out) noexcept {
  sodium_ready();
  Tag tag;
  crypto_aead_chacha20poly1305_ietf_encrypt_detached(
      as_uchars(out), as_uchars(tag.data()), nullptr, as_uchars(plaintext.data()), plaintext.size(),
      as_uchars(aad.data()), aad.size(), nullptr, as_uchars(nonce.data()),
      as_uchars(key.reveal().data()));
  return tag;
}

Result<std::size_t> seal_with_tag(std::size_t tag_size, const AeadKey& key, const AeadNonce& nonce,
                                  ByteView aad, ByteView plaintext, MutableBytes out) noexcept {
  if (out.size() < tag_size || out.size() - tag_size < plaintext.size()) {
    return Unexpected(Errc::kNoRoom);
  }
  const Tag tag = seal_detached(key, nonce, aad, plaintext, out.data());
  std::copy_n(tag.begin(), tag_size, out.begin() + static_cast<std::ptrdiff_t>(plaintext.size()));
  return plaintext.size() + tag_size;
}

void absorb_padded(crypto_onetimeauth_poly1305_state& mac, ByteView bytes) noexcept {
  static constexpr unsigned char kZeros[16] = {};
  if (bytes.empty()) return;
  crypto_onetimeauth_poly1305_update(&mac, as_uchars(bytes.data()), bytes.size());
  crypto_onetimeauth_poly1305_update(&mac, kZeros, (16 - bytes.size() % 16) % 16);
}

// The tag of a ciphertext, RFC 8439 section 2.8: libsodium computes it only while it also
// encrypts or compares all 16 bytes.
Tag tag_of(const AeadKey& key, const AeadNonce& nonce, ByteView aad, ByteView ciphertext) noexcept {
  Secret<crypto_onetimeauth_poly1305_KEYBYTES> one_time_key;
  crypto_stream_chacha20_ietf(as_uchars(one_time_key.writable().data()), one_time_key.kSize,
                              as_uchars(nonce.data()), as_uchars(key.reveal().data()));
  crypto_onetimeauth_poly1305_state mac;
  crypto_onetimeauth_poly1305_init(&mac, as_uchars(one_time_key.reveal().data()));
  absorb_padded(mac, aad);
  absorb_padded(mac, ciphertext);
  std::array<std::byte, 16> lengths{};  // Little-endian, unlike everything else here.
  for (std::size_t i = 0; i < 8; ++i) {
    lengths[i] = static_cast<std::byte>(std::uint64_t{aad.size()} >> (8 * i));
    lengths[8 + i] = static_cast<std::byte>(std::uint64_t{ciphertext.size()} >> (8 * i));
  }
  crypto_onetimeauth_poly1305_update(&mac, as_uchars(lengths.data()), lengths.size());
  Tag tag;
  crypto_onetimeauth_poly1305_final(&mac, as_uchars(tag.data()));
  wipe(std::as_writable_bytes(std::span(&mac, 1)));
  return tag;
}

}  // namespace

Result<std::size_t> seal(const AeadKey& key, const AeadNonce& nonce, ByteView aad,
                         ByteView plaintext, MutableBytes out) noexcept {
  return seal_with_tag(kTagSize, key, nonce, aad, plaintext, out);
}

Result<std::size_t> seal_short(const AeadKey& key, const AeadNonce& nonce, ByteView aad,
                               ByteView plaintext, MutableBytes out) noexcept {
  return seal_with_tag(kShortTagSize, key, nonce, aad, plaintext, out);
}

Result<std::size_t> open(const AeadKey& key, const AeadNonce& nonce, ByteView aad, ByteView sealed,
                         MutableBytes out) noexcept {
  if (sealed.size() < kTagSize) return Unexpected(Errc::kTruncated);
  const std::size_t size = sealed.size() - kTagSize;
  if (out.size() < size) return Unexpected(Errc::kNoRoom);
  sodium_ready();
  std::byte nowhere{};  // A null output means "verify only" to libsodium.
  if (crypto_aead_chacha20poly1305_ietf_decrypt_detached(
          as_uchars(size == 0 ? &nowhere : out.data()), nullptr, as_uchars(sealed.data()), size,
          as_uchars(sealed.data() + size), as_uchars(aad.data()), aad.size(),
          as_uchars(nonce.data()), as_uchars(key.reveal().data())) != 0) {
    return Unexpected(Errc::kAuthenticationFailed);
  }
  return size;
}

Result<std::size_t> open_short(const AeadKey& key, const AeadNonce& nonce, ByteView aad,
                               ByteView sealed, MutableBytes out) noexcept {
  if (sealed.size() < kShortTagSize) return Unexpected(Errc::kTruncated);
  const ByteView ciphertext = sealed.first(sealed.size() - kShortTagSize);
  if (out.size() < ciphertext.size()) return Unexpected(Errc::kNoRoom);
  sodium_ready();
  const Tag tag = tag_of(key, nonce, aad, ciphertext);
  if (!equal_in_constant_time(ByteView(tag).first(kShortTagSize), sealed.last(kShortTagSize))) {
    return Unexpected(Errc::kAuthenticationFailed);
  }
  if (ciphertext.empty()) return std::size_t{0};
  crypto_stream_chacha20_ietf_xor_ic(as_uchars(out.data()), as_uchars(ciphertext.data()),
                                     ciphertext.size(), as_uchars(nonce.data()), 1,
                                     as_uchars(key.reveal().data()));
  return ciphertext.size();
}

}  // namespace wzp::crypto
