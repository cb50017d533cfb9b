// Fingerprints as text: what is accepted survives the trip through both printed forms.
#include <cstdint>
#include <cstdlib>

#include "wzp/crypto/fingerprint.hpp"

using namespace wzp::crypto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto fingerprint = Fingerprint::parse({reinterpret_cast<const char*>(data), size});
  if (!fingerprint) return 0;
  const auto by_text = Fingerprint::parse(fingerprint->to_text());
  const auto by_plain_text = Fingerprint::parse(fingerprint->to_plain_text());
  if (!by_text || !by_plain_text || *by_text != *fingerprint || *by_plain_text != *fingerprint) {
    std::abort();
  }
  return 0;
}
