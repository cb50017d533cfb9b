/// \file
/// Recorded speech for tests, from the packages codec2-examples and alsa-utils.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "wzp/client/audio_file.hpp"
#include "wzp/codec/resampler.hpp"

namespace wzp::test {

/// A WAV file of the machine as 48 kHz mono.
inline std::vector<std::int16_t> recording(const std::string& path) {
  auto samples = client::load_audio_file(path);
  INFO(path << ": install codec2-examples and alsa-utils, or ./run deps");
  REQUIRE(samples);
  return std::move(*samples);
}

/// Two speakers, male and female, and a third one, several seconds each.
inline std::vector<std::int16_t> speaker_a() {
  return recording("/usr/share/codec2/wav/hts1a.wav");
}
inline std::vector<std::int16_t> speaker_b() {
  return recording("/usr/share/codec2/wav/hts2a.wav");
}
inline std::vector<std::int16_t> long_speech() {
  return recording("/usr/share/codec2/raw/speech_orig_16k.wav");
}

/// `once` again and again until there are `seconds` of it.
inline std::vector<std::int16_t> repeated(const std::vector<std::int16_t>& once, int seconds) {
  std::vector<std::int16_t> out;
  const auto wanted = static_cast<std::size_t>(seconds) * 48000;
  while (out.size() < wanted) out.insert(out.end(), once.begin(), once.end());
  out.resize(wanted);
  return out;
}

}  // namespace wzp::test
