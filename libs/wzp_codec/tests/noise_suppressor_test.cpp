#include "wzp/codec/noise_suppressor.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "background_noise.hpp"
#include "signal_measures.hpp"
#include "support/allocation_counter.hpp"
#include "wzp/codec/estoi.hpp"

using namespace wzp::codec;

namespace {

Pcm suppressed(Pcm pcm) {
  NoiseSuppressor suppressor;
  for (std::size_t at = 0; at < pcm.size(); at += 960) {
    REQUIRE(suppressor.process(MutablePcm(pcm).subspan(at, 960)).has_value());
  }
  return pcm;
}

// Of what follows the second in which the noise is learnt.
double score(const Pcm& clean, const Pcm& processed, std::size_t delay) {
  const std::size_t n = clean.size() - 48000 - delay;
  return estoi(PcmView(clean).subspan(48000, n), PcmView(processed).subspan(48000 + delay, n),
               48000)
      .value();
}

}  // namespace

TEST_CASE("noise suppression makes speech in noise easier to understand") {
  struct Row {
    Background kind;
    double least_gain;
  };
  const auto row = GENERATE(Row{Background::kPink, 0.03}, Row{Background::kBabble, -0.01},
                            Row{Background::kCar, -0.01});
  const double snr = GENERATE(5.0, 10.0, 15.0);
  double gain = 0;
  for (const Pcm* speech : {&words_48k(), &man_8k_band(), &woman_8k_band()}) {
    const Pcm clean = prepared(*speech);
    const Pcm noisy = in_background(clean, row.kind, snr);
    gain += score(clean, suppressed(noisy), NoiseSuppressor::kDelay) - score(clean, noisy, 0);
  }
  INFO("background " << static_cast<int>(row.kind) << " at " << snr << " dB: " << gain / 3);
  CHECK(gain / 3 >= row.least_gain);
}

TEST_CASE("noise suppression leaves clean speech alone") {
  double loss = 0;
  for (const Pcm* speech : {&words_48k(), &man_8k_band(), &woman_8k_band()}) {
    const Pcm clean = prepared(*speech);
    loss += 1 - score(clean, suppressed(clean), NoiseSuppressor::kDelay);
  }
  INFO("lost " << loss / 3);
  CHECK(loss / 3 <= 0.01);
}

TEST_CASE("noise alone is turned down once it is known, after a muted microphone opens too") {
  const std::size_t muted = GENERATE(0U, 240000U);
  Pcm noise = in_background(Pcm(240000, 300), Background::kPink, 0);
  for (auto& s : noise) s = static_cast<std::int16_t>(s - 300);
  Pcm in(muted);
  in.insert(in.end(), noise.begin(), noise.end());
  const Pcm out = suppressed(in);
  CHECK(level_db(PcmView(out).last(24000)) < level_db(PcmView(in).last(24000)) - 8);
}

TEST_CASE("the voice probability is high in words and low in pauses") {
  const Pcm noisy = in_background(prepared(words_48k()), Background::kPink, 15);
  NoiseSuppressor suppressor;
  float in_words = 0;
  float in_pauses = 1;
  Pcm pcm = noisy;
  for (std::size_t at = 0; at < pcm.size(); at += 960) {
    const float voice = suppressor.process(MutablePcm(pcm).subspan(at, 960)).value();
    if (at > 36000 && at < 47000) in_pauses = std::min(in_pauses, voice);
    if (at > 48000) in_words = std::max(in_words, voice);
  }
  CHECK(in_words > 0.95F);
  CHECK(in_pauses < 0.6F);
}

TEST_CASE("a noise suppressor takes whole blocks only") {
  NoiseSuppressor suppressor;
  std::array<std::int16_t, 961> pcm{};
  pcm.fill(99);
  for (const std::size_t wrong : {0U, 479U, 961U}) {
    const auto result = suppressor.process(MutablePcm(pcm).first(wrong));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error() == Errc::kWrongFrameLength);
  }
  CHECK(pcm[0] == 99);
}

TEST_CASE("noise suppression allocates nothing") {
  Pcm pcm = prepared(words_48k());
  NoiseSuppressor suppressor;
  const std::size_t before = wzp::test::allocations();
  for (std::size_t at = 0; at < pcm.size(); at += 960) {
    REQUIRE(suppressor.process(MutablePcm(pcm).subspan(at, 960)).has_value());
  }
  CHECK(wzp::test::allocations() == before);
}
