// Arbitrary bytes as header, payload and control payload. What parses is written again and must
// come out the same.
#include <array>

#include "fuzz_input.hpp"
#include "wzp/proto/media2_packet.hpp"

using namespace wzp;
using namespace wzp::proto;

namespace {

std::size_t write_sections(Media2Sections sections, Media2Writer& writer) {
  std::size_t count = 0;
  for (; const auto section = sections.next(); ++count) {
    writer.add_section(section->type, section->value);
    if (section->type == Media2Sections::kDistantCopy) {
      const auto copy = parse_media2_distant_copy(section->value);
      fuzz::require(!copy || !copy->unit.empty(), "a copy has bytes");
    }
  }
  return count;
}

// Two-byte lengths below 252 do not exist, so what parses has one form only.
void round_trip(ByteView bytes) {
  const auto payload = parse_media2_payload(bytes);
  if (!payload) return;
  std::array<std::byte, Media2Payload::kMostBytes> room{};
  Media2Writer writer(room);
  writer.begin(payload->shape, payload->time, payload->is_silent);
  const std::size_t sections = write_sections(payload->sections, writer);
  fuzz::require(sections <= Media2Sections::kMost, "at most eight sections");
  for (std::size_t i = 0; i < payload->copies.size(); ++i) {
    if (!payload->copies[i].empty()) writer.add_copy(i + 1, payload->copies[i]);
  }
  writer.finish(payload->unit);
  fuzz::require(writer.ok(), "what was read can be written");
  fuzz::require(fuzz::equal(writer.bytes(), bytes), "what is written is what was read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = fuzz::view_of(data, size);
  if (const auto header = parse_media2_header(bytes)) {
    const auto wire = write_media2_header(*header);
    fuzz::require(fuzz::equal(wire, bytes.first(wire.size())), "a header has one form");
  }
  round_trip(bytes);
  if (const auto control = parse_media2_control(bytes)) {
    std::array<std::byte, Media2Payload::kMostBytes> room{};
    Media2Writer writer(room);
    write_sections(*control, writer);
    fuzz::require(writer.ok() && fuzz::equal(writer.bytes(), bytes), "control has one form");
  }
  return 0;
}
