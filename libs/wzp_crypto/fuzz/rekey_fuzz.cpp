// Rekey signals: the input is XORed onto a genuine start or answer. Nothing but the genuine message
// is accepted, and after a refusal the genuine one would still be.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "wzp/crypto/session.hpp"

using namespace wzp;
using namespace wzp::crypto;

namespace {

struct Ends {
  SeededRng rng{1};
  Identity caller_identity = Identity::ephemeral(rng);
  Identity callee_identity = Identity::ephemeral(rng);
  Session caller = session(Role::kCaller, callee_identity);
  Session callee = session(Role::kCallee, caller_identity);
  RekeyMessage start = *caller.start_rekey(caller_identity, rng);

  static Session session(Role role, const Identity& peer) {
    EstablishedKeys keys;
    keys.role = role;
    keys.peer = peer.public_key();
    return Session(std::move(keys));
  }
};

RekeyMessage altered(RekeyMessage message, ByteView input) {
  for (MutableBytes field :
       {MutableBytes(message.new_ephemeral_pub), MutableBytes(message.signature)}) {
    const std::size_t n = std::min(field.size(), input.size());
    for (std::size_t i = 0; i < n; ++i) field[i] ^= input[i];
    input = input.subspan(n);
  }
  message.signature.insert(message.signature.end(), input.begin(), input.end());
  return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Ends ends;
  static Ends answered;
  static const RekeyMessage answer =
      **answered.callee.handle_rekey(answered.start, answered.callee_identity, answered.rng);
  if (size == 0) return 0;
  const ByteView input = std::as_bytes(std::span(data + 1, size - 1));
  if (data[0] % 2 == 0) {
    const RekeyMessage bad = altered(ends.start, input);
    if (bad != ends.start && ends.callee.handle_rekey(bad, ends.callee_identity, ends.rng)) {
      std::abort();
    }
    if (ends.callee.epoch() != 0) std::abort();
  } else {
    const RekeyMessage bad = altered(answer, input);
    if (bad != answer &&
        answered.caller.handle_rekey(bad, answered.caller_identity, answered.rng)) {
      std::abort();
    }
    if (answered.caller.epoch() != 0) std::abort();
  }
  return 0;
}
