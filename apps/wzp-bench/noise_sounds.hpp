/// \file
/// Noises to mix with speech: made from seeds and from recordings, 48 kHz mono.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace wzp::bench {

enum class Noise : std::uint8_t {
  kPink,    ///< Equal power per octave.
  kBabble,  ///< Eight other recordings at once.
  kCar,     ///< Rumble below 200 Hz with a little hiss.
};
[[nodiscard]] std::string_view name(Noise noise);

/// `samples` of it at no particular level. Throws std::runtime_error if recordings are missing.
[[nodiscard]] std::vector<float> make_noise(Noise noise, std::size_t samples, std::uint64_t seed);

/// Speech with noise `snr_db` below it: RMS of the speech's louder half of 20 ms pieces against RMS
/// of the noise. The sum is limited to 16 bits.
[[nodiscard]] std::vector<std::int16_t> mix(std::span<const std::int16_t> speech,
                                            std::span<const float> noise, double snr_db);

}  // namespace wzp::bench
