// Seeds as hex: what is accepted prints as the same digits in lower case.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wzp/crypto/seed.hpp"

using namespace wzp::crypto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  const auto seed = Seed::from_hex(text);
  if (!seed) return 0;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (seed->to_secret_hex().reveal_text() != text) std::abort();
  return 0;
}
