// Media2Encoder to CallDecoder over bad paths, in virtual time, without network code.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <vector>

#include "wzp/client/call_decoder.hpp"
#include "wzp/client/media2_encoder.hpp"
#include "wzp/proto/media2_packet.hpp"
#include "wzp/transport/channel.hpp"

using namespace wzp;
using namespace std::chrono_literals;
using client::CopyOffsets;
using client::Media2Encoder;
using client::Media2Packet;
using client::MediaPlan;
using client::PlayoutOrigin;
using proto::CodecId;

namespace {

const MediaPlan kTwoCopies{CodecId::kOpus24k, 12000, 40, 1, {{1, 3}, 2}};
const MediaPlan kLongPackets{CodecId::kOpus24k, 8000, 60, 1, {{1, 2}, 2}};
const MediaPlan kRescue{CodecId::kCodec2_1200, 1200, 40, 3, {{1, 2}, 2}};
const MediaPlan kClean{CodecId::kOpus24k, 23000, 40, 1, {}};

/// A vowel-like sound whose pitch and loudness wander, or silence.
class Voice {
 public:
  std::array<std::int16_t, client::kSamplesPerTick> tick(bool talking = true) {
    std::array<std::int16_t, client::kSamplesPerTick> out{};
    for (std::int16_t& s : out) {
      const double t = static_cast<double>(n_++) / 48000.0;
      const double pitch = 120.0 + 30.0 * std::sin(2 * std::numbers::pi * 0.7 * t);
      phase_ += 2 * std::numbers::pi * pitch / 48000.0;
      if (!talking) continue;
      double v = 0;
      for (int h = 1; h <= 12; ++h) v += std::sin(h * phase_) / h;
      s = static_cast<std::int16_t>(4000.0 * v * (1.2 + std::sin(2 * std::numbers::pi * 1.3 * t)));
    }
    return out;
  }

 private:
  std::uint64_t n_ = 0;
  double phase_ = 0;
};

/// Sends ticks through a channel and plays on a 20 ms clock. Packets are payloads behind a header.
struct Line {
  explicit Line(const client::Media2EncoderOptions& options,
                const transport::ChannelConfig& path = {})
      : encoder(options), channel(path) {
    decoder.set_recovered_observer(
        [](void* self, MediaTime32 time, ByteView unit) {
          auto& line = *static_cast<Line*>(self);
          line.copies.emplace_back(time.value(), std::vector<std::byte>(unit.begin(), unit.end()));
        },
        this);
  }

  void run(int ticks, bool talking = true) {
    for (int i = 0; i < ticks; ++i) {
      now += 20ms;
      send(encoder.push(voice.tick(talking)));
      listen();
    }
  }
  void run_muted(int ticks) {
    for (int i = 0; i < ticks; ++i) {
      now += 20ms;
      send(encoder.push_muted());
      listen();
    }
  }
  void drain(int ticks = 100) {
    for (int i = 0; i < ticks; ++i) {
      now += 20ms;
      listen();
    }
  }

