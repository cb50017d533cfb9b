// A byte stream in arbitrary pieces through the message stream: bounded, and the same messages as
// cutting the whole at once.
#include <string>

#include "fuzz_input.hpp"
#include "wzp/proto/message_stream.hpp"

using namespace wzp;
using namespace wzp::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLargest = 64;
  const LengthPrefixed format(kLargest);
  const Instant now(std::chrono::hours(1));
  MessageStream stream(format, {}, now);
  std::string expected;
  std::string got;
  ByteView rest = fuzz::view_of(data, size);
  const std::size_t piece = rest.empty() ? 1 : 1 + std::to_integer<std::size_t>(rest[0]) % 70;
  for (ByteView all = rest;;) {
    const auto frame = format.decode(all);
    if (!frame || !*frame) break;
    expected +=
        std::to_string((*frame)->message.size()) + ":" + std::string(as_text((*frame)->message));
    all = all.subspan((*frame)->size);
  }
  while (!rest.empty() && !stream.failed()) {
    const std::size_t budget = stream.read_budget(piece);
    fuzz::require(budget > 0, "an incomplete message leaves room for the rest");
    const std::size_t n = std::min(budget, rest.size());
    fuzz::require(stream.handle_data(rest.first(n)).has_value(), "data within the budget is taken");
    rest = rest.subspan(n);
    while (const auto message = stream.poll_message()) {
      got += std::to_string(message->size()) + ":" + std::string(as_text(*message));
      static_cast<void>(stream.queue_message(*message, now));
      stream.handle_written(stream.pending().size() / 2, now);
    }
    fuzz::require(stream.rx_capacity() <= 4 * (kLargest + 4) + piece, "memory is bounded");
    stream.shrink_buffers();
  }
  fuzz::require(got == expected, "the same messages");
  return 0;
}
