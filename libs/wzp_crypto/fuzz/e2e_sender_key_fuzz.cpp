// Sender keys and invites: what is accepted is written back as the same bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "wzp/crypto/e2e_room_secret.hpp"
#include "wzp/crypto/e2e_sender_key.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = std::as_bytes(std::span(data, size));
  if (const auto key = parse_sender_key(input)) {
    if (!equal_in_constant_time(write_sender_key(*key).reveal(), input)) std::abort();
  }
  if (const auto invite = Invite::parse(as_text(input))) {
    if (invite->text().reveal_text() != as_text(input)) std::abort();
  }
  return 0;
}
