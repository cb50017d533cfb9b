// A signal stream in pieces gives the same as in one.
#include "fuzz_input.hpp"
#include "wzp/proto/signal_framing.hpp"

using namespace wzp;
using namespace wzp::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::size_t piece = 1 + input.u8() % 7;
  const ByteView stream = input.take(size);
  SignalFrameReader whole(4096);
  SignalFrameReader pieces(4096);
  const auto at_once = whole.feed(stream);
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    if (!pieces.feed(stream.subspan(at, std::min(piece, stream.size() - at)))) break;
  }
  fuzz::require(whole.complete() == pieces.complete(), "pieces complete the message too");
  fuzz::require(at_once.has_value() == pieces.finish().has_value() || !whole.complete(),
                "pieces fail alike");
  if (whole.complete()) {
    fuzz::require(fuzz::equal(whole.message(), pieces.message()), "the same message");
  }
  return 0;
}
