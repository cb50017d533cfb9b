#include "wzp/crypto/fingerprint.hpp"

#include <algorithm>

#include "wzp/crypto/hash.hpp"
#include "wzp/crypto/hex.hpp"

namespace wzp::crypto {

Fingerprint Fingerprint::of(const IdentityKey& key) {
  const Sha256Hash hash = sha256({key.bytes});
  Fingerprint out;
  std::copy_n(hash.begin(), out.bytes.size(), out.bytes.begin());
  return out;
}

Result<Fingerprint> Fingerprint::parse(std::string_view text) noexcept {
  Fingerprint out;
  std::size_t digits = 0;
  for (const char c : text) {
    const auto value = hex_digit(c);
    if (!value) continue;
    if (digits < 2 * out.bytes.size()) {
      std::byte& target = out.bytes[digits / 2];
      target = target << 4 | std::byte{*value};
    }
    ++digits;
  }
  if (digits % 2 != 0 || digits < 2 * out.bytes.size()) return Unexpected(Errc::kBadFingerprint);
  return out;
}

std::string Fingerprint::to_text() const {
  const std::string plain = to_plain_text();
  std::string text;
  for (std::size_t i = 0; i < plain.size(); i += 4) {
    if (i != 0) text += ':';
    text.append(plain, i, 4);
  }
  return text;
}

std::string Fingerprint::to_plain_text() const { return to_hex(bytes); }

}  // namespace wzp::crypto
