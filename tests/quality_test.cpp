// A few cells of `wzp-bench quality` on little speech, so that nobody makes speech worse unnoticed.
// The bounds are 0.015 of ESTOI below what was measured.
#include <catch2/catch_test_macros.hpp>

#include "quality_run.hpp"
#include "speech.hpp"

using namespace wzp;
using client::MediaProfile;

namespace {

bench::QualityScore score(MediaProfile profile, const char* path_name) {
  auto speech = bench::recorded_speech();
  speech.resize(std::size_t{12} * 48000);
  for (const bench::QualityPath& path : bench::all_quality_paths()) {
    if (path.name != path_name) continue;
    const auto plan = client::plan_media(path.estimate(std::chrono::milliseconds(40)),
                                         client::limits_of(profile));
    return bench::run_talk(speech, bench::media2_talk(speech, plan), path, 1).score;
  }
  FAIL("no such path: " << path_name);
  return {};
}

}  // namespace

TEST_CASE("speech after bad networks is understood as well as it was") {
  struct Row {
    MediaProfile profile;
    const char* path;
    double estoi;
    double residual_percent;
    double delay_ms;
  };
  const Row rows[] = {
      {MediaProfile::kGood, "clean", 0.961, 0.01, 150},
      {MediaProfile::kGood, "iid 20 %", 0.918, 2.5, 250},
      {MediaProfile::kDegraded, "iid 20 %", 0.858, 3.5, 310},
      {MediaProfile::kRescue, "clean", 0.646, 0.01, 270},
  };
  for (const Row& row : rows) {
    CAPTURE(client::name(row.profile), row.path);
    const auto s = score(row.profile, row.path);
    CHECK(s.estoi >= row.estoi);
    CHECK(s.residual_percent <= row.residual_percent);
    CHECK(s.delay_ms <= row.delay_ms);
  }
}
