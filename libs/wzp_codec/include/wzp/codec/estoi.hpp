/// \file
/// How much of the speech can be understood: a number for experiments and regression tests.
#pragma once

#include <cstdint>
#include <optional>

#include "wzp/codec/export.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

/// Extended short-time objective intelligibility (Jensen and Taal, 2016) of `processed` against
/// `clean`: 1 for the same signal, about 0 for an unrelated one. It correlates the course of 15
/// third-octave bands from 150 Hz to 4.3 kHz over windows of 384 ms, after dropping what is more
/// than 40 dB below the loudest frame of `clean`. Level does not matter; delay does: align the two
/// first (a few ms cost little).
///
/// Nothing if there are fewer than 384 ms of speech to judge. Both at `sample_rate` Hz
/// (8000-192000); the longer one is cut to the shorter. Works on whole recordings: allocates, and
/// takes about 10 ms per second of sound.
[[nodiscard]] WZP_CODEC_EXPORT std::optional<double> estoi(PcmView clean, PcmView processed,
                                                           std::uint32_t sample_rate);

}  // namespace wzp::codec
