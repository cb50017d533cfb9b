#include "wzp/crypto/e2e_pair.hpp"

#include <utility>

#include "e2e_labels.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::crypto::e2e {
namespace {

constexpr std::uint8_t kAuthType = 2;
constexpr std::uint8_t kSealedType = 3;
constexpr std::size_t kAuthBox = 64 + kTagSize;

AeadNonce auth_nonce(bool have) noexcept {
  AeadNonce nonce{};
  nonce.back() = have ? std::byte{1} : std::byte{0};
  return nonce;
}

AeadNonce message_nonce(std::uint32_t counter) noexcept {
  AeadNonce nonce{};
  ByteWriter(MutableBytes(nonce).last(4)).u32(counter);
  return nonce;
}

std::array<std::byte, 1> letter(Side side) noexcept { return one(side == Side::kLow ? 'L' : 'H'); }

// Seals `plaintext` into what `out` has left; what is written already is the AAD.
void append_box(ByteWriter& out, MutableBytes all, const AeadKey& key, const AeadNonce& nonce,
                ByteView plaintext) {
  const auto size = seal(key, nonce, out.written(), plaintext, all.subspan(out.size()));
  WZP_ASSERT(size && out.size() + *size == all.size());
  static_cast<void>(size);
}

}  // namespace

Side side_of(const Hello& own, const Hello& peer) noexcept {
  const auto order = own.identity != peer.identity ? own.identity <=> peer.identity
                                                   : own.instance <=> peer.instance;
  return order < 0 ? Side::kLow : Side::kHigh;
}

Sha256Hash pair_transcript(std::string_view room, ByteView hello_low, ByteView hello_high) {
  return sha256({label("wzp-e2e/1 pair"), be16(room.size()), as_byte_view(room),
                 be16(hello_low.size()), hello_low, be16(hello_high.size()), hello_high});
}

Secret<32> pair_prk(const Sha256Hash& transcript, const Secret<32>& shared, const Secret<32>& psk) {
  return hkdf_extract(transcript, {shared.reveal(), psk.reveal()});
}

PairKeys pair_keys(const Secret<32>& prk) {
  const Secret<128> all = hkdf_expand<128>(prk, {label("wzp-e2e/1 keys")});
  const auto bytes = all.reveal();
  return {{AeadKey(bytes.subspan<0, 32>()), AeadKey(bytes.subspan<64, 32>())},
          {AeadKey(bytes.subspan<32, 32>()), AeadKey(bytes.subspan<96, 32>())}};
}

Signature sign_pair(const Identity& me, Side side, const Sha256Hash& transcript) {
  return me.sign({label("wzp-e2e/1 auth"), letter(side), transcript});
}

bool verify_pair(const IdentityKey& signer, Side side, const Sha256Hash& transcript,
                 const Signature& signature) {
  return verify(signer, {label("wzp-e2e/1 auth"), letter(side), transcript}, signature.bytes);
}

Result<AuthView> parse_auth(ByteView bytes) noexcept {
  ByteReader in(bytes);
  AuthView auth;
  const std::uint8_t type = in.u8();
  const std::uint8_t have = in.u8();
  auth.hello = in.take(in.u16());
  auth.pair = in.array<8>();
  auth.aad = bytes.first(bytes.size() - in.remaining());
  auth.box = in.take(kAuthBox);
  if (!in.ok()) return Unexpected(Errc::kTruncated);
  if (type != kAuthType || have > 1 || auth.hello.size() > kMaxHelloSize || in.remaining() != 0) {
    return Unexpected(Errc::kMalformed);
  }
  auth.have = have == 1;
  return auth;
}

std::vector<std::byte> seal_auth(const AeadKey& auth_key, bool have, ByteView hello,
                                 const PairId& pair, const Signature& signature) {
  std::vector<std::byte> bytes(1 + 1 + 2 + hello.size() + pair.size() + kAuthBox);
  ByteWriter out(bytes);
  out.u8(kAuthType);
  out.u8(have ? 1 : 0);
  out.u16(static_cast<std::uint16_t>(hello.size()));
  out.bytes(hello);
  out.bytes(pair);
  append_box(out, bytes, auth_key, auth_nonce(have), signature.bytes);
  return bytes;
}

Result<Signature> open_auth(const AeadKey& auth_key, const AuthView& auth) noexcept {
  Signature signature;
  const auto size = open(auth_key, auth_nonce(auth.have), auth.aad, auth.box, signature.bytes);
  if (!size) return Unexpected(size.error());
  return signature;
}

Result<SealedView> parse_sealed(ByteView bytes) noexcept {
  ByteReader in(bytes);
  const std::uint8_t type = in.u8();
  SealedView sealed;
  sealed.pair = in.array<8>();
  sealed.counter = in.u32();
  sealed.aad = bytes.first(bytes.size() - in.remaining());
  sealed.box = in.rest();
  if (!in.ok() || sealed.box.size() < 1 + kTagSize) return Unexpected(Errc::kTruncated);
  if (type != kSealedType) return Unexpected(Errc::kMalformed);
  return sealed;
}

std::vector<std::byte> seal_message(const AeadKey& message_key, const PairId& pair,
                                    std::uint32_t counter, SealedKind kind, ByteView content) {
  SecretBytes plaintext(1 + content.size());
  ByteWriter inner(plaintext.writable());
  inner.u8(static_cast<std::uint8_t>(kind));
  inner.bytes(content);
  std::vector<std::byte> bytes(1 + pair.size() + 4 + plaintext.size() + kTagSize);
  ByteWriter out(bytes);
  out.u8(kSealedType);
  out.bytes(pair);
  out.u32(counter);
  append_box(out, bytes, message_key, message_nonce(counter), plaintext.reveal());
  return bytes;
}

Result<SealedContent> open_message(const AeadKey& message_key, const SealedView& sealed) {
  SecretBytes plaintext(sealed.box.size() - kTagSize);
  const auto size = open(message_key, message_nonce(sealed.counter), sealed.aad, sealed.box,
                         plaintext.writable());
  if (!size) return Unexpected(size.error());
  return SealedContent{std::move(plaintext)};
}

}  // namespace wzp::crypto::e2e
