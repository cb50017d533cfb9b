// A sequence of compact frames through one reader; what it accepts must be writable.
#include <array>

#include "fuzz_input.hpp"
#include "wzp/proto/compact_framing.hpp"

using namespace wzp;
using namespace wzp::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  CompactReader reader;
  CompactWriter writer;
  while (!input.done()) {
    const auto packet = reader.read(input.take(input.u8()));
    std::array<std::byte, 300> out{};
    if (packet)
      fuzz::require(writer.write(*packet, out).has_value(), "what was read can be written");
  }
  return 0;
}
