#include "wzp/crypto/profile_choice.hpp"

#include <limits>

namespace wzp::crypto {

proto::QualityProfile choose_profile(std::span<const proto::QualityProfile> offered) noexcept {
  proto::QualityProfile best = proto::kProfileGood;
  float best_rate = -std::numeric_limits<float>::infinity();
  for (const proto::QualityProfile& profile : offered) {
    const float rate = profile.nominal_kbps();
    if (rate >= best_rate) {
      best = profile;
      best_rate = rate;
    }
  }
  return best;
}

}  // namespace wzp::crypto
