#include "wzp/crypto/reference_session.hpp"

#include <utility>

namespace wzp::crypto {

AeadNonce reference_nonce(const SessionId& session, std::uint32_t counter,
                          std::uint8_t direction) noexcept {
  AeadNonce nonce{};
  ByteWriter out(nonce);
  out.bytes(session);
  out.u32(counter);
  out.u8(direction);
  return nonce;
}

ReferenceSession::ReferenceSession(Secret<32> key) : key_(std::move(key)), id_(session_id(key_)) {}

Result<std::size_t> ReferenceSession::seal(ByteView aad, ByteView plaintext,
                                           MutableBytes out) noexcept {
  auto size = crypto::seal(key_, reference_nonce(id_, sealed_, 0), aad, plaintext, out);
  if (size) ++sealed_;
  return size;
}

Result<std::size_t> ReferenceSession::open(ByteView aad, ByteView sealed,
                                           MutableBytes out) noexcept {
  auto size = crypto::open(key_, reference_nonce(id_, opened_, 0), aad, sealed, out);
  if (size) ++opened_;
  return size;
}

void ReferenceSession::rekey(const Secret<32>& shared) {
  key_ = next_session_key(key_, shared);
  id_ = session_id(key_);
  sealed_ = opened_ = 0;
}

}  // namespace wzp::crypto
