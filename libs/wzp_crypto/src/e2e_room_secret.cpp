#include "wzp/crypto/e2e_room_secret.hpp"

#include <utility>

#include "e2e_labels.hpp"
#include "sodium_ready.hpp"
#include "utf8.hpp"
#include "wzp/crypto/hash.hpp"
#include "wzp/crypto/password_hash.hpp"

namespace wzp::crypto::e2e {
namespace {

constexpr std::string_view kInvitePrefix = "wzs1.";
constexpr std::size_t kInviteDigits = 22;
constexpr std::size_t kShortestPassphrase = 16;

}  // namespace

Invite::Invite(Secret<16> bytes) noexcept : bytes_(std::move(bytes)) {}

Invite Invite::generate(Rng& rng) { return Invite(Secret<16>::random(rng)); }

Invite Invite::from_bytes(std::span<const std::byte, 16> bytes) noexcept {
  return Invite(Secret<16>(bytes));
}

Result<Invite> Invite::parse(std::string_view text) {
  if (text.size() != kInvitePrefix.size() + kInviteDigits || text.rfind(kInvitePrefix, 0) != 0) {
    return Unexpected(Errc::kBadInvite);
  }
  text.remove_prefix(kInvitePrefix.size());
  Secret<16> bytes;
  std::size_t size = 0;
  const char* end = nullptr;
  const int failed =
      sodium_base642bin(as_uchars(bytes.writable().data()), bytes.kSize, text.data(), text.size(),
                        nullptr, &size, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  if (failed != 0 || size != bytes.kSize || end != text.data() + text.size()) {
    return Unexpected(Errc::kBadInvite);
  }
  Invite invite(std::move(bytes));
  // libsodium 1.0.18 takes some bytes above 0x7f for digits.
  if (!equal_in_constant_time(invite.text().reveal().last(kInviteDigits), as_byte_view(text))) {
    return Unexpected(Errc::kBadInvite);
  }
  return invite;
}

SecretBytes Invite::text() const {
  SecretBytes digits(kInviteDigits + 1);  // libsodium adds a terminator.
  sodium_bin2base64(reinterpret_cast<char*>(digits.writable().data()), digits.size(),
                    as_uchars(bytes_.reveal().data()), bytes_.kSize,
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  SecretBytes text(kInvitePrefix.size() + kInviteDigits);
  ByteWriter out(text.writable());
  out.bytes(as_byte_view(kInvitePrefix));
  out.bytes(digits.reveal().first(kInviteDigits));
  return text;
}

Secret<32> Invite::psk(std::string_view room) const {
  return hkdf_expand<32>(hkdf_extract(label("wzp-e2e/1 psk"), {bytes_.reveal()}),
                         {be16(room.size()), as_byte_view(room)});
}

Result<Secret<32>> psk_from_passphrase(std::string_view passphrase, std::string_view room) {
  const auto composed = to_nfc(passphrase);
  if (!composed) return Unexpected(Errc::kMalformed);
  if (composed->size() < kShortestPassphrase) return Unexpected(Errc::kWeakPassphrase);
  const Sha256Hash salt = sha256({label("wzp-e2e/1 psk"), be16(room.size()), as_byte_view(room)});
  return argon2id(composed->reveal(), std::span(salt).first<16>());
}

Result<Secret<32>> psk_from_text(std::string_view text, std::string_view room) {
  if (text.rfind(kInvitePrefix, 0) != 0) return psk_from_passphrase(text, room);
  const auto invite = Invite::parse(text);
  if (!invite) return Unexpected(invite.error());
  return invite->psk(room);
}

}  // namespace wzp::crypto::e2e
