// Mnemonics: any text, and (first byte odd) any run of listed words, which reaches the checksum.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "../src/bip39_words.hpp"
#include "wzp/crypto/seed.hpp"

using namespace wzp;
using namespace wzp::crypto;

namespace {

std::string words_from(const std::uint8_t* data, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i + 1 < std::min<std::size_t>(size, 60); i += 2) {
    text +=
        bip39_words()[static_cast<std::size_t>(data[i] << 8 | data[i + 1]) % bip39_words().size()];
    text += ' ';
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text = data[0] % 2 == 1
                               ? words_from(data + 1, size - 1)
                               : std::string(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto seed = Seed::from_mnemonic(text);
  if (!seed) {
    if (seed.error().message().empty()) std::abort();
    return 0;
  }
  const auto again = Seed::from_mnemonic(seed->mnemonic().reveal_text());
  if (!again || !(*again == *seed)) std::abort();
  return 0;
}
