// Sender, path, listener and the way back: what the loop does on paths that change. Packets hold
// nothing here; with recorded speech: closed_loop_speech_test.cpp.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdio>

#include "loop_simulation.hpp"
#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace wzp::test;
using namespace std::chrono_literals;

namespace {

/// Changes the bottleneck's rate when `kbps_at` says so.
auto with_rate(std::function<std::uint64_t(double)> kbps_at) {
  return [kbps_at](transport::Channel& channel, transport::ChannelConfig& config, double t) {
    const std::uint64_t bits = kbps_at(t) * 1000;
    if (config.rate_bits_per_second == bits) return;
    config.rate_bits_per_second = bits;
    channel.set_config(config);
  };
}

/// Seconds from `from` until the codec's rate has been at least `bps` for a second.
double seconds_until_rate(const LoopResult& r, double from, std::uint32_t bps) {
  int run = 0;
  for (const LoopSample& s : r.samples) {
    if (s.at < from) continue;
    const bool opus = s.plan.codec == proto::CodecId::kOpus24k;
    run = opus && s.plan.codec_bps >= bps ? run + 1 : 0;
    if (run == 10) return s.at - 0.9 - from;
  }
  return 1e9;
}

bool is_opus(const client::MediaPlan& plan) {
  return plan.codec != proto::CodecId::kCodec2_1200 && plan.codec != proto::CodecId::kCodec2_3200;
}

void print(const char* what, const LoopResult& r, double seconds) {
  std::printf(
      "%s: queue above 300 ms %.1f s in one piece, above 150 ms %.1f s, wire %.1f kbit/s, "
      "%llu shape changes, feedback %.2f kbit/s\n",
      what, r.seconds_above(300), r.seconds_above(150), r.mean_kbps(5, seconds),
      static_cast<unsigned long long>(r.shape_changes),
      static_cast<double>(r.feedback_bytes) * 8 / 1000 / seconds);
}

}  // namespace

TEST_CASE("closed loop: a bottleneck from 100 to 20 kbit/s and back") {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    CAPTURE(seed);
    LoopPath path = plain_loop_path();
    path.forward.seed = seed;
    path.change = with_rate([](double t) { return t < 30 || t >= 60 ? 100U : 20U; });
    PlainLoopMedia media;
    const LoopResult r = run_loop(path, media, 90);
    print("bottleneck 100-20-100 kbit/s", r, 90);
    const double recovered = seconds_until_rate(r, 60, 21'800);
    std::printf("  recovered to 95 %% of the codec's rate after %.1f s; %.1f kbit/s at 20\n",
                recovered, r.mean_kbps(35, 60));
    CHECK(r.seconds_above(300) <= 1.0);
    CHECK(recovered <= 10);
    CHECK(r.mean_kbps(35, 60) >= 13);
    CHECK(r.mean_kbps(35, 60) <= 20);
    CHECK(r.lost == 0);
    CHECK(r.shape_changes <= 15);
  }
}

