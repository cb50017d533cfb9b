#include "wzp/client/webrtc_stats.hpp"

#include <array>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "../src/playout_meter.hpp"

using namespace wzp;
using namespace std::chrono_literals;
using Catch::Approx;

namespace {

client::WebrtcStats example() {
  client::WebrtcStats stats;
  stats.timestamp_ms = 1'700'000'000'123.5;
  client::InboundStatistics in;
  in.stream = StreamId{7};
  in.participant = "ab\"cd";
  in.receive.frames_received = 90;
  in.receive.frames_recovered = 5;
  in.receive.frames_concealed = 3;
  in.receive.frames_comfort = 2;
  in.receive.frames_played = 100;
  in.receive.frames_late = 1;
  in.receive.samples_inserted = 480;
  in.receive.samples_removed = 120;
  in.receive.packets_received = 110;
  in.receive.repair_packets_received = 20;
  in.receive.concealment_events = 2;
  for (int i = 0; i < 95; ++i) in.receive.delay.add(50ms);
  in.packets_lost = -1;
  in.jitter_seconds = 0.004;
  stats.inbound.push_back(in);
  stats.remote_inbound.push_back({StreamId{7}, 0.05, 0.003, 0.12});
  stats.call.packets_sent = 50;
  stats.call.frames_sent = 100;
  stats.call.connected_seconds = 2;
  stats.target_bps = 24'000;
  stats.available_bps = 50'000;
  stats.connection.connected = true;
  stats.connection.smoothed_rtt = 80ms;
  stats.connection.latest_rtt = 81ms;
  return stats;
}

}  // namespace

TEST_CASE("statistics are a JSON object of objects that know their id, type and time") {
  const auto json = nlohmann::json::parse(example().to_json());
  std::set<std::string> types;
  for (const auto& [id, stats] : json.items()) {
    CAPTURE(id);
    CHECK(stats.at("id") == id);
    CHECK(stats.at("timestamp").get<double>() == Approx(1'700'000'000'123.5).margin(0.01));
    types.insert(stats.at("type").get<std::string>());
    // References lead somewhere.
    for (const char* name :
         {"transportId", "codecId", "playoutId", "localId", "selectedCandidatePairId"}) {
      if (stats.contains(name)) CHECK(json.contains(stats.at(name).get<std::string>()));
    }
  }
  CHECK(types == std::set<std::string>{"inbound-rtp", "outbound-rtp", "remote-inbound-rtp",
                                       "media-playout", "codec", "candidate-pair", "transport"});
}

TEST_CASE("inbound statistics are in samples and seconds") {
  const auto json = nlohmann::json::parse(example().to_json());
  const auto& in = json.at("I7");
  CHECK(in.at("packetsReceived") == 110);
  CHECK(in.at("packetsLost") == -1);
  CHECK(in.at("packetsDiscarded") == 1);
  CHECK(in.at("fecPacketsReceived") == 20);
  CHECK(in.at("jitter").get<double>() == Approx(0.004));
  CHECK(in.at("jitterBufferEmittedCount") == 95 * 960);
  CHECK(in.at("jitterBufferDelay").get<double>() == Approx(0.05 * 95 * 960));
  CHECK(in.at("concealedSamples") == 5 * 960);
  CHECK(in.at("silentConcealedSamples") == 2 * 960);
  CHECK(in.at("concealmentEvents") == 2);
  CHECK(in.at("totalSamplesReceived") == 96'360);
  CHECK(in.at("totalSamplesDuration").get<double>() == Approx(96'360.0 / 48'000));
  CHECK(in.at("insertedSamplesForDeceleration") == 480);
  CHECK(in.at("removedSamplesForAcceleration") == 120);
  CHECK(in.at("trackIdentifier") == "ab?cd");
}

TEST_CASE("what is not known is left out") {
  client::WebrtcStats stats = example();
  stats.target_bps.reset();
  stats.available_bps.reset();
  stats.remote_inbound[0].round_trip_seconds.reset();
  stats.connection.smoothed_rtt = 0ms;
  const auto json = nlohmann::json::parse(stats.to_json());
  CHECK_FALSE(json.at("O").contains("targetBitrate"));
  CHECK_FALSE(json.at("CP").contains("availableOutgoingBitrate"));
  CHECK_FALSE(json.at("CP").contains("currentRoundTripTime"));
  CHECK_FALSE(json.at("R7").contains("roundTripTime"));
  CHECK(json.at("R7").at("fractionLost").get<double>() == Approx(0.05));
  CHECK(json.at("P").at("totalSamplesCount") == 96'000);
}

TEST_CASE("the meter counts runs of concealment, level and energy of what is played") {
  client::PlayoutMeter meter;
  std::array<std::int16_t, client::kSamplesPerTick> loud;
  loud.fill(32'767);
  using client::PlayoutOrigin;
  for (const PlayoutOrigin origin :
       {PlayoutOrigin::kReceived, PlayoutOrigin::kConcealed, PlayoutOrigin::kConcealed,
        PlayoutOrigin::kReceived, PlayoutOrigin::kConcealed}) {
    meter.add(origin, loud);
  }
  client::ReceiveStatistics out;
  meter.add_to(out);
  CHECK(out.concealment_events == 2);
  CHECK(out.audio_level == Approx(1.0));
  CHECK(out.total_audio_energy == Approx(0.1));
}
