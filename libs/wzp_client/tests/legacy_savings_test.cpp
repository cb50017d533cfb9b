// What mini headers and fitting repair symbols save between peers that negotiated them, on recorded
// speech; and that nothing is lost by it.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <vector>

#include "../../../tests/support/recordings.hpp"
#include "wzp/client/call_decoder.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/proto/mini_header.hpp"
#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kWireOverhead = 54;  // IP, UDP, QUIC

struct Sent {
  std::uint64_t packets = 0;
  std::uint64_t plain = 0;  // bytes, with all headers
  std::uint64_t mini = 0;
  std::uint64_t recovered = 0;
};

/// 12 s of speech; every seventh packet is lost on the way to the decoder.
Sent send(const proto::QualityProfile& profile, bool fit) {
  const auto speech = test::repeated(test::long_speech(), 12);
  client::CallEncoderOptions options;
  options.profile = profile;
  options.fit_repair_symbols = fit;
  client::CallEncoder encoder(options);
  proto::MiniEncoder writer;
  proto::MiniDecoder reader;
  client::CallDecoder decoder;
  Instant now{1h};
  Sent sent;
  std::array<std::byte, 512> room;
  std::array<std::int16_t, client::kSamplesPerTick> pcm;
  for (std::size_t i = 0; (i + 1) * 960 <= speech.size(); ++i) {
    for (const auto& p : encoder.push(std::span(speech).subspan(i * 960, 960))) {
      const auto packet = *proto::parse_media_packet(p.bytes);
      const auto size = writer.write(packet, room);
      REQUIRE(size);
      const auto read = reader.read(ByteView(room).first(*size), now);
      REQUIRE(read);
      REQUIRE(read->header == packet.header);
      sent.plain += p.bytes.size() + kWireOverhead;
      sent.mini += *size + kWireOverhead;
      if (++sent.packets % 7 != 0) decoder.handle_packet(*read, now);
    }
    now += 20ms;
    decoder.play(pcm, now);
  }
  sent.recovered = decoder.statistics().frames_recovered;
  CHECK(decoder.statistics().packets_undecodable == 0);
  return sent;
}

double kbps(std::uint64_t bytes) { return static_cast<double>(bytes) * 8 / 12 / 1000; }

}  // namespace

TEST_CASE("mini headers and fitting repair symbols save bytes and lose nothing") {
  struct Row {
    const char* name;
    proto::QualityProfile profile;
  };
  for (const Row& row : {Row{"Good", proto::kProfileGood}, Row{"Degraded", proto::kProfileDegraded},
                         Row{"Catastrophic", proto::kProfileCatastrophic}}) {
    const Sent legacy = send(row.profile, false);
    const Sent fit = send(row.profile, true);
    std::printf(
        "%s: %.1f kbit/s on the wire; mini headers %.1f (%.1f bytes a packet saved); and fitting "
        "symbols %.1f; recovered %llu and %llu frames\n",
        row.name, kbps(legacy.plain), kbps(legacy.mini),
        static_cast<double>(legacy.plain - legacy.mini) / static_cast<double>(legacy.packets),
        kbps(fit.mini), static_cast<unsigned long long>(legacy.recovered),
        static_cast<unsigned long long>(fit.recovered));
    CHECK(legacy.plain - legacy.mini >= 6 * legacy.packets);
    CHECK(fit.plain <= legacy.plain);
    CHECK(fit.packets == legacy.packets);
    CHECK(legacy.recovered > 40);
    CHECK(fit.recovered >= legacy.recovered);
  }
}
