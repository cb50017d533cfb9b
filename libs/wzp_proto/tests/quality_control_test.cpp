#include "wzp/proto/quality_control.hpp"

#include <catch2/catch_test_macros.hpp>

#include "vectors.hpp"

using namespace wzp;
using namespace wzp::proto;

namespace {

QualityReport report_of(const nlohmann::json& row) {
  QualityReport r;
  r.loss_pct = row.at("loss_pct").get<std::uint8_t>();
  r.rtt_4ms = row.at("rtt_4ms").get<std::uint8_t>();
  return r;
}

QualityReport loss(int code) { return {static_cast<std::uint8_t>(code), 0, 0, 0}; }

// Checks the recorded answers of one behaviour; `row_tier` names the column with the tier.
void replay(const nlohmann::json& rows, const QualityControlConfig& config) {
  AdaptiveQualityController controller(config);
  int switches = 0;
  int number = 0;
  for (const auto& row : rows) {
    CAPTURE(number++);
    const auto chosen = controller.observe(report_of(row));
    const auto& expected = row.at("switched_to");
    REQUIRE(chosen.has_value() == !expected.is_null());
    if (chosen) {
      ++switches;
      CHECK(name(chosen->codec) == expected.get<std::string>());
    }
    if (row.contains("tier")) CHECK(name(controller.tier()) == row.at("tier").get<std::string>());
    if (row.contains("current")) {
      CHECK(name(controller.profile().codec) == row.at("current").get<std::string>());
    }
  }
  CHECK(switches >= 3);
}

}  // namespace

TEST_CASE("both threshold sets classify as recorded") {
  for (const auto& row : test::load_vectors("behaviour.json", "quality_classify")) {
    const QualityReport report = report_of(row);
    CAPTURE(report.loss_pct, report.rtt_4ms);
    CHECK(name(classify(report, kControllerThresholds)) ==
          row.at("controller_tier").get<std::string>());
    CHECK(name(profile_of(classify(report, kClientThresholds)).codec) ==
          row.at("client_adapter_codec").get<std::string>());
  }
}

TEST_CASE("the controller's recorded run is reproduced") {
  replay(test::load_vectors("behaviour.json", "quality_controller"), controller_config());
}

TEST_CASE("the client adapter's recorded run, with its one-jump recovery, is reproduced") {
  replay(test::load_vectors("behaviour.json", "client_quality_adapter"), client_adapter_config());
}

TEST_CASE("with step limits no change is by more than one tier") {
  AdaptiveQualityController controller(careful_config());
  for (int i = 0; i < 2; ++i) CHECK_FALSE(controller.observe(loss(255)).has_value());
  CHECK(controller.observe(loss(255)) == kProfileDegraded);
  for (int i = 0; i < 2; ++i) CHECK_FALSE(controller.observe(loss(255)).has_value());
  CHECK(controller.observe(loss(255)) == kProfileCatastrophic);
  for (int i = 0; i < 9; ++i) CHECK_FALSE(controller.observe(loss(0)).has_value());
  CHECK(controller.observe(loss(0)) == kProfileDegraded);
}

TEST_CASE("a report of the present tier, or in the other direction, starts the count anew") {
  AdaptiveQualityController controller;
  CHECK_FALSE(controller.observe(loss(60)).has_value());
  CHECK_FALSE(controller.observe(loss(60)).has_value());
  CHECK_FALSE(controller.observe(loss(0)).has_value());
  CHECK_FALSE(controller.observe(loss(60)).has_value());
  CHECK_FALSE(controller.observe(loss(60)).has_value());
  CHECK(controller.observe(loss(60)) == kProfileDegraded);
  for (int i = 0; i < 9; ++i) CHECK_FALSE(controller.observe(loss(0)).has_value());
  CHECK_FALSE(controller.observe(loss(200)).has_value());
  for (int i = 0; i < 9; ++i) CHECK_FALSE(controller.observe(loss(0)).has_value());
  CHECK(controller.observe(loss(0)) == kProfileGood);
}

TEST_CASE("a forced profile stays until released, and adapting goes on from there") {
  AdaptiveQualityController controller;
  controller.force(kProfileCatastrophic);
  CHECK(controller.profile() == kProfileCatastrophic);
  for (int i = 0; i < 50; ++i) CHECK_FALSE(controller.observe(loss(0)).has_value());
  CHECK(controller.release() == kProfileCatastrophic);
  for (int i = 0; i < 9; ++i) CHECK_FALSE(controller.observe(loss(0)).has_value());
  CHECK(controller.observe(loss(0)) == kProfileDegraded);

  const QualityProfile own{CodecId::kOpus16k, 0.3F, 20, 5};
  controller.force(own);
  CHECK(controller.profile() == own);
  CHECK(controller.release() == kProfileDegraded);
  CHECK_FALSE(controller.forced());
}
