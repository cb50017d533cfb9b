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

// pocketsphinx-testdata, 16 kHz: a woman reading a book, a man reading names of cards.
constexpr const char* kMoreRecordings[] = {
    "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav",
    "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0880.wav",
    "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0890.wav",
    "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0920.wav",
    "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0930.wav",
    "/usr/share/pocketsphinx/test/data/cards/001.wav",
    "/usr/share/pocketsphinx/test/data/cards/002.wav",
    "/usr/share/pocketsphinx/test/data/cards/003.wav",
    "/usr/share/pocketsphinx/test/data/cards/004.wav",
    "/usr/share/pocketsphinx/test/data/cards/005.wav",
};

void append(std::vector<std::int16_t>& out, const char* path, const char* packages) {
  const auto samples = client::load_audio_file(path);
  if (!samples) {
    throw std::runtime_error(samples.error().message + " (install " + packages +
                             ", or ./run deps)");
  }
  out.insert(out.end(), samples->begin(), samples->end());
}

}  // namespace

std::vector<std::int16_t> recorded_speech() {
  std::vector<std::int16_t> out;
  for (const char* path : kRecordings) append(out, path, "codec2-examples and alsa-utils");
  return out;
}

std::vector<std::int16_t> more_recorded_speech() {
  std::vector<std::int16_t> out = recorded_speech();
  for (const char* path : kMoreRecordings) append(out, path, "pocketsphinx-testdata");
  return out;
}

}  // namespace wzp::bench
