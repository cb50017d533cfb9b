// Feedback: what parses is written back as the same bytes, and any two reports give an interval
// within its bounds or none.
#include <vector>

#include "fuzz_input.hpp"
#include "wzp/proto/media_feedback.hpp"

using namespace wzp;
using namespace wzp::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in = fuzz::view_of(data, size);
  const auto feedback = parse_media_feedback(in);
  if (!feedback) return 0;
  const std::size_t length = encoded_size(*feedback);
  fuzz::require(length <= size, "a report is no longer than its input");
  std::vector<std::byte> out(length);
  const auto written = write_media_feedback(*feedback, out);
  fuzz::require(written.has_value() && *written == length, "a parsed report fits its own size");
  fuzz::require(fuzz::equal(out, in.first(length)), "write(parse(x)) == x");
  for (std::size_t i = 1; i < feedback->count; ++i) {
    const auto interval =
        interval_between(0, feedback->senders[i - 1], feedback->at_ms, feedback->senders[i]);
    if (!interval) continue;
    fuzz::require(interval->received <= interval->expected, "no more received than expected");
    fuzz::require(interval->loss_runs <= interval->lost(), "no more runs than losses");
    fuzz::require(interval->length > Duration(0), "time passes");
  }
  return 0;
}
