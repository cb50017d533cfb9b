// Auth and Sealed: the first byte chooses between arbitrary bytes and a genuine message with the
// input XORed on. Only a genuine message opens.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "wzp/crypto/e2e_pair.hpp"
#include "wzp/crypto/e2e_sender_key.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;

namespace {

std::vector<std::byte> altered(const std::vector<std::byte>& genuine, ByteView input) {
  std::vector<std::byte> out(input.begin(), input.end());
  out.resize(std::max(out.size(), genuine.size()));
  for (std::size_t i = 0; i < genuine.size(); ++i) out[i] ^= genuine[i];
  return out;
}

void check_auth(const AeadKey& key, ByteView message, ByteView genuine) {
  const auto auth = parse_auth(message);
  const bool opened = auth && open_auth(key, *auth).has_value();
  if (opened != std::equal(message.begin(), message.end(), genuine.begin(), genuine.end())) {
    std::abort();
  }
}

void check_sealed(const AeadKey& key, ByteView message, ByteView genuine) {
  const auto sealed = parse_sealed(message);
  if (!sealed) return;
  const auto content = open_message(key, *sealed);
  if (content.has_value() !=
      std::equal(message.begin(), message.end(), genuine.begin(), genuine.end())) {
    std::abort();
  }
  if (content && content->kind() != SealedKind::kSenderKey) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const AeadKey key;
  static const std::vector<std::byte> hello(20, std::byte{7});
  static const auto auth = seal_auth(key, true, hello, PairId{}, Signature{});
  static const auto sealed = seal_message(key, PairId{}, 9, SealedKind::kSenderKey, hello);
  if (size == 0) return 0;
  const ByteView input = std::as_bytes(std::span(data + 1, size - 1));
  switch (data[0] % 4) {
    case 0:
      check_auth(key, input, auth);
      break;
    case 1:
      check_auth(key, altered(auth, input), auth);
      break;
    case 2:
      check_sealed(key, input, sealed);
      break;
    default:
      check_sealed(key, altered(sealed, input), sealed);
      break;
  }
  return 0;
}
