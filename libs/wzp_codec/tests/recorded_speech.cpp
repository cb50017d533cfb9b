#include "recorded_speech.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "wzp/codec/resampler.hpp"

namespace {

const std::string kCodec2Recordings = "/usr/share/codec2/raw/";
const std::string kAlsaRecordings = "/usr/share/sounds/alsa/";
constexpr std::size_t kWavHeader = 44;

Pcm to_48k(const Pcm& narrow) {
  wzp::codec::Resampler up(8000, 48000, wzp::codec::ResamplerQuality::kBest);
  Pcm wide;
  std::array<std::int16_t, 960> block{};
  const auto drain = [&] {
    while (const std::size_t n = up.take(block)) {
      wide.insert(wide.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n));
    }
  };
  for (wzp::codec::PcmView rest = narrow; !rest.empty();) {
    rest = rest.subspan(up.push(rest));
    drain();
  }
  up.finish();
  drain();
  return wide;
}

}  // namespace

Pcm read_pcm(const std::string& path, std::size_t header_bytes) {
  std::ifstream in(path, std::ios::binary);
  INFO("recording " << path << " (packages codec2-examples and alsa-utils)");
  REQUIRE(in.good());
  const std::vector<char> bytes(std::istreambuf_iterator<char>(in), {});
  REQUIRE(bytes.size() > header_bytes);
  Pcm pcm;
  for (std::size_t i = header_bytes; i + 1 < bytes.size(); i += 2) {
    const auto low = static_cast<unsigned char>(bytes[i]);
    const auto high = static_cast<unsigned char>(bytes[i + 1]);
    pcm.push_back(static_cast<std::int16_t>(low | (high << 8)));
  }
  return pcm;
}

const Pcm& man_8k_band() {
  static const Pcm pcm = to_48k(read_pcm(kCodec2Recordings + "hts1a.raw", 0));
  return pcm;
}
const Pcm& woman_8k_band() {
  static const Pcm pcm = to_48k(read_pcm(kCodec2Recordings + "hts2a.raw", 0));
  return pcm;
}
const Pcm& long_speech() {
  static const Pcm pcm = [] {
    Pcm narrow = read_pcm(kCodec2Recordings + "ve9qrp_10s.raw", 0);
    narrow.resize(std::min<std::size_t>(narrow.size(), 72000));
    return to_48k(narrow);
  }();
  return pcm;
}
const Pcm& words_48k() {
  static const Pcm pcm = read_pcm(kAlsaRecordings + "Front_Center.wav", kWavHeader);
  return pcm;
}
