// Noises to put under speech.
#pragma once

#include "recorded_speech.hpp"

enum class Background { kPink, kBabble, kCar };

// `speech` with the noise at a ratio of `snr_db`, both at 48 kHz.
Pcm in_background(const Pcm& speech, Background kind, double snr_db);
// Half level, after a second of silence, a whole number of 20 ms frames: what the noise tests use.
Pcm prepared(const Pcm& speech);
