/// \file
/// Recorded speech that Debian packages bring (./run deps installs them).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wzp::bench {

/// About 22 s of different speakers, 48 kHz mono. Throws std::runtime_error naming the package if
/// the recordings are not installed.
[[nodiscard]] std::vector<std::int16_t> recorded_speech();

/// The same and 35 s of other speakers: 57 s in all.
[[nodiscard]] std::vector<std::int16_t> more_recorded_speech();

}  // namespace wzp::bench
