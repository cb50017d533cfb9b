// The datagram rule and the two kinds it adds.
#include <vector>

#include "fuzz_input.hpp"
#include "wzp/proto/datagram.hpp"

using namespace wzp;
using namespace wzp::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in = fuzz::view_of(data, size);
  const DatagramKind kind = classify_datagram(in);
  const auto trunk = parse_trunk_datagram(in);
  if (trunk) {
    fuzz::require(kind == DatagramKind::kTrunk, "a trunk datagram is classified as one");
    std::size_t total = 3;
    for (const TrunkEntry& entry : *trunk) total += kTrunkEntryOverhead + entry.payload.size();
    fuzz::require(total <= size, "entries lie within the datagram");
  }
  const auto message = parse_send_to(in);
  if (message) {
    fuzz::require(kind == DatagramKind::kSendTo, "a send-to datagram is classified as one");
    std::vector<std::byte> out(size);
    fuzz::require(write_send_to(*message, out).has_value() && fuzz::equal(out, in),
                  "write(parse(x)) == x");
  }
  return 0;
}
