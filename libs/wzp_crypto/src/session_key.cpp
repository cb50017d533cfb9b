#include "wzp/crypto/session_key.hpp"

#include "wzp/crypto/hash.hpp"

namespace wzp::crypto {

SessionId session_id(const Secret<32>& key) {
  const Sha256Hash hash = sha256({key.reveal()});
  return {hash[0], hash[1], hash[2], hash[3]};
}

Secret<32> first_session_key(const Secret<32>& shared) {
  return hkdf_expand<32>(hkdf_extract({}, {shared.reveal()}),
                         {as_byte_view("warzone-session-key")});
}

Secret<32> next_session_key(const Secret<32>& old_key, const Secret<32>& shared) {
  return hkdf_expand<32>(hkdf_extract(old_key.reveal(), {shared.reveal()}),
                         {as_byte_view("warzone-rekey")});
}

}  // namespace wzp::crypto
