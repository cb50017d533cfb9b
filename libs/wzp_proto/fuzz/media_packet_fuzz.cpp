// Plain packets: what parses is written back as the same bytes, but for the two unused bits.
#include <vector>

#include "fuzz_input.hpp"
#include "wzp/proto/media_packet.hpp"

using namespace wzp;
using namespace wzp::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in = fuzz::view_of(data, size);
  const auto packet = parse_media_packet(in);
  if (!packet) return 0;
  std::vector<std::byte> out(size);
  const auto written = write_media_packet(*packet, out);
  fuzz::require(written.has_value() && *written == size, "a parsed packet fits its own size");
  std::vector<std::byte> expected(in.begin(), in.end());
  expected[1] &= std::byte{0xfc};
  fuzz::require(fuzz::equal(out, expected), "write(parse(x)) == x");
  return 0;
}
