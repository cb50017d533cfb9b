// Known peers: what is read is written as a text that reads back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wzp/crypto/known_peers.hpp"

using namespace wzp::crypto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto peers = KnownPeers::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!peers) return 0;
  const std::string text = peers->to_text();
  const auto again = KnownPeers::parse(text);
  if (!again || again->to_text() != text) std::abort();
  return 0;
}
