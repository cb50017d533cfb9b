// Arbitrary frames at arbitrary times: the sum of origins holds, storage is bounded, playout moves.
#include "fuzz_input.hpp"
#include "wzp/proto/jitter_buffer.hpp"

using namespace wzp;
using namespace wzp::proto;
using std::chrono::milliseconds;

namespace {

JitterFrame frame_of(fuzz::Input& input, std::uint8_t what) {
  JitterFrame f;
  if ((what & 1) != 0) f.seq = SeqNo16(input.u16());
  f.timestamp = MediaTime32((what & 2) != 0 ? input.u32() : input.u8() * 20U);
  f.duration = milliseconds((what & 4) != 0 ? 20 : input.u8());
  f.codec = static_cast<CodecId>((what >> 3) % 6);
  f.origin = (what & 0x40) != 0 ? FrameOrigin::kRecovered : FrameOrigin::kReceived;
  f.payload = input.take(what >> 4);
  return f;
}

void check(const JitterBuffer& buffer, const Playout& out) {
  const JitterBufferStats s = buffer.stats();
  fuzz::require(s.played_ms == s.received_ms + s.recovered_ms + s.concealed_ms + s.comfort_ms,
                "each millisecond has one origin");
  fuzz::require(buffer.depth() <= 16, "storage is bounded");
  fuzz::require((out.kind == Playout::Kind::kEmpty) == (out.duration == milliseconds(0)),
                "only an empty answer has no length");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  JitterBufferConfig config;
  config.capacity_frames = 16;
  config.max_payload_bytes = 12;
  const std::uint8_t mode = input.u8();
  config.client_stretches = (mode & 1) != 0;
  if ((mode & 2) != 0) config.fixed_delay = milliseconds(mode);
  JitterBuffer buffer(config);
  Instant now(std::chrono::hours(1));
  while (!input.done()) {
    const std::uint8_t what = input.u8();
    if (what == 0xff) now += std::chrono::seconds(input.u16());
    if (what == 0xfe) buffer.note_packet(SeqNo16(input.u16()));
    if (what == 0xfd) buffer.set_delay_floor(milliseconds(input.u8()));
    now += milliseconds(what & 31);
    static_cast<void>(buffer.push(frame_of(input, what), now));
    check(buffer, buffer.pop(now));
  }
  return 0;
}
