// Hellos: what is accepted survives being written and parsed again.
#include <cstdint>
#include <cstdlib>

#include "wzp/crypto/e2e_hello.hpp"

using namespace wzp;
using namespace wzp::crypto::e2e;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto hello = parse_hello(std::as_bytes(std::span(data, size)));
  if (!hello) return 0;
  const auto again = parse_hello(write_hello(*hello));
  if (!again || *again != *hello) std::abort();
  return 0;
}
