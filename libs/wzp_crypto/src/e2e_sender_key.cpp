#include "wzp/crypto/e2e_sender_key.hpp"

#include <utility>

#include "e2e_labels.hpp"
#include "wzp/crypto/hash.hpp"

namespace wzp::crypto::e2e {

Secret<32> next_step(const Secret<32>& secret) {
  return hkdf_expand<32>(secret, {label("wzp-e2e/1 ratchet")});
}

NumberedKey media_key(const Secret<32>& secret, Layout layout, const IdentityKey& sender,
                      const InstanceId& instance, KeyStep at) {
  return NumberedKey::from(
      hkdf_expand<44>(secret, {label("wzp-e2e/1 media"), one(static_cast<std::uint8_t>(layout)),
                               sender.bytes, instance.bytes, be32(at.generation), one(at.step)}));
}

Result<SenderKey> parse_sender_key(ByteView content) noexcept {
  ByteReader in(content);
  SenderKey key;
  key.at.generation = in.u32();
  key.at.step = in.u8();
  key.start = SeqNo16(in.u16());
  key.next = in.u16();
  const ByteView secret = in.take(32);
  if (!in.ok()) return Unexpected(Errc::kTruncated);
  if (key.at.step > kLastStep || in.remaining() != 0) return Unexpected(Errc::kMalformed);
  key.secret = Secret<32>(secret.first<32>());
  return Result<SenderKey>(std::move(key));
}

Secret<kSenderKeySize> write_sender_key(const SenderKey& key) noexcept {
  Secret<kSenderKeySize> bytes;
  ByteWriter out(bytes.writable());
  out.u32(key.at.generation);
  out.u8(key.at.step);
  out.u16(key.start.value());
  out.u16(key.next);
  out.bytes(key.secret.reveal());
  return bytes;
}

}  // namespace wzp::crypto::e2e
