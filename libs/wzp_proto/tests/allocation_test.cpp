// The hot paths allocate nothing: counted by replacing the global allocation functions.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <new>

#include "wzp/proto/bandwidth_estimator.hpp"
#include "wzp/proto/datagram.hpp"
#include "wzp/proto/jitter_buffer.hpp"
#include "wzp/proto/media_packet.hpp"
#include "wzp/proto/mini_header.hpp"
#include "wzp/proto/path_quality.hpp"
#include "wzp/proto/qcmp.hpp"
#include "wzp/proto/rng.hpp"

namespace {

thread_local std::size_t allocations = 0;

void* allocate(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;

namespace {

constexpr Instant kStart = Instant(1h);

template <class Work>
std::size_t count_allocations(Work work) {
  const std::size_t before = allocations;
  work();
  return allocations - before;
}

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
  CHECK(count_allocations([] { delete new int(7); }) == 1);
}

TEST_CASE("a jitter buffer allocates in its constructor only") {
  SeededRng rng(41);
  JitterBuffer buffer;
  CHECK(count_allocations([&] { stream_through(buffer, rng); }) == 0);
  CHECK(buffer.stats().played_ms > 5000);
}

TEST_CASE("media, trunk, mini and send-to packets are parsed and written without allocation") {
  std::array<std::byte, 60> payload{};
  std::array<std::byte, 1200> room{};
  std::array<std::byte, 1200> room2{};
  MiniEncoder encoder;
  MiniDecoder decoder;
  std::size_t bytes = 0;
  const std::size_t count = count_allocations([&] {
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
  const std::size_t count = count_allocations([&] {
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
