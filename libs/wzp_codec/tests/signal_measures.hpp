// Numbers about signals, for assertions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "wzp/codec/pcm.hpp"

using Pcm = std::vector<std::int16_t>;

double rms(wzp::codec::PcmView pcm);
// 20 log10 of the RMS, 0 dB at full scale.
double level_db(wzp::codec::PcmView pcm);
// Normalised, at lag 0, over the common length.
double correlation(wzp::codec::PcmView a, wzp::codec::PcmView b);

struct Alignment {
  std::ptrdiff_t delay = 0;  // samples `late` comes behind `reference`
  double correlation = 0;
};
// The delay in [0, longest] of highest correlation.
Alignment align(wzp::codec::PcmView reference, wzp::codec::PcmView late, std::size_t longest);
// Of the best scaled copy of reference in `late`, after alignment, in dB.
double snr_db(wzp::codec::PcmView reference, wzp::codec::PcmView late, std::size_t delay);
// Correlation of 10 ms energies after alignment: for codecs that keep the sound, not the waveform.
double envelope_correlation(wzp::codec::PcmView reference, wzp::codec::PcmView late,
                            std::size_t longest);

Pcm tone(double hz, double amplitude, std::size_t samples, double rate = 48000);
// Amplitude of the component at hz.
double tone_amplitude(wzp::codec::PcmView pcm, double hz, double rate = 48000);
// Largest change of slope between three neighbours: what a click is made of.
int roughest_corner(wzp::codec::PcmView pcm);
