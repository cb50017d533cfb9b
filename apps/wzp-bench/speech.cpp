#include "speech.hpp"

#include <stdexcept>

#include "wzp/client/audio_file.hpp"

namespace wzp::bench {
namespace {

// codec2-examples (16 kHz, several speakers) and alsa-utils (48 kHz, one speaker).
constexpr const char* kRecordings[] = {
    "/usr/share/codec2/raw/speech_orig_16k.wav", "/usr/share/sounds/alsa/Front_Center.wav",
    "/usr/share/sounds/alsa/Front_Left.wav",     "/usr/share/sounds/alsa/Front_Right.wav",
    "/usr/share/sounds/alsa/Rear_Center.wav",    "/usr/share/sounds/alsa/Rear_Left.wav",
    "/usr/share/sounds/alsa/Rear_Right.wav",     "/usr/share/sounds/alsa/Side_Left.wav",
    "/usr/share/sounds/alsa/Side_Right.wav",
};

}  // namespace

std::vector<std::int16_t> recorded_speech() {
  std::vector<std::int16_t> out;
  for (const char* path : kRecordings) {
    const auto samples = client::load_audio_file(path);
    if (!samples) {
      throw std::runtime_error(samples.error().message +
                               " (install codec2-examples and alsa-utils, or ./run deps)");
    }
    out.insert(out.end(), samples->begin(), samples->end());
  }
  return out;
}

}  // namespace wzp::bench
