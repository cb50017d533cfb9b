// First half of the modes: arbitrary bytes into a decoder. Other half: an arbitrary sender through
// encoder and decoder, where nothing is lost, so every header must come out as it went in.
#include <array>

#include "fuzz_input.hpp"
#include "wzp/proto/mini_header.hpp"

using namespace wzp;
using namespace wzp::proto;

namespace {

void decode_anything(fuzz::Input& input) {
  MiniDecoder decoder;
  Instant now(std::chrono::hours(1));
  while (!input.done()) {
    now += std::chrono::milliseconds(input.u8());
    const ByteView packet = input.take(input.u8());
    const auto read = decoder.read(packet, now);
    if (read) fuzz::require(read->payload.size() < packet.size(), "the payload lies in the packet");
  }
}

void round_trip(fuzz::Input& input) {
  MiniEncoder encoder;
  MiniDecoder decoder;
  const Instant now(std::chrono::hours(1));
  MediaHeader h;
  while (!input.done()) {
    const std::uint8_t what = input.u8();
    h.seq = h.seq + (what & 3);
    h.timestamp = h.timestamp + (what >> 2 & 3) * 20;
    h.fec_symbol = input.u8() & 0x3f;
    if ((what & 0x10) != 0) ++h.fec_block;
    h.is_repair = (what & 0x20) != 0;
    if ((what & 0x40) != 0) h.codec = static_cast<CodecId>(input.u8() % 6);
    if ((what & 0x80) != 0) {
      h.reserved = input.u8();
      h.timestamp = MediaTime32(input.u32());
      h.seq = SeqNo16(input.u16());
    }
    std::array<std::byte, 16> out{};
    const auto size = encoder.write({h, {}, std::nullopt}, out);
    fuzz::require(size.has_value(), "12 bytes are enough");
    const auto read = decoder.read(ByteView(out).first(*size), now);
    fuzz::require(read.has_value() && read->header == h, "the header comes out as it went in");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  if ((input.u8() & 1) != 0) {
    round_trip(input);
  } else {
    decode_anything(input);
  }
  return 0;
}
