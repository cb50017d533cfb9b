#include "wzp/proto/features.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace wzp::proto;

TEST_CASE("a feature set keeps the names it knows and ignores the rest") {
  const std::vector<std::string> names = {"e2e/1", "from-the-future", "mini", "mini"};
  const FeatureSet set = FeatureSet::from_names(names);
  CHECK(set == FeatureSet{Feature::kE2e1, Feature::kMini});
  CHECK(set.to_text() == "e2e/1 mini");
  CHECK(FeatureSet::from_text("media/2 e2e/1  x").to_names() ==
        std::vector<std::string>{"e2e/1", "media/2"});
  CHECK(FeatureSet::from_text("").empty());
}

TEST_CASE("what both sides have is the intersection") {
  const FeatureSet a{Feature::kStreamId, Feature::kMini};
  const FeatureSet b{Feature::kMini, Feature::kMedia2};
  CHECK((a & b) == FeatureSet{Feature::kMini});
  FeatureSet c = a;
  c.remove(Feature::kMini);
  CHECK_FALSE(c.contains(Feature::kMini));
}

TEST_CASE("each feature's name names that feature") {
  for (const FeatureName& row : kFeatureNames) {
    CHECK(name(row.feature) == row.name);
    CHECK(FeatureSet::from_text(row.name) == FeatureSet{row.feature});
  }
}
