// Protects five frames with one repair symbol, loses one, gets it back: wzp::fec by itself.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "wzp/fec/frame_block_decoder.hpp"
#include "wzp/fec/frame_block_encoder.hpp"

int main() {
  using namespace wzp;
  auto encoder = fec::FrameBlockEncoder::create({});  // five frames, one repair symbol
  auto decoder = fec::FrameBlockDecoder::create();
  const fec::ReceivedLayout layout{5, std::chrono::milliseconds(20)};
  const std::vector<std::string> frames{"each", "frame", "has", "another", "length"};

  std::uint32_t time_ms = 0;
  for (const std::string& frame : frames) {
    const auto place = encoder->add_frame(as_byte_view(frame));
    const bool lost = place->symbol == 3;
    if (!lost) {
      static_cast<void>(decoder->add_source(
          {place->block, place->symbol, MediaTime32(time_ms), as_byte_view(frame)}, layout, {}));
    }
    time_ms += 20;
  }
  const fec::RepairSymbol repair = encoder->repair(0);
  const auto recovered = decoder->add_repair(
      {repair.block, repair.esi, repair.hint, MediaTime32(time_ms), repair.payload}, layout, {});
  for (const fec::RecoveredFrame& frame : *recovered) {
    std::printf("frame %u was \"%.*s\"\n", unsigned{frame.symbol},
                static_cast<int>(frame.frame.size()), as_text(frame.frame).data());
  }
  return recovered->size() == 1 && as_text((*recovered)[0].frame) == frames[3] ? 0 : 1;
}
