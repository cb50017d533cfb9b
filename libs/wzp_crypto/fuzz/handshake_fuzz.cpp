// Offers and answers: the input is XORed onto a genuine message (its tail makes the signature
// longer or shorter). Nothing but the genuine message itself may be accepted.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "wzp/crypto/handshake.hpp"

using namespace wzp;
using namespace wzp::crypto;

namespace {

template <class Message>
Message altered(Message message, ByteView input) {
  if (!input.empty()) {
    message.signature.resize(std::to_integer<std::size_t>(std::byte{64} ^ input[0]));
    input = input.subspan(1);
  }
  for (MutableBytes field :
       {MutableBytes(message.identity_pub), MutableBytes(message.ephemeral_pub),
        MutableBytes(message.signature)}) {
    const std::size_t n = std::min(field.size(), input.size());
    for (std::size_t i = 0; i < n; ++i) field[i] ^= input[i];
    input = input.subspan(n);
  }
  return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static SeededRng rng(1);
  static const Identity caller_identity = Identity::ephemeral(rng);
  static const Identity callee_identity = Identity::ephemeral(rng);
  static CallerHandshake caller = CallerHandshake::start(caller_identity, rng);
  static const HandshakeAnswer answer =
      CalleeHandshake::accept(callee_identity, caller.offer(), rng)->answer();
  if (size == 0) return 0;
  const ByteView input = std::as_bytes(std::span(data + 1, size - 1));
  if (data[0] % 2 == 0) {
    const HandshakeOffer bad = altered(caller.offer(), input);
    const bool accepted = CalleeHandshake::accept(callee_identity, bad, rng).has_value();
    if (accepted != (bad == caller.offer())) std::abort();
  } else {
    const HandshakeAnswer bad = altered(answer, input);
    if (bad != answer && caller.finish(bad)) std::abort();
  }
  return 0;
}
