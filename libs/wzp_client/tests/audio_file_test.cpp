#include "wzp/client/audio_file.hpp"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>

using namespace wzp;

namespace {

std::filesystem::path scratch(const char* name) {
  return std::filesystem::temp_directory_path() / ("wzp-" + std::to_string(getpid()) + "-" + name);
}

std::vector<std::int16_t> tone(std::size_t samples) {
  std::vector<std::int16_t> out(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    out[i] = static_cast<std::int16_t>(
        9000 * std::sin(2 * std::numbers::pi * 440.0 * static_cast<double>(i) / 48000.0));
  }
  return out;
}

}  // namespace

TEST_CASE("what is saved is loaded again, as WAV and as raw samples") {
  for (const char* name : {"sound.wav", "sound.raw"}) {
    CAPTURE(name);
    const auto path = scratch(name);
    const auto samples = tone(4800);
    REQUIRE(client::save_audio_file(path, samples));
    const auto loaded = client::load_audio_file(path);
    REQUIRE(loaded);
    CHECK(*loaded == samples);
    std::filesystem::remove(path);
  }
}

TEST_CASE("a file that is missing, empty or no sound gives one line that names it") {
  const auto path = scratch("nothing.wav");
  auto result = client::load_audio_file(path);
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("nothing.wav") != std::string::npos);
  CHECK(result.error().message.find('\n') == std::string::npos);

  std::ofstream(path) << "this is no sound";
  result = client::load_audio_file(path);
  CHECK_FALSE(result);
  std::filesystem::remove(path);

  CHECK_FALSE(client::save_audio_file("/nonexistent-folder/x.wav", tone(10)));
}

TEST_CASE("a source in memory gives whole frames and fills the last one with silence") {
  client::PcmSource source(tone(1000));
  std::vector<std::int16_t> frame(client::kSamplesPerTick);
  CHECK(source.read(frame));
  CHECK(source.read(frame));
  CHECK(frame[39] == tone(1000)[999]);
  CHECK(frame[40] == 0);
  CHECK_FALSE(source.read(frame));
}

TEST_CASE("a tone has the wished length and pitch") {
  client::ToneSource source(std::chrono::milliseconds(40));
  std::vector<std::int16_t> frame(client::kSamplesPerTick);
  CHECK(source.read(frame));
  CHECK(frame[27] > 15900);  // a quarter of a period of 440 Hz
  CHECK(source.read(frame));
  CHECK_FALSE(source.read(frame));
}
