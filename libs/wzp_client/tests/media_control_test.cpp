// The sender's decisions, from reports made by hand. The closed loop: closed_loop_test.cpp.
#include "wzp/client/media_control.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>

using namespace wzp;
using namespace std::chrono_literals;
using client::MediaControl;
using proto::SenderKey;
using std::chrono::milliseconds;

namespace {

constexpr SenderKey kMe{1};
constexpr Instant kStart{1h};

/// A listener that reports each 480 ms about 25 packets a second of 180 bytes.
struct Listener {
  SenderKey key{2};
  double loss = 0;
  double kbps_through = 1000;  // of what the plan sends; the rest stands in a queue
  std::uint8_t cap = 0;
  double queue_ms = 0;
  double received = 0;
  double lost = 0;
  std::uint16_t newest = 0;

  proto::MediaFeedback report(double sent_kbps, double at_seconds) {
    const double packets = 12;
    const double growth = std::max(-queue_ms, (sent_kbps / kbps_through - 1) * 480);
    queue_ms += growth;
    newest = static_cast<std::uint16_t>(newest + 12);
    received += packets * (1 - loss);
    lost += packets * loss;
    proto::MediaFeedback out;
    out.at_ms = static_cast<std::uint16_t>(at_seconds * 1000);
    out.cap_kbps = cap;
    out.count = 1;
    proto::SenderFeedback& s = out.senders[0];
    s.sender = kMe;
    s.newest = SeqNo16(newest);
    s.received = static_cast<std::uint16_t>(received);
    s.loss_runs = static_cast<std::uint8_t>(lost);
    s.bytes_by_4 = static_cast<std::uint16_t>(received * 45);
    s.delay_ms = static_cast<std::uint16_t>(1000 + queue_ms);
    return out;
  }
};

/// Everybody reports for `seconds`. Returns the time at the end.
double run(MediaControl& control, std::vector<Listener*> listeners, double from, double seconds) {
  double t = from;
  for (; t < from + seconds; t += 0.48) {
    const Instant now = kStart + milliseconds(static_cast<int>(t * 1000));
    control.on_sent(SeqNo16(static_cast<std::uint16_t>(t * 25 + 20)));
    for (Listener* l : listeners) {
      control.on_feedback(l->key, l->report(wire_kbps(control.plan()), t), kMe, now);
    }
    control.update(now);
  }
  return t;
}

bool is_codec2(const client::MediaPlan& plan) {
  return plan.codec == proto::CodecId::kCodec2_1200 || plan.codec == proto::CodecId::kCodec2_3200;
}

}  // namespace

