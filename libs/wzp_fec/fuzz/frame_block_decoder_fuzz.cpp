// Packets of a sender mixed with made-up ones against FrameBlockDecoder. As long as every packet
// was a true one, what is recovered must be a frame that was sent, and of the right block and
// symbol.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

#include "wzp/fec/frame_block_decoder.hpp"
#include "wzp/fec/frame_block_encoder.hpp"

namespace {

using namespace wzp;
using namespace wzp::fec;

void require(bool claim) {
  if (!claim) std::abort();
}

constexpr std::uint32_t kFrameMs = 20;

// A frame's bytes tell its media time.
std::array<std::byte, 9> frame_at(std::uint32_t time) {
  std::array<std::byte, 9> out{};
  ByteWriter w(out);
  w.u32(time);
  w.u32(~time);
  return out;
}
std::size_t length_at(std::uint32_t time) { return 8 + (time / kFrameMs) % 2; }

struct Stream {
  FrameBlockEncoder sender;
  FrameBlockDecoder receiver;
  ReceivedLayout layout;
  std::uint32_t time = 0;
  Instant now{};
  bool only_true_packets = true;

  void check(const Result<FrameBlockDecoder::Recovered>& result) const {
    if (!result) return;
    for (const RecoveredFrame& f : *result) {
      require(!f.frame.empty() && f.frame.size() <= 254);
      if (!only_true_packets) continue;
      const std::uint32_t sent_at = ByteReader(f.frame).u32();
      require(f.frame.size() == length_at(sent_at));
      require(std::ranges::equal(f.frame, ByteView(frame_at(sent_at)).first(f.frame.size())));
      require(!f.time_is_exact || f.media_time.value() == sent_at);
    }
  }
  void send_repairs(std::uint8_t lost) {
    for (std::size_t i = 0; i < sender.repair_count(); ++i) {
      const RepairSymbol r = sender.repair(i);
      if ((lost >> i % 8 & 1) != 0) continue;
      check(
          receiver.add_repair({r.block, r.esi, r.hint, MediaTime32(time), r.payload}, layout, now));
    }
  }
  void send_frame(bool is_lost, std::uint8_t lost_repairs) {
    const auto frame = frame_at(time);
    const ByteView bytes = ByteView(frame).first(length_at(time));
    const auto place = sender.add_frame(bytes);
    require(place.has_value());
    if (!is_lost) {
      check(receiver.add_source({place->block, place->symbol, MediaTime32(time), bytes}, layout,
                                now));
    }
    time += kFrameMs;
    now += std::chrono::milliseconds(kFrameMs);
    send_repairs(lost_repairs);
  }
};

Stream make_stream(std::uint8_t choice) {
  constexpr FrameBlockLayout kLayouts[] = {{5, 0.2F}, {10, 0.5F}, {8, 1.0F}, {3, 2.0F}};
  FrameBlockLayout layout = kLayouts[choice % 4];
  if ((choice & 4) != 0) layout.policy = SymbolPolicy::kFitBlock;
  return {std::move(*FrameBlockEncoder::create(
              {.layout = layout, .max_frame_bytes = 9, .max_frames_per_block = 10})),
          std::move(*FrameBlockDecoder::create(
              {.max_blocks = 4, .max_frames_per_block = 12, .max_repair_symbols = 9})),
          {layout.frames_per_block, std::chrono::milliseconds(kFrameMs)}};
}

// Any header and payload at all.
void send_anything(Stream& s, ByteReader& in) {
  s.only_true_packets = false;
  const std::uint8_t what = in.u8();
  const BlockId8 block(static_cast<std::uint8_t>(s.sender.open_block().value() + in.u8() % 8 - 4));
  const std::uint8_t symbol = in.u8() % 32;
  const std::uint8_t hint = (what & 2) != 0 ? in.u8() : std::uint8_t{0};
  const MediaTime32 time((what & 4) != 0 ? in.u32() : s.time + in.u8());
  const ByteView payload =
      in.take(std::min<std::size_t>(in.u8() * (what & 8 ? 2 : 1), in.remaining()));
  ReceivedLayout layout = s.layout;
  if ((what & 16) != 0) layout = {in.u8(), std::chrono::milliseconds(in.u8())};
  if ((what & 1) != 0) {
    s.check(s.receiver.add_repair({block, symbol, hint, time, payload}, layout, s.now));
  } else {
    s.check(s.receiver.add_source({block, symbol, time, payload}, layout, s.now));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader in(std::as_bytes(std::span(data, size)));
  Stream s = make_stream(in.u8());
  while (in.ok() && in.remaining() > 0) {
    const std::uint8_t step = in.u8();
    switch (step % 8) {
      case 0:  // an outage
        for (unsigned i = in.u8(); i > 0; --i) s.send_frame(true, 0xff);
        break;
      case 1:  // a pause
        s.sender.end_block();
        s.send_repairs(in.u8());
        s.time += kFrameMs * in.u8();
        break;
      case 2:
        send_anything(s, in);
        break;
      case 3:
        s.now += std::chrono::milliseconds(in.u8() * 100);
        s.receiver.expire(s.now);
        break;
      case 4:
        s.receiver.expire_before(s.sender.open_block() - step / 8);
        break;
      default:
        s.send_frame((step & 0x80) != 0, in.u8());
    }
    require(s.receiver.blocks_in_flight() <= 4);
  }
  return 0;
}
