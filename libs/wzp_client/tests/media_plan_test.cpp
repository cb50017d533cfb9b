// The planner: what it promises about rate, delay and what stays lost.
#include "wzp/client/media_plan.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace std::chrono_literals;
using client::CopyOffsets;
using client::MediaPlan;
using client::MediaProfile;
using client::PathEstimate;

namespace {

constexpr MediaProfile kProfiles[] = {MediaProfile::kGood, MediaProfile::kDegraded,
                                      MediaProfile::kRescue};

PathEstimate path(double loss, double burst = 1, Duration interval = 40ms) {
  PathEstimate p;
  p.loss_percent = loss;
  p.mean_burst_packets = burst;
  p.packet_interval = interval;
  p.rtt = 100ms;
  p.jitter = 3ms;
  return p;
}

/// Draws packets from the chain the formula assumes and counts units lost with all their copies.
double simulated_residual(const MediaPlan& plan, double loss, double burst) {
  SeededRng rng(7);
  constexpr int kPackets = 400'000;
  std::vector<bool> lost;
  bool bad = false;
  for (int i = 0; i < kPackets; ++i) {
    const double stay_bad = 1.0 - 1.0 / burst;
    const double go_bad = (1.0 - stay_bad) * loss / (1.0 - loss);
    bad = rng.next_unit() < (bad ? stay_bad : go_bad);
    lost.push_back(bad);
  }
  int residual = 0;
  for (int i = 0; i + CopyOffsets::kFarthest < kPackets; ++i) {
    bool gone = lost[static_cast<std::size_t>(i)];
    for (const std::uint8_t o : plan.copies.view()) {
      gone = gone && lost[static_cast<std::size_t>(i + o)];
    }
    residual += gone;
  }
  return 100.0 * residual / kPackets;
}

}  // namespace

TEST_CASE("wire rate and delay of a plan are those of its packets") {
  MediaPlan plan;
  plan.codec_bps = 24000;
  CHECK(client::overhead_bytes(plan) == 69);
  CHECK(client::wire_kbps(plan) == Catch::Approx((69 + 120) * 8 / 40.0));
  CHECK(client::added_delay(plan) == 40ms);
  plan.copies = {{1, 3}, 2};
  plan.codec_bps = 12000;
  CHECK(client::overhead_bytes(plan) == 71);
  CHECK(client::wire_kbps(plan) == Catch::Approx((71 + 180) * 8 / 40.0));
  CHECK(client::added_delay(plan) == 160ms);
  // Codec2 units have no lengths: all are as long as the shape says.
  const MediaPlan rescue{proto::CodecId::kCodec2_1200, 1200, 40, 3, {{1, 2}, 2}};
  CHECK(client::overhead_bytes(rescue) == 69);
  CHECK(client::wire_kbps(rescue) == Catch::Approx((69 + 54) * 8 / 120.0));
  CHECK(client::added_delay(rescue) == 360ms);
}

TEST_CASE("what stays lost is what a simulation of the same chain leaves") {
  MediaPlan plan;
  struct Row {
    CopyOffsets copies;
    double loss, burst;
  };
  const Row rows[] = {{{}, 0.2, 1.25},          {{{1}, 1}, 0.2, 1.25}, {{{1, 2}, 2}, 0.2, 1.25},
                      {{{1, 2}, 2}, 0.2, 3},    {{{1, 3}, 2}, 0.2, 3}, {{{2, 5}, 2}, 0.2, 3},
                      {{{1, 2, 3}, 3}, 0.3, 2}, {{{3, 6}, 2}, 0.1, 6}};
  for (const Row& row : rows) {
    plan.copies = row.copies;
    CAPTURE(row.copies.count, row.copies.span_packets(), row.loss, row.burst);
    const double computed =
        client::residual_loss_percent(plan, path(row.loss * 100, row.burst, plan.packet_time()));
    const double seen = simulated_residual(plan, row.loss, row.burst);
    CHECK(computed == Catch::Approx(seen).epsilon(0.06).margin(0.05));
  }
  CHECK(client::residual_loss_percent(plan, path(0)) == 0.0);
}

TEST_CASE("bursts are a matter of time: the same burst is shorter in longer packets") {
  MediaPlan plan;
  plan.copies = {{1, 2}, 2};
  const double short_packets = client::residual_loss_percent(plan, path(20, 3, 20ms));
  const double long_packets = client::residual_loss_percent(plan, path(20, 3, 60ms));
  CHECK(short_packets < 0.5 * long_packets);
}

