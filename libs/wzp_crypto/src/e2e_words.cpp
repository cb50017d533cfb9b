#include "wzp/crypto/e2e_words.hpp"

#include "bip39_words.hpp"
#include "e2e_labels.hpp"
#include "wzp/crypto/hash.hpp"

namespace wzp::crypto::e2e {
namespace {

constexpr int kRounds = 16384;
constexpr unsigned kBitsPerWord = 11;

}  // namespace

std::array<std::string_view, 6> identity_words(const IdentityKey& identity) {
  Sha512Hash hash = sha512({label("wzp-e2e/1 words"), identity.bytes});
  for (int i = 0; i < kRounds; ++i) hash = sha512({hash, identity.bytes});
  std::array<std::string_view, 6> words;
  ByteReader in(hash);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (std::string_view& word : words) {
    for (; held < kBitsPerWord; held += 8) bits = bits << 8 | in.u8();
    held -= kBitsPerWord;
    word = bip39_words()[bits >> held & 0x7ff];
  }
  return words;
}

}  // namespace wzp::crypto::e2e
