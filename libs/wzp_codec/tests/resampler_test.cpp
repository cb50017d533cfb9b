#include "wzp/codec/resampler.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cmath>

#include "../src/sinc_filter.hpp"
#include "recorded_speech.hpp"
#include "signal_measures.hpp"
#include "support/allocation_counter.hpp"

using namespace wzp::codec;

namespace {

Pcm convert(PcmView in, std::uint32_t from, std::uint32_t to, std::size_t piece = 700,
            ResamplerQuality quality = ResamplerQuality::kMedium) {
  Resampler resampler(from, to, quality);
  Pcm out;
  std::array<std::int16_t, 333> block{};
  const auto drain = [&] {
    while (const std::size_t n = resampler.take(block)) {
      out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n));
    }
  };
  while (!in.empty()) {
    in = in.subspan(resampler.push(in.first(std::min(piece, in.size()))));
    drain();
  }
  resampler.finish();
  drain();
  return out;
}

PcmView middle(const Pcm& pcm) { return PcmView(pcm).subspan(pcm.size() / 4, pcm.size() / 2); }

double gain_db(double hz, std::uint32_t from, std::uint32_t to) {
  const Pcm in = tone(hz, 10000, from, from);
  const Pcm out = convert(in, from, to);
  return 20 * std::log10(tone_amplitude(middle(out), hz, to) / 10000);
}

// Level of everything that comes out, when a tone goes in that must not.
double leak_db(double hz, std::uint32_t from, std::uint32_t to) {
  const Pcm out = convert(tone(hz, 10000, from, from), from, to);
  return 20 * std::log10(std::max(rms(middle(out)), 1e-3) / (10000 / std::sqrt(2.0)));
}

}  // namespace

TEST_CASE("a resampled stream has exactly the length the rates demand") {
  const auto from = GENERATE(8000U, 16000U, 44100U, 48000U);
  const auto to = GENERATE(8000U, 16000U, 44100U, 48000U);
  for (const std::size_t n : {std::size_t{1}, std::size_t{959}, std::size_t{44100}}) {
    const Pcm in = tone(300, 8000, n, from);
    const auto expected = (std::uint64_t{n} * to + from - 1) / from;
    INFO(from << " -> " << to << ", " << n << " samples");
    CHECK(convert(in, from, to).size() == expected);
  }
}

TEST_CASE("a resampler passes the voice band flat") {
  struct Rates {
    std::uint32_t from, to;
  };
  const auto [from, to] = GENERATE(Rates{48000, 8000}, Rates{8000, 48000}, Rates{44100, 48000},
                                   Rates{48000, 16000}, Rates{16000, 48000}, Rates{48000, 44100});
  const double edge = 0.85 * std::min(from, to) / 2;
  for (double hz = 100; hz < edge; hz += edge / 7) {
    INFO(from << " -> " << to << " at " << hz << " Hz");
    CHECK(std::abs(gain_db(hz, from, to)) < 0.1);
  }
}

TEST_CASE("a resampler rejects what would alias") {
  for (const double hz : {4500.0, 5000.0, 7000.0, 9500.0, 15900.0, 23000.0}) {
    INFO(hz << " Hz, 48 -> 8 kHz");
    CHECK(leak_db(hz, 48000, 8000) < -80);
  }
  for (const double hz : {9000.0, 12000.0, 16100.0}) {
    INFO(hz << " Hz, 48 -> 16 kHz");
    CHECK(leak_db(hz, 48000, 16000) < -80);
  }
}

TEST_CASE("a resampler leaves no images above the old band") {
  const Pcm out = convert(tone(1000, 10000, 8000, 8000), 8000, 48000);
  for (const double image : {7000.0, 9000.0, 15000.0, 17000.0}) {
    INFO(image << " Hz");
    CHECK(20 * std::log10(tone_amplitude(middle(out), image) / 10000) < -80);
  }
}

TEST_CASE("the size of the pieces does not change the resampled sound") {
  const Pcm& speech = words_48k();
  const Pcm whole = convert(speech, 48000, 44100, speech.size());
  CHECK((convert(speech, 48000, 44100, 1) == whole));
  CHECK((convert(speech, 48000, 44100, 997) == whole));
}

TEST_CASE("speech survives the way to 16 kHz and back, in place") {
  const Pcm& speech = man_8k_band();
  const Pcm back = convert(convert(speech, 48000, 16000), 16000, 48000);
  REQUIRE(back.size() == speech.size());
  CHECK(snr_db(speech, back, 0) > 45);
}

TEST_CASE("impossible rates are refused when the resampler is made") {
  CHECK_THROWS_AS(Resampler(0, 48000), std::invalid_argument);
  CHECK_THROWS_AS(Resampler(8000, 192000), std::invalid_argument);
  CHECK_THROWS_AS(Resampler(4000, 8000), std::invalid_argument);
}

TEST_CASE("a reset resampler starts a new stream") {
  Resampler resampler(8000, 48000);
  std::array<std::int16_t, 960> loud{};
  loud.fill(20000);
  resampler.push(loud);
  resampler.finish();
  resampler.reset();
  const std::array<std::int16_t, 960> silence{};
  resampler.push(silence);
  resampler.finish();
  Pcm out(10000);
  CHECK(resampler.take(out) == 5760);
  CHECK(rms(out) == 0);
}

TEST_CASE("every frame converted at the fixed ratio is whole, over 10,000 frames") {
  FrameRateConverter down(48000, 8000);
  FrameRateConverter up(8000, 48000);
  const Pcm in = tone(440, 10000, 48000);
  std::array<std::int16_t, 160> narrow{};
  std::array<std::int16_t, 960> wide{};
  std::size_t dropouts = 0;
  const std::size_t before = wzp::test::allocations();
  for (std::size_t frame = 0; frame < 10000; ++frame) {
    down.process(PcmView(in).subspan((frame % 50) * 960, 960), narrow);
    up.process(narrow, wide);
    // A missing sample would be padded with zeros and show as a corner in the tone.
    if (frame > 2 && roughest_corner(wide) > 60) ++dropouts;
  }
  CHECK(dropouts == 0);
  CHECK(wzp::test::allocations() == before);
}

TEST_CASE("the fixed-ratio converter delays by the time it states") {
  FrameRateConverter down(48000, 8000);
  FrameRateConverter up(8000, 48000);
  const Pcm& speech = man_8k_band();
  Pcm out(speech.size());
  std::array<std::int16_t, 160> narrow{};
  for (std::size_t i = 0; i + 960 <= speech.size(); i += 960) {
    down.process(PcmView(speech).subspan(i, 960), narrow);
    up.process(narrow, MutablePcm(out).subspan(i, 960));
  }
  const auto stated = 2 * kFrameRateConverterDelay.count() * 48 / 1000;
  const Alignment found = align(PcmView(speech).first(96000), out, 2000);
  CHECK(std::abs(found.delay - stated) <= 10);
  CHECK(found.correlation > 0.99);
}
