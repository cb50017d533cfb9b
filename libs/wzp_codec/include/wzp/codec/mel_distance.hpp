/// \file
/// How much the sound of speech has changed: a number for experiments.
#pragma once

#include <cstdint>
#include <optional>

#include "wzp/codec/export.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

/// Mel log-spectral distance in dB between `clean` and `processed`: the root mean square difference
/// of the levels of 26 mel bands from 60 Hz to 7.6 kHz, over consecutive windows of 32 ms in which
/// `clean` is within 40 dB of its loudest; levels below -50 dB of the loudest band are taken as
/// that. 0 for the same signal; about 2-4 dB for a good codec, above 10 for another sound. Unlike
/// estoi(), level and bandwidth matter. Align the two first.
///
/// Nothing without speech to judge. Both at 48 kHz; the longer one is cut to the shorter.
/// Allocates.
[[nodiscard]] WZP_CODEC_EXPORT std::optional<double> mel_distance_db(PcmView clean,
                                                                     PcmView processed);

}  // namespace wzp::codec
