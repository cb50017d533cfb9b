#include "wzp/crypto/password_hash.hpp"

#include <new>

#include "sodium_ready.hpp"

namespace wzp::crypto {

Secret<32> argon2id(ByteView password, std::span<const std::byte, 16> salt, Argon2Cost cost) {
  sodium_ready();
  Secret<32> out;
  if (crypto_pwhash_argon2id(as_uchars(out.writable().data()), out.kSize, as_text(password).data(),
                             password.size(), as_uchars(salt.data()), cost.passes,
                             cost.memory_bytes, crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    throw std::bad_alloc();
  }
  return out;
}

}  // namespace wzp::crypto
