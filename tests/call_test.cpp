// Whole calls: real relay, real QUIC, real codecs, recorded speech; simulated network and time.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cmath>

#include "support/recordings.hpp"
#include "support/simulated_world.hpp"
#include "wzp/codec/alignment.hpp"

using namespace wzp;
using namespace std::chrono_literals;
using client::CallOptions;
using client::CallStatistics;

namespace {

constexpr std::chrono::milliseconds kOneWay{20};

transport::ChannelConfig path(double loss = 0, std::chrono::milliseconds jitter = 0ms) {
  transport::ChannelConfig c;
  c.delay = kOneWay;
  c.loss_rate = loss;
  c.jitter = jitter;
  return c;
}

CallOptions in_room(const proto::QualityProfile& profile = proto::kProfileGood) {
  CallOptions options;
  options.server_name = "46de10172c0bd3222eea8f521ac04d59";
  options.profile = profile;
  return options;
}

/// Each played frame has one origin.
void check_sum(const client::ReceiveStatistics& r) {
  CHECK(r.frames_played ==
        r.frames_received + r.frames_recovered + r.frames_concealed + r.frames_comfort);
}

}  // namespace

TEST_CASE("on a perfect path every frame is played once, none is concealed, and delay stays") {
  test::SimWorld world;
  const int seconds = 300;
  test::SimClient& listener = world.add_client(in_room(), {}, path(), path());
  test::SimClient& speaker =
      world.add_client(in_room(), test::repeated(test::long_speech(), seconds), path(), path());
  REQUIRE(world.run_until_active());

  std::vector<double> delays;
  for (int s = 0; s < seconds; s += 10) {
    world.net.run_for(10s);
    delays.push_back(listener.call.statistics().receive.delay.quantile(0.5));
  }
  CHECK(world.net.run_until([&] { return speaker.call.source_ended(); }, 5s));
  speaker.hang_up();
  world.net.run_for(2s);

  const CallStatistics heard = listener.call.statistics();
  const std::uint64_t sent = speaker.call.statistics().frames_sent;
  CHECK(sent == static_cast<std::uint64_t>(seconds) * 50);
  CHECK(heard.receive.frames_received == sent);
  CHECK(heard.receive.frames_played == sent);
  CHECK(heard.receive.frames_concealed == 0);
  CHECK(heard.receive.frames_late == 0);
  CHECK(heard.receive.frames_discarded == 0);
  check_sum(heard.receive);
  for (const double delay : delays) CHECK(std::abs(delay - delays.front()) <= 20.0);
}

TEST_CASE("each profile carries speech through the relay") {
  struct Row {
    const char* name;
    proto::QualityProfile profile;
    double min_contour;
  };
  const Row rows[] = {{"good", proto::kProfileGood, 0.9},
                      {"degraded", proto::kProfileDegraded, 0.85},
                      {"catastrophic", proto::kProfileCatastrophic, 0.75}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    test::SimWorld world;
    const auto speech = test::long_speech();
    test::SimClient& listener = world.add_client(in_room(), {}, path(), path());
    test::SimClient& speaker = world.add_client(in_room(row.profile), speech, path(), path());
    REQUIRE(world.run_until_active());
    CHECK(world.net.run_until([&] { return speaker.call.source_ended(); }, 30s));
    speaker.hang_up();
    world.net.run_for(3s);
    const auto found = codec::align_envelopes(speech, listener.sink.mixed, 0, 48000);
    CHECK(found.correlation > row.min_contour);
    const CallStatistics heard = listener.call.statistics();
    // A last frame that is only half spoken is filled with silence: one more 20 ms may be heard.
    const std::uint64_t sent = speaker.call.statistics().frames_sent;
    CHECK(heard.receive.frames_received >= sent);
    CHECK(heard.receive.frames_received <= sent + 1);
    CHECK(heard.receive.frames_concealed == 0);
    check_sum(heard.receive);
  }
}

TEST_CASE(
    "half of what 10 percent loss takes is recovered in time, and every frame has an origin") {
  test::SimWorld world;
  const int seconds = 400;  // 20,000 frames
  test::SimClient& listener = world.add_client(in_room(), {}, path(), path());
  test::SimClient& speaker = world.add_client(
      in_room(), test::repeated(test::long_speech(), seconds), path(0.10, 30ms), path());
  REQUIRE(world.run_until_active());
  CHECK(world.net.run_until([&] { return speaker.call.source_ended(); }, 410s));
  speaker.hang_up();
  world.net.run_for(3s);

  const CallStatistics heard = listener.call.statistics();
  const auto& r = heard.receive;
  const std::uint64_t sent = speaker.call.statistics().frames_sent;
  const std::uint64_t lost = sent - r.frames_received - r.frames_late;
  INFO("sent " << sent << " received " << r.frames_received << " recovered " << r.frames_recovered
               << " concealed " << r.frames_concealed << " late " << r.frames_late << " comfort "
               << r.frames_comfort);
  CHECK(sent == 20000);
  CHECK(lost > 1700);
  CHECK(lost < 2300);
  CHECK(r.frames_recovered >= lost / 2);
  check_sum(r);
}

