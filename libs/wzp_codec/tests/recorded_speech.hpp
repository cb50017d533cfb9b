// Recordings of real voices that Debian packages bring along (codec2-examples, alsa-utils).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

using Pcm = std::vector<std::int16_t>;

// 48 kHz. The recordings are 8 kHz telephone band, about 3 s each, a man and a woman.
const Pcm& man_8k_band();
const Pcm& woman_8k_band();
// Nine seconds of a longer 8 kHz recording.
const Pcm& long_speech();
// A woman's voice recorded at 48 kHz, 1.4 s of short words with silence around each.
const Pcm& words_48k();

// Raw 16-bit mono samples of a file; fails the running test if there is none.
Pcm read_pcm(const std::string& path, std::size_t header_bytes);
