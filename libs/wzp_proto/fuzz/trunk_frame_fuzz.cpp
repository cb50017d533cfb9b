// Trunk frames: entries lie within the frame, and writing them again gives its beginning.
#include <vector>

#include "fuzz_input.hpp"
#include "wzp/proto/trunk_frame.hpp"

using namespace wzp;
using namespace wzp::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in = fuzz::view_of(data, size);
  const auto frame = TrunkFrameView::parse(in);
  if (!frame) return 0;
  std::vector<std::byte> out(size);
  TrunkFrameWriter writer(out);
  for (const TrunkEntry& entry : *frame) {
    fuzz::require(writer.add(entry.stream, entry.payload), "parsed entries fit the frame's size");
  }
  fuzz::require(fuzz::equal(writer.bytes(), in.first(writer.bytes().size())),
                "write(parse(x)) == x");
  return 0;
}
