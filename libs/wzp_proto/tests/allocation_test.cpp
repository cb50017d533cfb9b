// The hot paths allocate nothing.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "support/allocation_counter.hpp"
#include "wzp/proto/bandwidth_estimator.hpp"
#include "wzp/proto/datagram.hpp"
#include "wzp/proto/jitter_buffer.hpp"
#include "wzp/proto/media_packet.hpp"
#include "wzp/proto/mini_header.hpp"
#include "wzp/proto/path_quality.hpp"
#include "wzp/proto/qcmp.hpp"
#include "wzp/proto/rng.hpp"

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;

namespace {

constexpr Instant kStart = Instant(1h);

// Ten seconds of a stream with loss, jitter, pauses and recovered frames.
void stream_through(JitterBuffer& buffer, Rng& rng) {
  std::array<std::byte, 60> payload{};
  for (int i = 0; i < 500; ++i) {
    const Instant now =
        kStart + std::chrono::milliseconds(20 * i + static_cast<int>(rng.next_u64() % 30));
    JitterFrame f;
    f.seq = SeqNo16(static_cast<std::uint16_t>(i));
    f.timestamp = MediaTime32(static_cast<std::uint32_t>(20 * i));
    f.payload = payload;
    f.origin = i % 10 == 3 ? FrameOrigin::kRecovered : FrameOrigin::kReceived;
    if (i % 50 < 45 && i % 7 != 0) static_cast<void>(buffer.push(f, now));
    buffer.note_packet(SeqNo16(static_cast<std::uint16_t>(i)));
    static_cast<void>(buffer.pop(now));
  }
}

}  // namespace

TEST_CASE("the counter of allocations counts") {
  const std::size_t expected = test::allocations_are_counted() ? 3 : 0;
  CHECK(test::allocations_of([] {
          std::vector<int> grows;
          for (int i = 0; i < 3; ++i) grows.assign(std::size_t(1) << (10 * i), i);
        }) == expected);
}

TEST_CASE("a jitter buffer allocates in its constructor only") {
  SeededRng rng(41);
  JitterBuffer buffer;
  CHECK(test::allocations_of([&] { stream_through(buffer, rng); }) == 0);
  CHECK(buffer.stats().played_ms > 5000);
}

TEST_CASE("media, trunk, mini and send-to packets are parsed and written without allocation") {
  std::array<std::byte, 60> payload{};
  std::array<std::byte, 1200> room{};
  std::array<std::byte, 1200> room2{};
  MiniEncoder encoder;
  MiniDecoder decoder;
  std::size_t bytes = 0;
  const std::size_t count = test::allocations_of([&] {
    for (int i = 0; i < 1000; ++i) {
      MediaPacketView packet{{}, payload, QualityReport{1, 2, 3, 4}};
      const auto n = write_media_packet(packet, room);
      bytes += parse_media_packet(ByteView(room).first(*n))->payload.size();
      TrunkDatagramWriter trunk(room2);
      while (trunk.add(StreamId{1}, ByteView(room).first(*n))) {
      }
      const auto frame = parse_trunk_datagram(trunk.bytes());
      for (const TrunkEntry& entry : *frame) bytes += entry.payload.size();
      packet.report.reset();
      packet.header.seq = SeqNo16(static_cast<std::uint16_t>(i));
      const auto m = encoder.write(packet, room);
      bytes += decoder.read(ByteView(room).first(*m), kStart)->payload.size();
      const auto s = write_send_to({{}, payload}, room);
      bytes += parse_send_to(ByteView(room).first(*s))->body.size();
    }
  });
  CHECK(count == 0);
  CHECK(bytes > 1'000'000);
}

TEST_CASE("estimators and probes work without allocation") {
  SeededRng rng(42);
  BandwidthEstimator bandwidth;
  PathMonitor path;
  QcmpPinger pinger;
  std::array<std::byte, kQcmpMaxSize> out{};
  const std::size_t count = test::allocations_of([&] {
    for (int i = 0; i < 1000; ++i) {
      const Instant now = kStart + std::chrono::milliseconds(20 * i);
      bandwidth.on_packet(std::chrono::milliseconds(20 * i), now, 100);
      path.on_received(SeqNo16(static_cast<std::uint16_t>(i)), MediaTime32(0), 100, now);
      static_cast<void>(path.report(now, 64));
      static_cast<void>(pinger.ping({}, i, now, rng, out));
      static_cast<void>(pinger.handle_datagram({}, out, i));
      static_cast<void>(pinger.poll_timeout(now));
    }
  });
  CHECK(count == 0);
}