TEST_CASE("of three in a room each hears both others, each on a track of its own") {
  test::SimWorld world;
  const auto a = test::repeated(test::speaker_a(), 6);
  const auto b = test::repeated(test::speaker_b(), 6);
  test::SimClient& listener = world.add_client(in_room(), {}, path(), path());
  world.add_client(in_room(), a, path(), path());
  world.add_client(in_room(), b, path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(7s);

  REQUIRE(listener.sink.tracks.size() == 2);
  const auto& of_a = listener.sink.tracks.begin()->second;
  const auto& of_b = std::next(listener.sink.tracks.begin())->second;
  CHECK(codec::align(a, of_a, 0, 24000).correlation > 0.8);
  CHECK(codec::align(b, of_b, 0, 24000).correlation > 0.8);
  CHECK(codec::align(a, of_b, 0, 24000).correlation < 0.2);
  CHECK(codec::align(b, of_a, 0, 24000).correlation < 0.2);
  CHECK(listener.call.participants().size() == 2);
}

TEST_CASE("a reference client and one that allows it hear each other") {
  test::SimWorld world;
  const auto a = test::repeated(test::speaker_a(), 4);
  const auto b = test::repeated(test::speaker_b(), 4);
  CallOptions reference = in_room();
  reference.plain_reference_client = true;
  test::SimClient& legacy = world.add_client(reference, a, path(), path());
  CallOptions tolerant = in_room();
  tolerant.allow_unencrypted_peers = true;
  test::SimClient& capable = world.add_client(tolerant, b, path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(5s);

  CHECK(codec::align(b, legacy.sink.mixed, 0, 24000).correlation > 0.8);
  CHECK(codec::align(a, capable.sink.mixed, 0, 24000).correlation > 0.8);
  REQUIRE(capable.call.participants().size() == 1);
  CHECK(capable.call.participants()[0].is_legacy);
  CHECK(legacy.call.participants().empty());
}

TEST_CASE("a reference client tells two senders apart when they started apart") {
  test::SimWorld world;
  CallOptions reference = in_room();
  reference.plain_reference_client = true;
  CallOptions tolerant = in_room();
  tolerant.allow_unencrypted_peers = true;
  const auto a = test::repeated(test::speaker_a(), 12);
  const auto b = test::repeated(test::speaker_b(), 6);
  test::SimClient& listener = world.add_client(reference, {}, path(), path());
  world.add_client(tolerant, a, path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(5s);
  world.add_client(tolerant, b, path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(8s);

  REQUIRE(listener.sink.tracks.size() == 2);
  const auto& of_a = listener.sink.tracks.begin()->second;
  const auto& of_b = std::next(listener.sink.tracks.begin())->second;
  CHECK(codec::align(a, of_a, 0, 24000).correlation > 0.8);
  CHECK(codec::align(b, of_b, 5 * 48000 - 4800, 6 * 48000).correlation > 0.8);
}

TEST_CASE("who hangs up leaves the room at once, and what was said is still heard") {
  test::SimWorld world;
  const auto a = test::speaker_a();
  test::SimClient& listener = world.add_client(in_room(), {}, path(), path());
  test::SimClient& speaker = world.add_client(in_room(), a, path(), path());
  REQUIRE(world.run_until_active());
  REQUIRE(world.net.run_until([&] { return speaker.call.source_ended(); }, 10s));
  speaker.hang_up();
  REQUIRE(
      world.net.run_until([&] { return speaker.call.state() == client::CallState::kClosed; }, 2s));
  CHECK(speaker.call.end().reason == client::CallEnd::Reason::kHungUp);
  CHECK(world.net.run_until([&] { return listener.call.participants().empty(); }, 1s));
  world.net.run_for(1s);
  CHECK(world.relay.participant_count() == 1);
  const CallStatistics heard = listener.call.statistics();
  CHECK(heard.receive.frames_received == speaker.call.statistics().frames_sent);
  CHECK(heard.receive.frames_concealed == 0);
}

TEST_CASE("a relay that shuts down tells everybody") {
  test::SimWorld world;
  test::SimClient& client = world.add_client(in_room(), {}, path(), path());
  REQUIRE(world.run_until_active());
  world.net.at(world.net.now(), world.relay_driver.host(),
               [&](Instant now) { world.relay.shut_down(now); });
  REQUIRE(
      world.net.run_until([&] { return client.call.state() == client::CallState::kClosed; }, 1s));
  CHECK(client.call.end().reason == client::CallEnd::Reason::kRelayClosed);
  CHECK(client.call.end().message.find("shutting down") != std::string::npos);
}

TEST_CASE("who vanishes without a word is out of the room within 20 seconds") {
  test::SimWorld world;
  test::SimClient& stays = world.add_client(in_room(), {}, path(), path());
  test::SimClient& vanishes = world.add_client(in_room(), test::speaker_a(), path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(1s);
  const auto relay = world.relay_driver.host();
  world.net.channel(vanishes.driver.host(), relay).set_blackout(true);
  world.net.channel(relay, vanishes.driver.host()).set_blackout(true);
  CHECK(world.net.run_until([&] { return world.relay.participant_count() == 1; }, 20s));
  world.net.run_for(1s);
  CHECK(stays.call.participants().empty());
  CHECK(vanishes.call.end().reason == client::CallEnd::Reason::kLost);
}

TEST_CASE("a relay that is not there is given up within ten seconds") {
  test::SimWorld world;
  test::SimClient& client = world.add_client(in_room(), {}, path(1.0), path(1.0));
  REQUIRE(
      world.net.run_until([&] { return client.call.state() == client::CallState::kClosed; }, 10s));
  CHECK(client.call.end().reason == client::CallEnd::Reason::kUnreachable);
}

TEST_CASE("the same world runs the same way twice") {
  const auto run = [] {
    test::SimWorld world;
    world.add_client(in_room(), {}, path(0.05, 10ms), path(0.05, 10ms));
    world.add_client(in_room(), test::speaker_a(), path(0.05, 10ms), path(0.05, 10ms));
    REQUIRE(world.run_until_active());
    world.net.run_for(4s);
    return std::pair(world.net.trace_hash(), world.clients[0]->sink.mixed);
  };
  CHECK(run() == run());
}
