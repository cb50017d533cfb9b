#include "wzp/client/feedback_reporter.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <map>

#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace std::chrono_literals;
using client::FeedbackReporter;
using proto::SenderKey;
using std::chrono::milliseconds;

namespace {

constexpr Instant kStart{1h};
constexpr std::size_t kRoom = 300;

/// One sender of 60 ms packets of 60 bytes, reported on with each of the listener's own packets.
struct Room {
  FeedbackReporter reporter;
  std::uint64_t bytes = 0;
  std::vector<double> times;
  proto::MediaFeedback last;

  void packet(std::uint32_t key, int n, milliseconds transit = 50ms) {
    reporter.on_packet(SenderKey{key}, SeqNo16(static_cast<std::uint16_t>(n)),
                       MediaTime32(0) + 60 * n, 60, kStart + milliseconds(60) * n + transit);
  }
  bool poll(bool riding, Instant now) {
    const auto feedback = reporter.poll(riding, kRoom, now);
    if (!feedback) return false;
    last = *feedback;
    bytes += encoded_size(*feedback);
    times.push_back(std::chrono::duration<double>(now - kStart).count());
    return true;
  }
};

double kbps(std::uint64_t bytes, double seconds) {
  return static_cast<double>(bytes) * 8 / 1000 / seconds;
}

}  // namespace

TEST_CASE("a sender that is heard well is told so twice a second, one that is not more often") {
  for (const bool lossy : {false, true}) {
    CAPTURE(lossy);
    Room room;
    SeededRng rng(3);
    for (int n = 0; n < 1000; ++n) {
      if (!lossy || rng.next_unit() > 0.2) room.packet(1, n);
      room.poll(true, kStart + milliseconds(60) * n + 55ms);
    }
    const double rate = kbps(room.bytes, 60);
    std::printf("feedback about one sender, %s: %.2f kbit/s\n", lossy ? "20 % loss" : "clean",
                rate);
    CHECK(rate <= 0.7);
    const auto reports = room.times.size();
    if (lossy) {
      CHECK(reports > 150);
    } else {
      CHECK(reports >= 110);
      CHECK(reports <= 125);
    }
    CHECK(room.last.find(SenderKey{1}) != nullptr);
  }
}

TEST_CASE("a queue that grows is reported at once") {
  Room room;
  for (int n = 0; n < 50; ++n) {
    room.packet(1, n);
    room.poll(true, kStart + milliseconds(60) * n + 55ms);
  }
  const auto before = room.times.size();
  for (int n = 50; n < 60; ++n) {
    room.packet(1, n, 50ms + 30ms * (n - 49));
    room.poll(true, kStart + milliseconds(60) * n + 55ms + 30ms * (n - 49));
    if (n == 52) CHECK(room.times.size() > before);
  }
  CHECK(room.last.senders[0].delay_ms + 4 * room.last.senders[0].rise_4ms >= 50 + 240 - 60);
}

TEST_CASE("twenty senders take turns, and the budget stays") {
  Room room;
  std::map<std::uint32_t, int> told;
  for (int n = 0; n < 1000; ++n) {
    for (std::uint32_t key = 1; key <= 20; ++key) room.packet(key, n);
    if (room.poll(true, kStart + milliseconds(60) * n + 55ms)) {
      for (const auto& s : room.last.reports()) ++told[s.sender.value];
    }
  }
  CHECK(kbps(room.bytes, 60) <= 0.7);
  REQUIRE(told.size() == 20);
  for (const auto& [key, times] : told) {
    CAPTURE(key, times);
    CHECK(times >= 8);
  }
}

TEST_CASE("who does not speak reports once a second, and not about who does not either") {
  Room room;
  for (int n = 0; n < 500; ++n) {
    room.packet(1, n);
    room.poll(false, kStart + milliseconds(60) * n + 55ms);
  }
  CHECK(room.times.size() >= 28);
  CHECK(room.times.size() <= 31);
  const auto before = room.times.size();
  for (int n = 500; n < 1000; ++n) room.poll(false, kStart + milliseconds(60) * n + 55ms);
  CHECK(room.times.size() <= before + 3);
}

TEST_CASE("a legacy peer is reported on each second, as loss of that second") {
  Room room;
  int reports = 0;
  float loss = 0;
  for (int n = 0; n < 500; ++n) {
    if (n % 5 != 0) room.packet(1, n);
    const Instant now = kStart + milliseconds(60) * n + 55ms;
    if (const auto report = room.reporter.poll_quality_report(SenderKey{1}, 80ms, now)) {
      ++reports;
      loss += report->loss_percent();
      CHECK(report->rtt() == 80ms);
      CHECK(report->bitrate_cap_kbps == 0);
    }
  }
  CHECK(reports >= 28);
  CHECK(reports <= 30);
  CHECK(loss / static_cast<float>(reports) == Catch::Approx(20).margin(2));
}

TEST_CASE("what may be received in all is shared by those who speak") {
  client::FeedbackOptions options;
  options.max_receive_kbps = 60;
  FeedbackReporter reporter(options);
  CHECK(reporter.cap_kbps(kStart) == 60);
  for (std::uint32_t key = 1; key <= 3; ++key) {
    reporter.on_packet(SenderKey{key}, SeqNo16(1), MediaTime32(60), 60, kStart);
  }
  CHECK(reporter.cap_kbps(kStart) == 20);
  CHECK(reporter.cap_kbps(kStart + 10s) == 60);
}

TEST_CASE("two senders whose packets queue on the way to us are asked for less, for a while") {
  Room room;
  int n = 0;
  for (; n < 100; ++n) {
    room.packet(1, n);
    room.packet(2, n);
  }
  CHECK(room.reporter.cap_kbps(kStart + milliseconds(60) * n) == 0);
  for (; n < 150; ++n) {
    const auto late = std::min<milliseconds>(50ms + 10ms * (n - 99), 350ms);
    room.packet(1, n, late);
    room.packet(2, n, late);
  }
  const auto cap = room.reporter.cap_kbps(kStart + milliseconds(60) * n + 350ms);
  CHECK(cap > 0);
  CHECK(cap < 20);  // each sends about 15
  CHECK(room.reporter.cap_kbps(kStart + 60s) == 0);
}
