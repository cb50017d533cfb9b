#include "crossfade.hpp"

#include <cmath>
#include <numbers>

#include "saturate.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::codec {

void Crossfade::start(std::size_t lead) noexcept {
  WZP_ASSERT(lead + kFade <= kTail);
  lead_ = lead;
  position_ = 0;
  end_ = lead + kFade;
}

void Crossfade::apply(MutablePcm fresh) noexcept {
  for (std::size_t i = 0; i < fresh.size() && position_ < end_; ++i, ++position_) {
    float weight = 0;
    if (position_ >= lead_) {
      const float t = (static_cast<float>(position_ - lead_) + 0.5F) / kFade;
      weight = 0.5F - 0.5F * std::cos(std::numbers::pi_v<float> * t);
    }
    const auto old = static_cast<float>(tail_[position_]);
    fresh[i] = saturate(old + (static_cast<float>(fresh[i]) - old) * weight);
  }
}

}  // namespace wzp::codec
