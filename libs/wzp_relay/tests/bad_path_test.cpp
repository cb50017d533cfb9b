// One member's bad path: what the path lets through gets through at once, and nobody else notices.
#include <catch2/generators/catch_generators.hpp>

#include "relay_world.hpp"

using namespace wzp;
using namespace wzp::relay;
using namespace wzp::relay::test;

namespace {

constexpr std::uint8_t kTalkers = 10;
constexpr auto kOneWay = 20ms;
constexpr auto kFramePeriod = 20ms;

transport::ChannelConfig good_path(std::uint64_t seed) {
  transport::ChannelConfig c;
  c.seed = seed;
  c.delay = kOneWay;
  return c;
}

/// What one member got, by its age on arrival.
struct Heard {
  std::size_t frames = 0;
  Duration oldest{0};
  Duration longest_gap{0};
  Instant last{};

  void note(Instant sent, Instant now) {
    ++frames;
    oldest = std::max(oldest, now - sent);
    if (last != Instant{}) longest_gap = std::max(longest_gap, now - last);
    last = now;
  }
};

/// Ten talkers and a listener, 50 packets of 120 bytes a second each, for as long as it is run.
class BusyRoom {
 public:
  BusyRoom() {
    add_member(1);
    for (std::uint8_t i = 0; i < kTalkers; ++i) {
      Peer& from = add_member(static_cast<std::uint8_t>(2 + i));
      world.net.every(kFramePeriod, world.net.now() + i * 2ms, from.host,
                      [this, &from](Instant now) { talk(from, now); });
    }
  }

  void set_path_down(std::size_t member, const transport::ChannelConfig& down) {
    world.net.connect_hosts(world.host, members[member]->host, down, good_path(1000 + member));
  }
  [[nodiscard]] const transport::ChannelCounters& path_down(std::size_t member) {
    return world.net.channel(world.host, members[member]->host).counters();
  }
  /// Runs on, and says what each member heard meanwhile.
  std::vector<Heard> listen(Duration span) {
    std::vector<Heard> heard(members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
      members[i]->on_datagram = [&h = heard[i]](ByteView bytes, Instant now) {
        ByteReader in(bytes.last(8));  // the packet's end, whatever frames it
        h.note(Instant(Duration(static_cast<std::int64_t>(in.u64()))), now);
      };
    }
    sent = 0;
    talking = true;
    world.net.run_for(span);
    talking = false;
    world.net.run_for(500ms);  // what is under way
    for (auto& member : members) member->on_datagram = nullptr;
    return heard;
  }

  RelayWorld world;
  std::vector<std::unique_ptr<Peer>> members;  // the first one only listens
  std::size_t sent = 0;
  bool talking = false;

 private:
  Peer& add_member(std::uint8_t number) {
    members.push_back(std::make_unique<Peer>(world, number));
    set_path_down(members.size() - 1, good_path(number));
    return members.back()->join();
  }
  void talk(Peer& from, Instant now) {
    if (!talking) return;
    std::array<std::byte, 120> packet{};
    ByteWriter(MutableBytes(packet).last(8))
        .u64(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    static_cast<void>(from.endpoint.send_datagram(from.connection, packet, now));
    ++sent;
  }
};

void check_others(const BusyRoom& room, const std::vector<Heard>& heard) {
  for (std::size_t i = 1; i < heard.size(); ++i) {
    CAPTURE(i);
    CHECK(heard[i].frames == room.sent / kTalkers * (kTalkers - 1));
    CHECK(heard[i].oldest < 2 * kOneWay + 5ms);
  }
}

}  // namespace

TEST_CASE("on a lossy path arrives what the path lets through, at once") {
  const double loss = GENERATE(0.05, 0.20, 0.40);
  CAPTURE(loss);
  BusyRoom room;
  transport::ChannelConfig down = good_path(77);
  down.loss_rate = loss;
  room.set_path_down(0, down);
  const auto heard = room.listen(20s);
  const auto& path = room.path_down(0);
  const double delivered = static_cast<double>(heard[0].frames) / static_cast<double>(room.sent);
  const double let_through =
      1.0 - static_cast<double>(path.lost_random) / static_cast<double>(path.pushed);
  CHECK(delivered > let_through - 0.02);
  CHECK(heard[0].oldest < 2 * kOneWay + 5ms);
  CHECK(heard[0].longest_gap < 100ms);
  check_others(room, heard);
}

TEST_CASE("after a blackout one member's path is full again at once, and nothing old comes") {
  const Duration out = GENERATE(Duration(200ms), Duration(1s));
  CAPTURE(out.count());
  BusyRoom room;
  transport::ChannelConfig down = good_path(78);
  down.outage_period = 5s;
  down.outage_length = out;
  room.set_path_down(0, down);
  const auto heard = room.listen(20s);
  const auto& path = room.path_down(0);
  CHECK(path.lost_outage > 0);
  const double delivered = static_cast<double>(heard[0].frames) / static_cast<double>(room.sent);
  const double path_up = 1.0 - std::chrono::duration<double>(out).count() / 5.0;
  CHECK(delivered > path_up - 0.03);
  CHECK(heard[0].longest_gap < out + 100ms);
  CHECK(heard[0].oldest < 2 * kOneWay + 210ms);  // the outbox keeps 200 ms
  check_others(room, heard);
}

TEST_CASE("a receiver whose path stalls for ten seconds delays nobody, and is fresh soon after") {
  BusyRoom room;
  room.world.net.channel(room.world.host, room.members[0]->host).set_blackout(true);
  const auto during = room.listen(10s);
  CHECK(during[0].frames == 0);
  check_others(room, during);
  room.world.net.channel(room.world.host, room.members[0]->host).set_blackout(false);
  const Instant back = room.world.net.now();
  Instant first{};
  room.members[0]->on_datagram = [&](ByteView, Instant now) {
    if (first == Instant{}) first = now;
  };
  room.talking = true;
  REQUIRE(room.world.net.run_until([&] { return first != Instant{}; }, 2s));
  CHECK(first - back < 300ms);
  room.talking = false;
  room.world.net.run_for(200ms);
  const auto after = room.listen(5s);
  CHECK(after[0].frames >= room.sent * 98 / 100);
  CHECK(after[0].oldest < 2 * kOneWay + 210ms);
  check_others(room, after);
}
