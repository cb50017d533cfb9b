#include "wzp/crypto/profile_choice.hpp"

#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <vector>

using namespace wzp;
using namespace wzp::proto;
using wzp::crypto::choose_profile;

TEST_CASE("profile choice: of the three standard ones GOOD, in any order; of none GOOD") {
  CHECK(choose_profile({}) == kProfileGood);
  const QualityProfile three[] = {kProfileGood, kProfileDegraded, kProfileCatastrophic};
  const QualityProfile reversed[] = {kProfileCatastrophic, kProfileDegraded, kProfileGood};
  CHECK(choose_profile(three) == kProfileGood);
  CHECK(choose_profile(reversed) == kProfileGood);
  CHECK(choose_profile({&kProfileCatastrophic, 1}) == kProfileCatastrophic);
}

TEST_CASE("of equal rates the last offered profile is chosen") {
  QualityProfile first = kProfileDegraded;
  QualityProfile second = kProfileDegraded;
  first.frames_per_block = 4;
  second.frames_per_block = 6;
  const QualityProfile offered[] = {first, second};
  CHECK(choose_profile(offered) == second);
}

TEST_CASE("a rate that is no number is never chosen") {
  QualityProfile nan = kProfileGood;
  nan.fec_ratio = std::numeric_limits<float>::quiet_NaN();
  const QualityProfile offered[] = {nan, kProfileDegraded, nan};
  CHECK(choose_profile(offered) == kProfileDegraded);
  CHECK(choose_profile({&nan, 1}) == kProfileGood);
}
