// Back to 16 bits without wrapping.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace wzp::codec {

[[nodiscard]] inline std::int16_t saturate(std::int32_t sample) noexcept {
  return static_cast<std::int16_t>(std::clamp(sample, -32768, 32767));
}
[[nodiscard]] inline std::int16_t saturate(float sample) noexcept {
  return static_cast<std::int16_t>(std::lround(std::clamp(sample, -32768.0F, 32767.0F)));
}

}  // namespace wzp::codec
