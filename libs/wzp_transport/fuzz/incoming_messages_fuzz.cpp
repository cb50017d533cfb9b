// Streams of messages cut in arbitrary places and orders.
#include <chrono>
#include <cstdint>
#include <cstdlib>

#include "../src/incoming_messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wzp;
  using namespace wzp::transport;
  constexpr IncomingMessages::Limits kLimits{300, 1000};
  IncomingMessages messages(0, kLimits);
  ByteReader in(std::as_bytes(std::span(data, size)));
  Instant now{std::chrono::seconds(1)};
  while (in.remaining() > 0) {
    now += std::chrono::milliseconds(1);
    const std::uint8_t command = in.u8();
    const std::int64_t stream = (command & 0x0f) * 4;
    if ((command & 0x40) != 0) {
      messages.on_reset(stream, now);
    } else {
      const ByteView bytes = in.take(std::min<std::size_t>(in.u8(), in.remaining()));
      const auto verdict = messages.on_data(stream, bytes, (command & 0x80) != 0, now);
      if (verdict != IncomingMessages::Verdict::kOk) return 0;
    }
    while (const auto message = messages.pop()) {
      if (message->size() > kLimits.max_message_bytes) std::abort();
    }
    static_cast<void>(messages.take_head_credit());
    if (messages.buffered_bytes() > kLimits.max_buffered_bytes) std::abort();
  }
  return 0;
}
