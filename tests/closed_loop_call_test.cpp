// Whole calls that tell each other how they are heard: real relay, QUIC and codecs, sealed reports,
// simulated network and time.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdio>

#include "support/recordings.hpp"
#include "support/simulated_world.hpp"

using namespace wzp;
using namespace std::chrono_literals;
using client::CallOptions;

namespace {

transport::ChannelConfig path(double loss = 0) {
  transport::ChannelConfig c;
  c.delay = 30ms;
  c.loss_rate = loss;
  return c;
}

CallOptions in_room(const proto::QualityProfile& profile = proto::kProfileGood) {
  CallOptions options;
  options.server_name = "46de10172c0bd3222eea8f521ac04d59";
  options.profile = profile;
  return options;
}

client::MediaControlState state_of(test::SimWorld& world, const test::SimClient& who) {
  return who.call.control_state(world.net.now());
}

}  // namespace

TEST_CASE("each side of a call knows how it is heard, not how it hears") {
  test::SimWorld world;
  const auto speech = test::repeated(test::long_speech(), 40);
  // What A sends is lost; what B sends comes through.
  test::SimClient& a = world.add_client(in_room(), speech, path(0.2), path());
  test::SimClient& b = world.add_client(in_room(), speech, path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(30s);
  const auto seen_by_a = state_of(world, a);
  const auto seen_by_b = state_of(world, b);
  CHECK(seen_by_a.listeners == 1);
  CHECK(seen_by_b.listeners == 1);
  CHECK(seen_by_a.path.loss_percent > 12);
  CHECK(seen_by_a.path.loss_percent < 30);
  CHECK(seen_by_b.path.loss_percent < 1);
  // Loss alone lowers no profile.
  CHECK(a.call.profile() == proto::kProfileGood);
}

TEST_CASE("a call's statistics carry W3C names, of both directions") {
  test::SimWorld world;
  const auto speech = test::repeated(test::long_speech(), 30);
  CallOptions plain = in_room();  // media/2 repairs nearly all of this loss
  plain.media2 = false;
  test::SimClient& a = world.add_client(plain, speech, path(0.1), path());
  test::SimClient& b = world.add_client(plain, speech, path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(20s);
  const auto of_a = a.call.webrtc_stats(1e12, world.net.now());
  const auto of_b = b.call.webrtc_stats(1e12, world.net.now());
  REQUIRE(of_a.inbound.size() == 1);
  REQUIRE(of_b.inbound.size() == 1);
  REQUIRE(of_a.remote_inbound.size() == 1);
  // B counts the losses of A's packets, A hears of them.
  const auto& heard_by_b = of_b.inbound[0];
  const auto lost = static_cast<double>(heard_by_b.packets_lost);
  const auto received = static_cast<double>(heard_by_b.receive.packets_received);
  CHECK(lost / (lost + received) > 0.07);
  CHECK(lost / (lost + received) < 0.13);
  CHECK(of_a.remote_inbound[0].fraction_lost.value() > 0.06);
  CHECK(of_a.remote_inbound[0].stream == of_a.inbound[0].stream);
  CHECK(of_a.remote_inbound[0].round_trip_seconds.value() > 0.1);
  CHECK(of_a.inbound[0].packets_lost == 0);
  CHECK(of_a.inbound[0].participant.size() > 20);
  CHECK(heard_by_b.receive.concealment_events > 10);
  CHECK(heard_by_b.receive.total_audio_energy > 0.001);
  CHECK(of_a.bytes_sent > of_a.call.packets_sent * 40);
  CHECK(of_a.connection.packets_out > 900);
  CHECK(of_b.to_json().find("\"remote-inbound-rtp\"") != std::string::npos);
}

TEST_CASE("who only listens reports too, and of three each learns about its own way") {
  test::SimWorld world;
  const auto speech = test::repeated(test::long_speech(), 40);
  test::SimClient& a = world.add_client(in_room(), speech, path(0.2), path());
  test::SimClient& b = world.add_client(in_room(), speech, path(), path());
  world.add_client(in_room(), {}, path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(30s);
  CHECK(state_of(world, a).listeners == 2);
  CHECK(state_of(world, b).listeners == 2);
  CHECK(state_of(world, a).path.loss_percent > 12);
  CHECK(state_of(world, b).path.loss_percent < 2);
}

TEST_CASE("a profile is forced during a call and released, without a gap") {
  test::SimWorld world;
  const auto speech = test::repeated(test::long_speech(), 60);
  test::SimClient& speaker = world.add_client(in_room(), speech, path(), path());
  test::SimClient& listener = world.add_client(in_room(), {}, path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(5s);
  for (int i = 0; i < 20; ++i) {
    const bool forced = i % 2 == 0;
    speaker.call.force_profile(
        forced ? std::optional(i % 4 == 0 ? proto::kProfileDegraded : proto::kProfileCatastrophic)
               : std::nullopt,
        world.net.now());
    world.net.run_for(1s);
    CHECK((speaker.call.profile() == proto::kProfileGood) == !forced);
  }
  world.net.run_for(1s);
  const auto heard = listener.call.statistics().receive;
  CHECK(heard.frames_received >= 26 * 50 - 20);
  // The first packet of 120 ms comes 80 ms later than those of 40 ms did.
  CHECK(heard.frames_concealed <= 4);
  CHECK(heard.frames_late == 0);
  CHECK(heard.frames_discarded == 0);
}

TEST_CASE("a call in media/2 repairs a fifth of its packets, and says at which cost") {
  test::SimWorld world;
  const auto speech = test::repeated(test::long_speech(), 40);
  test::SimClient& a = world.add_client(in_room(), speech, path(0.2), path());
  test::SimClient& b = world.add_client(in_room(), speech, path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(35s);
  const auto of_a = a.call.statistics();
  const auto heard = b.call.statistics().receive;
  CAPTURE(heard.frames_received, heard.frames_recovered, heard.frames_concealed, heard.frames_late);
  CHECK(of_a.repair_packets_sent == 0);
  CHECK(of_a.packets_sent > 700);
  CHECK(of_a.packets_sent < 950);  // 40 ms and more each
  CHECK(heard.frames_recovered > 200);
  // The loop needs some seconds to see the loss; after that 0.8 % are left.
  CHECK(heard.frames_concealed * 100 <= heard.frames_played * 4);
  CHECK(b.call.statistics().auth_failed == 0);
}

TEST_CASE(
    "one participant without media/2 brings all back to the plain layout, and its leaving undoes "
    "it") {
  test::SimWorld world;
  const auto speech = test::repeated(test::long_speech(), 60);
  CallOptions old = in_room();
  old.media2 = false;
  test::SimClient& a = world.add_client(in_room(), speech, path(), path());
  test::SimClient& b = world.add_client(in_room(), {}, path(), path());
  REQUIRE(world.run_until_active());
  world.net.run_for(5s);
  CHECK(a.call.statistics().repair_packets_sent == 0);
  test::SimClient& third = world.add_client(old, {}, path(), path());
  world.net.run_for(5s);
  const auto mixed = a.call.statistics();
  CHECK(mixed.repair_packets_sent > 20);
  CHECK(third.call.statistics().receive.frames_received > 150);
  third.hang_up();
  world.net.run_for(5s);
  const auto alone = a.call.statistics();
  CHECK(alone.repair_packets_sent - mixed.repair_packets_sent < 10);
  const auto heard = b.call.statistics().receive;
  CAPTURE(heard.frames_received, heard.frames_concealed, heard.frames_discarded, heard.frames_late);
  CHECK(heard.frames_concealed <= 30);  // two changes of layout
  CHECK(heard.frames_received > 600);
}

TEST_CASE("a call through a relay survives an uplink that drops from 100 to 20 kbit/s and back") {
  test::SimWorld world;
  const auto speech = test::repeated(test::long_speech(), 100);
  transport::ChannelConfig up = path();
  up.rate_bits_per_second = 100'000;
  up.log_fates = true;
  test::SimClient& a = world.add_client(in_room(), speech, up, path());
  test::SimClient& b = world.add_client(in_room(), speech, path(), path());
  REQUIRE(world.run_until_active());
  transport::Channel& uplink = world.net.channel(a.driver.host(), world.relay_driver.host());
  const Instant start = world.net.now();
  const auto set_rate = [&](std::uint64_t bits) {
    up.rate_bits_per_second = bits;
    uplink.set_config(up);
  };
  world.net.run_until(start + 30s);
  const auto before = a.call.statistics();
  set_rate(20'000);
  world.net.run_until(start + 60s);
  const auto narrow = a.call.control_state(world.net.now());
  set_rate(100'000);
  world.net.run_until(start + 70s);
  const auto after = a.call.control_state(world.net.now());
  world.net.run_until(start + 90s);

  // What each packet waited for others, and how long the wait was above 300 ms in one piece.
  Instant above_since{};
  Duration longest{0};
  bool above = false;
  for (const auto& fate : uplink.fates()) {
    if (fate.fate != transport::Fate::kDelivered) continue;
    const bool is_above = fate.due_at - fate.pushed_at - up.delay > 300ms;
    if (is_above && !above) above_since = fate.due_at;
    if (is_above) longest = std::max(longest, fate.due_at - above_since);
    above = is_above;
  }
  const auto heard = b.call.statistics().receive;
  std::printf(
      "uplink 100-20-100 kbit/s through the relay: queue above 300 ms for %.1f s; allowed %.1f "
      "kbit/s at 20, %.1f ten seconds after; concealed %.1f %%\n",
      std::chrono::duration<double>(longest).count(), narrow.path.available_kbps,
      after.path.available_kbps,
      100.0 * static_cast<double>(heard.frames_concealed) /
          static_cast<double>(heard.frames_played));
  CHECK(before.packets_sent > 700);
  CHECK(longest <= 1s);
  CHECK(narrow.path.available_kbps > 8);
  CHECK(narrow.path.available_kbps < 21);
  CHECK(after.path.available_kbps > 33);
  CHECK(heard.frames_concealed * 100 <= heard.frames_played * 5);
}

TEST_CASE("a listener that leaves no longer counts, and without the loop nobody reports") {
  test::SimWorld world;
  const auto speech = test::repeated(test::long_speech(), 40);
  CallOptions silent = in_room();
  silent.closed_loop = false;
  test::SimClient& a = world.add_client(in_room(), speech, path(), path());
  world.add_client(silent, speech, path(), path());
  test::SimClient& leaver = world.add_client(in_room(), {}, path(), path(0.3));
  REQUIRE(world.run_until_active());
  world.net.run_for(15s);
  CHECK(state_of(world, a).listeners == 1);
  CHECK(state_of(world, a).path.loss_percent > 5);
  leaver.hang_up();
  world.net.run_for(7s);
  CHECK(state_of(world, a).listeners == 0);
}
