#include "wzp/fec/frame_layout.hpp"

#include <cmath>

namespace wzp::fec {
namespace {

// The media header's code of a ratio: round(ratio * 63.5).
std::uint8_t ratio_code_of(float ratio) {
  return static_cast<std::uint8_t>(std::round(ratio * 63.5F));
}

}  // namespace

std::size_t repair_symbols_for(std::size_t frames, float ratio) noexcept {
  if (!(ratio > 0.0F)) return 0;  // NaN too
  return static_cast<std::size_t>(std::ceil(static_cast<float>(frames) * std::min(ratio, 2.0F)));
}

ReceivedLayout infer_layout(proto::CodecId codec, std::uint8_t ratio_code) noexcept {
  for (const proto::QualityProfile& profile :
       {proto::kProfileGood, proto::kProfileDegraded, proto::kProfileCatastrophic}) {
    if (profile.codec == codec && ratio_code_of(profile.fec_ratio) == ratio_code) {
      return {profile.frames_per_block, profile.frame_duration()};
    }
  }
  return {};
}

}  // namespace wzp::fec
