// QCMP packets: write(parse(x)) == x, and neither side trips over any datagram.
#include "fuzz_input.hpp"
#include "wzp/proto/qcmp.hpp"

using namespace wzp;
using namespace wzp::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in = fuzz::view_of(data, size);
  std::array<std::byte, kQcmpMaxSize> out{};
  QcmpResponder responder;
  const std::size_t answer = responder.respond(in, 1, 2, out);
  const auto packet = parse_qcmp(in);
  fuzz::require((answer > 0) == (packet && std::holds_alternative<QcmpPing>(*packet)),
                "pings are answered, nothing else");
  if (!packet) {
    fuzz::require(!describe(packet.error()).empty(), "a refusal says why");
    return 0;
  }
  const auto written = write_qcmp(*packet, out);
  fuzz::require(written && fuzz::equal(ByteView(out).first(*written), in), "write(parse(x)) == x");
  if (const auto* pong = std::get_if<QcmpPong>(&*packet)) {
    const QcmpMeasurement m = measure(*pong, 0);
    fuzz::require(m.round_trip == m.round_trip, "measured");
  }
  QcmpPinger pinger;
  fuzz::require(!pinger.handle_datagram({}, in, 0).has_value(), "nothing was asked");
  return 0;
}