TEST_CASE("closed loop: a satellite path of 600 ms without loss stays in the best profile") {
  LoopPath path = plain_loop_path();
  path.forward.delay = path.back.delay = 300ms;
  path.rtt_known = 600ms;
  PlainLoopMedia media;
  const LoopResult r = run_loop(path, media, 60);
  print("satellite, 600 ms", r, 60);
  for (const LoopSample& s : r.samples) REQUIRE(s.plan.codec_bps >= 22'000);
  CHECK(r.shape_changes == 0);
}

TEST_CASE("closed loop: random loss without a queue brings copies, never the rescue codec") {
  for (const double loss : {0.1, 0.3}) {
    LoopPath path = plain_loop_path();
    path.forward.loss_rate = loss;
    path.back.loss_rate = loss;
    PlainLoopMedia media;
    const LoopResult r = run_loop(path, media, 60);
    print(loss < 0.2 ? "10 % random loss" : "30 % random loss", r, 60);
    for (const LoopSample& s : r.samples) {
      REQUIRE(is_opus(s.plan));
      REQUIRE(s.plan.codec_bps >= 8500);
    }
    CHECK(r.samples.back().plan.copies.count >= 1);
    CHECK(r.shape_changes <= 4);
  }
}

TEST_CASE("closed loop: 30 ms of jitter is no queue") {
  LoopPath path = plain_loop_path();
  path.forward.jitter = 30ms;
  path.forward.jitter_model = transport::JitterModel::kNormal;
  PlainLoopMedia media;
  const LoopResult r = run_loop(path, media, 60);
  CHECK(r.shape_changes == 0);
  CHECK(r.mean_kbps(0, 60) > 36);
}

TEST_CASE("closed loop: narrow links are used, with bounded queue and few changes") {
  for (const unsigned kbps : {12U, 16U, 20U, 25U, 30U}) {
    CAPTURE(kbps);
    LoopPath path = plain_loop_path();
    path.change = with_rate([kbps](double) { return kbps; });
    PlainLoopMedia media;
    LoopResult r = run_loop(path, media, 120);
    std::printf("%u kbit/s: ", kbps);
    print("narrow link", r, 120);
    CHECK(r.mean_kbps(30, 120) >= 0.7 * kbps);
    // Until the first reports come the sender believes in 50 kbit/s.
    r.samples.erase(r.samples.begin(), r.samples.begin() + 100);
    CHECK(r.seconds_above(300) <= 1.0);
    CHECK(r.shape_changes <= 24);  // twelve a minute
  }
}

TEST_CASE("closed loop: beside TCP, which fills the queue, the rate is not given away") {
  for (const auto growth : {TcpFlow::Growth::kReno, TcpFlow::Growth::kCubic}) {
    for (const unsigned kbps : {300U, 1000U}) {
      LoopPath path = plain_loop_path();
      path.forward.jitter = 0ms;
      path.forward.rate_bits_per_second = kbps * 1000;
      path.forward.queue_bytes = kbps * 1000 / 8 / 4;  // 250 ms
      path.tcp = growth;
      PlainLoopMedia media;
      const LoopResult r = run_loop(path, media, 120);
      std::printf("%s on %u kbit/s: TCP gets %.0f; ",
                  growth == TcpFlow::Growth::kReno ? "Reno" : "CUBIC", kbps, r.tcp_kbps);
      print("we", r, 120);
      CHECK(r.tcp_kbps > 0.4 * kbps);  // the model does compete
      CHECK(r.mean_kbps(20, 120) >= 24);
      CHECK(r.shape_changes <= 20);
    }
  }
}

TEST_CASE("closed loop: an outage of three seconds is survived, and the rate comes back") {
  LoopPath path = plain_loop_path();
  path.change = [](transport::Channel& channel, transport::ChannelConfig&, double t) {
    channel.set_blackout(t >= 20 && t < 23);
  };
  PlainLoopMedia media;
  const LoopResult r = run_loop(path, media, 60);
  CHECK(is_opus(r.samples.back().plan));
  CHECK(r.samples.back().plan.codec_bps >= 9000);
  CHECK(r.shape_changes <= 6);
}

TEST_CASE("closed loop: stalls of up to 1.5 s, ten a minute, are no queue of ours") {
  LoopPath path = plain_loop_path();
  path.forward.jitter = 20ms;
  SeededRng rng(9);
  std::vector<std::pair<double, double>> stalls;
  for (double t = 3; t < 120;) {
    const double length = 0.2 + 1.3 * rng.next_unit();
    stalls.emplace_back(t, t + length);
    t += length - 6 * std::log(1 - rng.next_unit());
  }
  path.stalled = [&stalls](double t) {
    return std::any_of(stalls.begin(), stalls.end(),
                       [t](const auto& s) { return t >= s.first && t < s.second; });
  };
  PlainLoopMedia media;
  const LoopResult r = run_loop(path, media, 120);
  std::printf("%zu stalls: ", stalls.size());
  print("stalling radio link", r, 120);
  CHECK(r.mean_kbps(5, 120) >= 30);
  CHECK(r.shape_changes <= 24);
}

TEST_CASE("closed loop: feedback costs at most 0.7 kbit/s, also in trouble") {
  LoopPath path = plain_loop_path();
  path.forward.loss_rate = 0.3;
  path.change = with_rate([](double t) { return static_cast<int>(t) % 10 < 5 ? 40U : 15U; });
  PlainLoopMedia media;
  const LoopResult r = run_loop(path, media, 60);
  print("30 % loss on a link of 15 and 40 kbit/s in turn", r, 60);
  CHECK(static_cast<double>(r.feedback_bytes) * 8 / 1000 / 60 <= 0.7);
}
