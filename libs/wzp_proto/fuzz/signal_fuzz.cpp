// Signals: what parses has a text that parses to the same signal.
#include "fuzz_input.hpp"
#include "wzp/proto/signal.hpp"

using namespace wzp;
using namespace wzp::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string detail;
  const auto signal = parse_signal(fuzz::view_of(data, size), &detail);
  if (!signal) {
    fuzz::require(!detail.empty(), "a refusal says why");
    return 0;
  }
  const std::string text = write_signal(*signal);
  auto again = parse_signal(as_byte_view(text));
  fuzz::require(again.has_value(), "what was written parses");
  // The count of skipped profiles tells of the first text only.
  if (auto* offer = std::get_if<CallOffer>(&*again)) {
    offer->unreadable_profiles = std::get<CallOffer>(*signal).unreadable_profiles;
  }
  fuzz::require(*again == *signal, "parse(write(x)) == x");
  return 0;
}