  void send(std::span<const Media2Packet> packets) {
    for (const Media2Packet& packet : packets) {
      const auto parsed = proto::parse_media2_payload(packet.payload);
      REQUIRE(parsed);
      CHECK(parsed->is_silent == packet.is_silent);
      if (!packet.is_silent) {
        std::uint32_t time = parsed->time.steps() * 20U;
        while (time + 40'000 < newest) time += 81'920;
        newest = std::max(newest, time);
        units[time].assign(parsed->unit.begin(), parsed->unit.end());
      }
      payload_bytes += packet.payload.size();
      copies_sent += packet.copies;
      const auto header = proto::write_media2_header({false, 0x10, seq++});
      std::vector<std::byte> bytes(header.begin(), header.end());
      bytes.insert(bytes.end(), packet.payload.begin(), packet.payload.end());
      const std::size_t index = sent++;
      if (drop && drop(index, packet)) continue;
      channel.push(bytes, now);
    }
  }

  void listen() {
    while (const auto packet = channel.pop_due(now)) {
      const auto header = proto::parse_media2_header(packet->bytes);
      REQUIRE(header);
      const auto payload = proto::parse_media2_payload(packet->bytes.subspan(4));
      REQUIRE(payload);
      decoder.handle_media2(header->seq, *payload, packet->due_at);
    }
    origins.push_back(decoder.play(out, now));
  }

  [[nodiscard]] client::ReceiveStatistics result() const {
    const client::ReceiveStatistics r = decoder.statistics();
    CHECK(r.frames_played ==
          r.frames_received + r.frames_recovered + r.frames_concealed + r.frames_comfort);
    return r;
  }
  [[nodiscard]] std::string heard() const {
    std::string seen;
    for (const PlayoutOrigin origin : origins) seen += "-RFCn"[static_cast<int>(origin)];
    return seen;
  }

  Voice voice;
  Media2Encoder encoder;
  transport::Channel channel;
  client::CallDecoder decoder;
  Instant now{};
  SeqNo16 seq{65'500};
  std::function<bool(std::size_t index, const Media2Packet& packet)> drop;
  std::array<std::int16_t, client::kSamplesPerTick> out{};
  std::vector<PlayoutOrigin> origins;
  std::map<std::uint32_t, std::vector<std::byte>> units;
  std::vector<std::pair<std::uint32_t, std::vector<std::byte>>> copies;
  std::uint32_t newest = 0;
  std::size_t sent = 0;
  std::size_t copies_sent = 0;
  std::size_t payload_bytes = 0;
};

transport::ChannelConfig lossy(double loss, std::uint64_t seed = 1) {
  transport::ChannelConfig c;
  c.seed = seed;
  c.delay = 30ms;
  c.jitter = 10ms;
  c.loss_rate = loss;
  return c;
}

}  // namespace

TEST_CASE("each plan plays a path without loss completely, through the wrap of time and number") {
  for (const MediaPlan& plan : {kClean, kTwoCopies, kLongPackets, kRescue}) {
    CAPTURE(proto::name(plan.codec), plan.packet_time().count());
    Line line({plan}, lossy(0));
    const int ticks = plan == kTwoCopies ? 4500 : 1000;
    line.run(ticks);
    const auto r = line.result();
    CHECK(r.frames_concealed == 0);
    CHECK(r.frames_recovered == 0);
    CHECK(r.frames_late == 0);
    CHECK(r.frames_duplicate == 0);
    CHECK(r.packets_undecodable == 0);
    CHECK(static_cast<int>(r.frames_received) > ticks - 40);
  }
}

TEST_CASE("what is lost comes back as the very bytes that were sent, as much as was computed") {
  for (const MediaPlan& plan : {kTwoCopies, kLongPackets, kRescue}) {
    CAPTURE(proto::name(plan.codec), plan.packet_time().count());
    for (const double loss : {0.1, 0.2, 0.3}) {
      if (loss != 0.2 && !(plan == kTwoCopies)) continue;
      CAPTURE(loss);
      Line line({plan}, lossy(loss, 3));
      line.run(2500);  // below the wrap, so that times are unique
      const auto r = line.result();
      REQUIRE(line.copies.size() > 40);
      for (const auto& [time, bytes] : line.copies) {
        CAPTURE(time);
        REQUIRE(line.units.contains(time));
        REQUIRE(line.units.at(time) == bytes);
      }
      client::PathEstimate path;
      path.loss_percent = loss * 100;
      const double expected = client::residual_loss_percent(plan, path);
      const double left =
          100.0 * static_cast<double>(r.frames_concealed) / static_cast<double>(r.frames_played);
      CAPTURE(left, expected, r.frames_late);
      CHECK(left <= expected * 1.8 + 0.35);
      CHECK(r.frames_recovered > 0);
    }
  }
}

TEST_CASE("the first packet lost is as safe as the hundredth") {
  for (const std::size_t lost : {1U, 2U, 3U, 4U, 30U}) {
    CAPTURE(lost);
    Line line({kTwoCopies});
    line.drop = [&](std::size_t index, const Media2Packet&) { return index == lost; };
    line.run(200);
    const auto r = line.result();
    INFO(line.heard());
    CHECK(r.frames_concealed == 0);
    CHECK(r.frames_recovered == 2);
    CHECK(r.frames_late == 0);
  }
}

TEST_CASE("two packets in a row are one too many for copies one apart, not for those spread") {
  const auto concealed = [](const CopyOffsets& copies) {
    MediaPlan plan = kTwoCopies;
    plan.copies = copies;
    Line line({plan});
    line.drop = [](std::size_t index, const Media2Packet&) { return index % 25 >= 23; };
    line.run(1000);
    return line.result().frames_concealed;
  };
  CHECK(concealed({{1}, 1}) >= 30);
  CHECK(concealed({{2}, 1}) <= 4);
  CHECK(concealed({{1, 3}, 2}) <= 4);
}

TEST_CASE("delay is the packet and the span while packets are lost, and the packet alone later") {
  Line line({kTwoCopies}, lossy(0));
  line.drop = [](std::size_t index, const Media2Packet&) { return index == 100; };
  line.run(400);
  const Duration losing = line.decoder.buffer_delay();
  line.run(800);
  const Duration calm = line.decoder.buffer_delay();
  CAPTURE(losing.count(), calm.count());
  CHECK(losing >= 120ms);
  CHECK(losing <= 200ms);
  CHECK(calm <= 80ms);
  CHECK(line.result().frames_concealed == 0);
}

TEST_CASE("plans may change every second without a gap") {
  Line line({kClean}, lossy(0));
  const MediaPlan plans[] = {kTwoCopies,
                             kRescue,
                             kLongPackets,
                             kClean,
                             {CodecId::kOpus24k, 16000, 20, 1, {{2, 5}, 2}},
                             {CodecId::kCodec2_3200, 3200, 20, 6, {{1}, 1}}};
  for (int second = 0; second < 24; ++second) {
    line.run(49 + second % 3);  // not at a unit's end
    line.encoder.set_plan(plans[second % std::size(plans)]);
  }
  const auto r = line.result();
  INFO(line.heard());
  CHECK(r.frames_concealed == 0);
  CHECK(r.frames_late == 0);
  CHECK(r.packets_undecodable == 0);
  CHECK(r.frames_received + 40 >= 1200);
}

TEST_CASE("a loss just before a change of plan is repaired by a copy of another shape") {
  Line line({kTwoCopies}, lossy(0));
  line.drop = [](std::size_t index, const Media2Packet&) { return index == 49; };
  line.run(100);  // 50 packets
  line.encoder.set_plan(kLongPackets);
  line.run(200);
  const auto r = line.result();
  INFO(line.heard());
  CHECK(r.frames_concealed == 0);
  CHECK(r.frames_recovered == 2);
}

TEST_CASE("the end of each talk is as safe as its middle") {
  Line line({kTwoCopies, true}, lossy(0));
  bool was_silent = true;
  std::size_t last_units_lost = 0;
  std::vector<bool> silent;
  // The last unit before a pause: known when the next packet is silent, so drop by a first pass.
  const auto talk = [](Line& l) {
    for (int i = 0; i < 6; ++i) {
      l.run(100, true);
      l.run(150, false);
    }
  };
  line.drop = [&](std::size_t, const Media2Packet& packet) {
    silent.push_back(packet.is_silent);
    return false;
  };
  talk(line);
  Line again({kTwoCopies, true}, lossy(0));
  again.drop = [&](std::size_t index, const Media2Packet& packet) {
    const bool last = !packet.is_silent && index + 1 < silent.size() && silent[index + 1];
    was_silent = packet.is_silent;
    last_units_lost += last;
    return last;
  };
  talk(again);
  const auto r = again.result();
  INFO(again.heard());
  CHECK(last_units_lost == 6);
  CHECK(r.frames_recovered == 12);
  CHECK(r.frames_concealed == 0);
  CHECK(r.frames_comfort > 500);
  CHECK(r.frames_late == 0);
}

TEST_CASE("half silence costs little more than half") {
  Line talking({kTwoCopies, true});
  talking.run(1500, true);
  Line pausing({kTwoCopies, true});
  for (int i = 0; i < 3; ++i) {
    pausing.run(250, true);
    pausing.run(250, false);
  }
  CAPTURE(pausing.payload_bytes, talking.payload_bytes, pausing.sent, talking.sent);
  CHECK(pausing.payload_bytes * 100 <= talking.payload_bytes * 60);
  CHECK(pausing.sent * 100 <= talking.sent * 70);
}

TEST_CASE("muting completes the unit, repeats what is owed, then sends nothing") {
  Line line({kTwoCopies}, lossy(0));
  line.run(101);  // a unit is half full
  const std::size_t before = line.sent;
  line.run_muted(20);
  const std::size_t owed = line.sent;
  line.run_muted(100);
  CHECK(line.sent == owed);
  CHECK(owed - before == 1 + 3);
  line.run(100);
  const auto r = line.result();
  INFO(line.heard());
  CHECK(r.frames_concealed == 0);
  CHECK(r.frames_late == 0);
  CHECK(r.frames_received >= 190);
}

TEST_CASE("finish completes the unit and sends the copies still owed") {
  Line line({kTwoCopies}, lossy(0));
  line.run(101);
  const std::size_t copies_before = line.copies_sent;
  line.drop = [](std::size_t, const Media2Packet& packet) { return !packet.is_silent; };
  line.now += 20ms;
  line.send(line.encoder.finish());
  line.listen();
  line.drain();
  const auto r = line.result();
  CHECK(line.copies_sent - copies_before >= 4);
  CHECK(r.frames_recovered == 2);
  CHECK(r.frames_concealed == 0);
}

TEST_CASE("a section that was attached is in the next packet, once") {
  Media2Encoder encoder({kTwoCopies});
  Voice voice;
  const std::array<std::byte, 3> feedback{std::byte{1}, std::byte{2}, std::byte{3}};
  CHECK(encoder.attach(proto::Media2Sections::kFeedback, feedback));
  CHECK_FALSE(encoder.attach(0, feedback));
  CHECK_FALSE(encoder.attach(200, feedback));
  CHECK_FALSE(encoder.attach(1, {}));
  CHECK_FALSE(encoder.attach(1, std::vector<std::byte>(Media2Encoder::kMostSectionBytes)));
  int seen = 0;
  for (int i = 0; i < 20; ++i) {
    for (const Media2Packet& packet : encoder.push(voice.tick())) {
      const auto payload = proto::parse_media2_payload(packet.payload);
      REQUIRE(payload);
      const auto section = payload->sections.find(proto::Media2Sections::kFeedback);
      if (section) CHECK(section->size() == 3);
      seen += section.has_value();
    }
  }
  CHECK(seen == 1);
}

TEST_CASE("a packet that was only overtaken counts as received") {
  Line line({kTwoCopies});
  line.run(100);
  // One packet held back until its copy has come.
  std::vector<std::byte> held;
  SeqNo16 number;
  line.drop = [&](std::size_t index, const Media2Packet& packet) {
    if (index != 50) return false;
    held.assign(packet.payload.begin(), packet.payload.end());
    number = line.seq - 1;
    return true;
  };
  line.run(4);
  const auto payload = proto::parse_media2_payload(held);
  REQUIRE(payload);
  line.decoder.handle_media2(number, *payload, line.now);
  line.run(100);
  const auto r = line.result();
  CHECK(r.frames_concealed == 0);
  CHECK(r.frames_recovered == 0);
  CHECK(r.packets_reordered == 1);
}

TEST_CASE("a sender that starts anew is followed, and its losses are repaired again") {
  Line line({kTwoCopies}, lossy(0));
  line.run(700);
  line.encoder = Media2Encoder({kTwoCopies});
  const std::size_t from = line.sent;
  line.drop = [&](std::size_t index, const Media2Packet&) {
    return index > from + 20 && index % 10 == 0;
  };
  line.run(500);
  const auto r = line.result();
  CAPTURE(r.frames_concealed, r.frames_recovered, r.frames_late, r.frames_discarded);
  CHECK(r.frames_recovered >= 30);
  CHECK(r.frames_concealed <= 6);
}

TEST_CASE("units that are not what their shape says are concealed and counted") {
  client::CallDecoder decoder;
  std::array<std::byte, 64> room{};
  std::array<std::int16_t, client::kSamplesPerTick> out{};
  Instant now{};
  for (std::uint16_t i = 0; i < 50; ++i) {
    proto::Media2Writer writer(room);
    writer.begin({CodecId::kOpus24k, 40ms}, proto::Media2Time(static_cast<std::uint16_t>(2 * i)),
                 false);
    const std::array<std::byte, 3> not_40_ms{std::byte{0x08}, std::byte{1}, std::byte{2}};  // 20 ms
    writer.finish(not_40_ms);
    REQUIRE(writer.ok());
    const auto payload = proto::parse_media2_payload(writer.bytes());
    REQUIRE(payload);
    now += 40ms;
    decoder.handle_media2(SeqNo16(i), *payload, now);
    decoder.play(out, now);
  }
  const auto r = decoder.statistics();
  CHECK(r.packets_undecodable == 50);
  CHECK(r.frames_played == 0);
}

TEST_CASE("a constant bit rate has one size for all units, whatever is said") {
  client::Media2EncoderOptions options{kTwoCopies};
  options.constant_bitrate = true;
  Line line(options);
  line.run(200, true);
  line.run(200, false);
  std::size_t size = 0;
  for (const auto& [time, unit] : line.units) {
    if (size == 0) size = unit.size();
    CHECK(unit.size() == size);
  }
  options.silence_suppression = true;
  CHECK_THROWS_AS(Media2Encoder(options), std::invalid_argument);
}