TEST_CASE("each profile's plan keeps its rate and delay, and meets its residual loss") {
  for (const MediaProfile profile : kProfiles) {
    CAPTURE(client::name(profile));
    const client::PlanLimits limits = client::limits_of(profile);
    for (const double loss : {0.0, 1.0, 3.0, 5.0, 10.0, 20.0, 30.0, 40.0, 60.0}) {
      for (const double burst : {1.0, 3.0, 6.0}) {
        CAPTURE(loss, burst);
        const MediaPlan plan = client::plan_media(path(loss, burst), limits);
        REQUIRE(client::is_valid(plan));
        const bool clean = plan.copies.count == 0;
        CHECK(client::wire_kbps(plan) <= (clean ? limits.max_kbps_clean : limits.max_kbps));
        CHECK(client::added_delay(plan) <=
              (clean ? limits.max_added_delay_clean : limits.max_added_delay));
      }
    }
    CHECK(client::plan_media(path(0), limits).copies.count == 0);
    const auto left = [&](double loss) {
      const PathEstimate p = path(loss);
      return client::residual_loss_percent(client::plan_media(p, limits), p);
    };
    CHECK(left(10) <= 0.11);
    CHECK(left(20) <= 1.0);
    CHECK(left(30) <= 3.0);
  }
}

TEST_CASE("against bursts the copies are spread") {
  const client::PlanLimits limits = client::limits_of(MediaProfile::kGood);
  const MediaPlan independent = client::plan_media(path(20), limits);
  const MediaPlan bursts = client::plan_media(path(20, 3, 20ms), limits);
  CHECK(bursts.copies.span_packets() > independent.copies.span_packets());
  CHECK(client::residual_loss_percent(bursts, path(20, 3, 20ms)) <= 4.0);
}

TEST_CASE("a long round trip alone never lowers the codec") {
  for (const MediaProfile profile : kProfiles) {
    CAPTURE(client::name(profile));
    const client::PlanLimits limits = client::limits_of(profile);
    const MediaPlan near = client::plan_media(path(0), limits);
    for (const Duration rtt : {Duration(300ms), Duration(600ms), Duration(1200ms)}) {
      PathEstimate far = path(0);
      far.rtt = rtt;
      const MediaPlan plan = client::plan_media(far, limits);
      CHECK(plan.codec == near.codec);
      CHECK(plan.codec_bps == near.codec_bps);
      CHECK(plan.copies.count == 0);
    }
  }
}

TEST_CASE(
    "less available rate means a lower codec rate, down to Codec2, never more than there is") {
  const client::PlanLimits limits = client::limits_of(MediaProfile::kGood);
  double before = 0;
  for (const double kbps : {6.0, 8.0, 10.0, 16.0, 18.0, 24.0, 32.0, 50.0, 100.0}) {
    CAPTURE(kbps);
    PathEstimate p = path(0);
    p.available_kbps = kbps;
    const MediaPlan plan = client::plan_media(p, limits);
    CHECK(client::wire_kbps(plan) <= kbps);
    const double quality = 100 - client::impairment(plan, p);
    CHECK(quality >= before);
    before = quality;
  }
  PathEstimate hopeless = path(50);
  hopeless.available_kbps = 1;
  const MediaPlan cheapest = client::plan_media(hopeless, limits);
  CHECK(cheapest.codec == proto::CodecId::kCodec2_1200);
  CHECK(cheapest.copies.count == 0);
}

TEST_CASE("a plan that no encoder or packet can carry is not valid") {
  CHECK(client::is_valid(MediaPlan{}));
  MediaPlan plan;
  plan.codec = proto::CodecId::kComfortNoise;
  CHECK_FALSE(client::is_valid(plan));
  plan = {};
  plan.codec_bps = 5999;
  CHECK_FALSE(client::is_valid(plan));
  plan = {};
  plan.frame_ms = 30;
  CHECK_FALSE(client::is_valid(plan));
  plan = {};
  plan.frame_ms = 60;
  plan.frames_per_packet = 3;
  CHECK_FALSE(client::is_valid(plan));
  plan = {};
  plan.copies = {{2, 2}, 2};
  CHECK_FALSE(client::is_valid(plan));
  plan.copies = {{1, 7}, 2};
  CHECK_FALSE(client::is_valid(plan));
  const MediaPlan codec2_at_opus_rate{proto::CodecId::kCodec2_1200, 24000, 40, 3, {}};
  CHECK_FALSE(client::is_valid(codec2_at_opus_rate));
}
