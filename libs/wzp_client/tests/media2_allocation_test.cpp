// Encoding, packing, unpacking and playing allocate nothing: counted by replacing the global
// allocation functions.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdlib>
#include <new>

#include "wzp/client/call_decoder.hpp"
#include "wzp/client/media2_encoder.hpp"
#include "wzp/proto/media2_packet.hpp"

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

using namespace wzp;
using namespace std::chrono_literals;

namespace {

/// Talks and pauses, loses every seventh packet.
void talk(client::Media2Encoder& encoder, client::CallDecoder& decoder, int ticks, int& clock,
          SeqNo16& seq) {
  std::array<std::int16_t, client::kSamplesPerTick> pcm{};
  for (int i = 0; i < ticks; ++i, ++clock) {
    const bool talking = clock % 250 < 150;
    for (std::size_t k = 0; k < pcm.size(); ++k) {
      const double t = static_cast<double>(clock) * 0.02 + static_cast<double>(k) / 48000;
      const double wave = 6000 * std::sin(900 * t) * std::sin(7 * t);
      pcm[k] = talking ? static_cast<std::int16_t>(wave) : std::int16_t{0};
    }
    const Instant now = Instant(1h) + clock * 20ms;
    for (const client::Media2Packet& packet : encoder.push(pcm)) {
      const SeqNo16 number = seq++;
      if (number.value() % 7 == 3) continue;
      const auto payload = proto::parse_media2_payload(packet.payload);
      if (payload) decoder.handle_media2(number, *payload, now);
    }
    decoder.play(pcm, now);
  }
}

}  // namespace

TEST_CASE("media/2 encodes, loses, repairs and plays without allocation, also when rates change") {
  client::Media2EncoderOptions options;
  options.plan.copies = {{1, 3}, 2};
  options.plan.codec_bps = 12000;
  options.silence_suppression = true;
  options.noise_suppression = true;
  options.gain_control = true;
  client::Media2Encoder encoder(options);
  client::CallDecoder decoder;
  int clock = 0;
  SeqNo16 seq;
  talk(encoder, decoder, 500, clock, seq);
  const std::size_t before = allocations;
  talk(encoder, decoder, 1000, clock, seq);
  client::MediaPlan plan = options.plan;
  plan.codec_bps = 16000;
  plan.copies = {{1}, 1};
  encoder.set_plan(plan);
  talk(encoder, decoder, 500, clock, seq);
  CHECK(allocations - before == 0);
  const auto r = decoder.statistics();
  CHECK(r.frames_recovered > 50);
  CHECK(r.frames_comfort > 200);
}
