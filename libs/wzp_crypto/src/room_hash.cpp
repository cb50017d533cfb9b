#include "wzp/crypto/room_hash.hpp"

#include "wzp/crypto/hash.hpp"
#include "wzp/crypto/hex.hpp"

namespace wzp::crypto {

std::string room_hash(std::string_view name) {
  const Sha256Hash hash = sha256({as_byte_view("featherchat-group:"), as_byte_view(name)});
  return to_hex(ByteView(hash).first(16));
}

}  // namespace wzp::crypto
