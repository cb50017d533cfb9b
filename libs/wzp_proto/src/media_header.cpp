#include "wzp/proto/media_header.hpp"

#include <cmath>

namespace wzp::proto {

std::uint8_t encode_fec_ratio(float ratio) noexcept {
  const float code = std::round(ratio * 63.5F);
  if (!(code > 0.0F)) return 0;  // also NaN
  return code >= 127.0F ? 127 : static_cast<std::uint8_t>(code);
}

}  // namespace wzp::proto