TEST_CASE("without reports the plan is the best one that is believed to fit") {
  MediaControl control;
  CHECK(control.plan().codec_bps >= 22'000);
  CHECK(control.plan().copies.count == 0);
  CHECK(control.legacy_profile() == proto::kProfileGood);
  for (int i = 0; i < 100; ++i) control.update(kStart + i * 1s);
  CHECK(control.plan().codec_bps >= 22'000);
}

TEST_CASE("loss brings copies, and takes them away when it ends") {
  MediaControl control;
  Listener l;
  double t = run(control, {&l}, 0, 10);
  CHECK(control.plan().copies.count == 0);
  l.loss = 0.2;
  t = run(control, {&l}, t, 15);
  CHECK(control.plan().copies.count >= 1);
  CHECK_FALSE(is_codec2(control.plan()));
  CHECK(control.expected_loss() >= 15);
  CHECK(wire_kbps(control.plan()) <= 50);
  l.loss = 0;
  run(control, {&l}, t, 180);
  CHECK(control.plan().copies.count == 0);
  CHECK(control.expected_loss() == 0);
}

TEST_CASE("a long round trip in the reports never lowers the codec") {
  MediaControl control;
  Listener l;
  transport::ConnectionStats stats;
  stats.smoothed_rtt = 600ms;
  control.on_transport(stats, kStart);
  run(control, {&l}, 0, 60);
  CHECK(control.plan().codec_bps >= 22'000);
  CHECK(control.state(kStart + 60s).shape_changes == 0);
}

TEST_CASE("packets thrown away by our own transport lower the rate") {
  MediaControl control;
  Listener l;
  double t = run(control, {&l}, 0, 5);
  const double before = control.state(kStart + 5s).path.available_kbps;
  transport::ConnectionStats stats;
  control.on_transport(stats, kStart + 5s);
  for (int i = 0; i < 6; ++i) {
    stats.datagrams_dropped_aged += 3;
    control.on_transport(stats, kStart + 5s + i * 1s);
    t = run(control, {&l}, t, 1);
  }
  CHECK(control.state(kStart + 11s).path.available_kbps < 0.7 * before);
}

TEST_CASE("a listener's cap is honoured at once and given up when it is lifted") {
  MediaControl control;
  Listener l;
  l.cap = 12;
  double t = run(control, {&l}, 0, 3);
  CHECK(wire_kbps(control.plan()) <= 12);
  l.cap = 0;
  run(control, {&l}, t, 10);
  CHECK(wire_kbps(control.plan()) > 30);
}

TEST_CASE("one of several listeners cannot pull everybody down, two can") {
  MediaControl control;
  Listener good;
  Listener better;
  Listener liar;
  better.key = SenderKey{3};
  liar.key = SenderKey{4};
  liar.cap = 6;
  liar.loss = 0.9;
  double t = run(control, {&good, &better, &liar}, 0, 20);
  const auto state = control.state(kStart + 20s);
  CHECK(state.listeners == 3);
  CHECK(state.path.available_kbps >= 24);
  CHECK(state.path.loss_percent <= 10);
  CHECK_FALSE(is_codec2(control.plan()));
  better.cap = 7;
  t = run(control, {&good, &better, &liar}, t, 5);
  CHECK(wire_kbps(control.plan()) <= 7);
}

TEST_CASE("a report about packets that were never sent is refused") {
  MediaControl control;
  Listener l;
  const double t = run(control, {&l}, 0, 2);
  const Instant now = kStart + 2s;
  auto lie = l.report(36, t);
  lie.senders[0].newest = SeqNo16(static_cast<std::uint16_t>(t * 25 + 1000));
  lie.cap_kbps = 6;
  control.on_feedback(l.key, lie, kMe, now);
  control.update(now + 200ms);
  CHECK(control.state(now).feedback_refused == 1);
  CHECK(wire_kbps(control.plan()) > 30);
  // And one about somebody else is none of our business.
  control.on_feedback(SenderKey{9}, l.report(36, t), SenderKey{77}, now);
  CHECK(control.state(now).listeners == 1);
}

TEST_CASE("a listener that says nothing for five seconds no longer counts") {
  MediaControl control;
  Listener good;
  Listener bad;
  bad.key = SenderKey{3};
  bad.cap = 24;
  double t = run(control, {&good, &bad}, 0, 5);
  CHECK(wire_kbps(control.plan()) <= 24);
  t = run(control, {&good}, t, 15);
  CHECK(wire_kbps(control.plan()) > 30);
  bad.cap = 24;
  t = run(control, {&good, &bad}, t, 3);
  CHECK(wire_kbps(control.plan()) <= 24);
  control.on_listener_left(bad.key);
  run(control, {&good}, t, 10);
  CHECK(wire_kbps(control.plan()) > 30);
}

TEST_CASE("a forced profile holds on a good path and on a bad one, and is released at once") {
  MediaControl control;
  Listener l;
  double t = run(control, {&l}, 0, 5);
  control.force(client::MediaProfile::kRescue, kStart + 5s);
  CHECK(is_codec2(control.plan()));
  CHECK(control.legacy_profile() == proto::kProfileCatastrophic);
  t = run(control, {&l}, t, 20);
  CHECK(wire_kbps(control.plan()) <= 8.3);
  CHECK(control.forced() == client::MediaProfile::kRescue);
  control.release(kStart + milliseconds(static_cast<int>(t * 1000)));
  CHECK(control.plan().codec_bps >= 20'000);
  CHECK(control.legacy_profile() == proto::kProfileGood);
  CHECK_FALSE(control.forced());

  control.force(client::MediaProfile::kGood, kStart + milliseconds(static_cast<int>(t * 1000)));
  l.loss = 0.3;
  t = run(control, {&l}, t, 20);
  CHECK(control.plan().copies.count >= 1);
  l.cap = 20;
  run(control, {&l}, t, 3);
  CHECK(wire_kbps(control.plan()) <= 20);
}

TEST_CASE("legacy reports set the expected loss; their round trip matters on request only") {
  MediaControl control;
  client::MediaControlOptions by_the_book;
  by_the_book.legacy_thresholds = proto::kClientThresholds;
  MediaControl strict(by_the_book);
  for (int i = 0; i < 20; ++i) {
    const proto::QualityReport report{51, 200, 10, 0};  // 20 % loss, 800 ms
    control.on_report(SenderKey{2}, report, kStart + i * 1s);
    control.update(kStart + i * 1s);
    strict.on_report(SenderKey{2}, report, kStart + i * 1s);
    strict.update(kStart + i * 1s);
  }
  CHECK(control.legacy_profile() == proto::kProfileGood);
  CHECK(control.expected_loss() >= 15);
  CHECK(strict.legacy_profile() == proto::kProfileCatastrophic);
  // A cap below what Good costs does matter.
  for (int i = 20; i < 30; ++i) {
    control.on_report(SenderKey{2}, {0, 200, 10, 30}, kStart + i * 1s);
    control.update(kStart + i * 1s);
  }
  CHECK(control.legacy_profile() == proto::kProfileDegraded);
}
