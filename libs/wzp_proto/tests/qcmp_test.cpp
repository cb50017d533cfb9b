// The first eight tests have the names of those of the format's original.
#include "wzp/proto/qcmp.hpp"

#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <set>
#include <vector>

#include "../src/nonce_pool.hpp"
#include "hex.hpp"

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;
using test::from_hex;
using test::to_hex;

namespace {

constexpr Instant kNow = Instant(1h);
constexpr UtcNanos kUtc = 1'767'225'600'123'456'789;

const std::string kPingHex = "514c4b4e 00 00 0009 bf 0000000063b6e957";
const std::string kPongHex =
    "514c4b4e 00 01 0019 bf 0000000063b6e957 0000000063b6e957 0000000063b6e957";

ProbeAddress address(std::uint16_t port) {
  ProbeAddress a;
  a.port = port;
  return a;
}

std::string encoded(const QcmpPacket& packet) {
  std::array<std::byte, kQcmpMaxSize> out{};
  return to_hex(ByteView(out).first(write_qcmp(packet, out).value()));
}

QcmpError error_of(std::string_view hex) { return parse_qcmp(from_hex(hex)).error(); }

}  // namespace

TEST_CASE("qcmp: ping") {
  const auto parsed = parse_qcmp(from_hex(kPingHex));
  REQUIRE(parsed.has_value());
  CHECK(std::get<QcmpPing>(*parsed) == QcmpPing{0xbf, 0x63b6e957});
  CHECK(encoded(*parsed) == to_hex(from_hex(kPingHex)));
}

TEST_CASE("qcmp: ping reply") {
  const auto parsed = parse_qcmp(from_hex(kPongHex));
  REQUIRE(parsed.has_value());
  CHECK(std::get<QcmpPong>(*parsed) == QcmpPong{0xbf, 0x63b6e957, 0x63b6e957, 0x63b6e957});
  CHECK(encoded(*parsed) == to_hex(from_hex(kPongHex)));
}

TEST_CASE("qcmp: reject malformed packet") {
  // A ping with the length and payload of a pong.
  const QcmpError e =
      error_of("514c4b4e 00 00 0019 bf 0000000063b6e957 0000000063b6e957 0000000063b6e957");
  CHECK(e == QcmpError{Errc::kLengthMismatch, 25, 9, 0});
}

TEST_CASE("qcmp: reject unknown packet") {
  CHECK(error_of("514c4b4e 00 ff") == QcmpError{Errc::kLengthMismatch, 17, 6, 0});
  CHECK(error_of("514c4b4e 00 ff 0009 bf 0000000063b6e957") ==
        QcmpError{Errc::kUnknownKind, 0, 0, 0xff});
}

TEST_CASE("qcmp: reject unknown version") {
  CHECK(error_of("514c4b4e ff") == QcmpError{Errc::kLengthMismatch, 17, 5, 0});
  CHECK(error_of("514c4b4e ff 00 0009 bf 0000000063b6e957") ==
        QcmpError{Errc::kUnknownVersion, 0, 0, 0xff});
}

TEST_CASE("qcmp: reject no magic header") {
  CHECK(error_of("51ff4b4e 00 00 0009 bf 0000000063b6e957").code == Errc::kBadMagic);
}

TEST_CASE("qcmp: measurement") {
  // Both ends and the path in virtual time; the pinger's clock runs 50 ms behind for replies.
  SeededRng rng(21);
  QcmpPinger pinger;
  QcmpResponder responder;
  for (int i = 0; i < 3; ++i) {
    std::array<std::byte, kQcmpMaxSize> ping{};
    std::array<std::byte, kQcmpMaxSize> pong{};
    const std::size_t n = pinger.ping(address(1), kUtc, kNow, rng, ping).value();
    const UtcNanos arrived = kUtc + 2'000'000;
    const UtcNanos left = arrived + 700'000;
    const std::size_t m = responder.respond(ByteView(ping).first(n), arrived, left, pong);
    REQUIRE(m == kQcmpPongSize);
    const auto reply =
        pinger.handle_datagram(address(1), ByteView(pong).first(m), left + 1'000'000 + 50'000'000);
    REQUIRE(reply.has_value());
    CHECK(reply->measurement.incoming == 2ms);
    CHECK(reply->measurement.outgoing == 51ms);
    CHECK(reply->measurement.round_trip == 53ms);
    const Duration total = reply->measurement.incoming + reply->measurement.outgoing;
    CHECK((total > 50ms && total < 100ms));
  }
  CHECK(responder.counters().answered == 3);
  CHECK(pinger.counters().replies == 3);
}

TEST_CASE("qcmp: nonce pool") {
  SeededRng rng(22);
  NoncePool pool;
  std::set<std::uint8_t> leased;
  for (int i = 0; i < 255; ++i) {
    const auto nonce = pool.lease(rng);
    REQUIRE(nonce.has_value());
    CHECK(leased.insert(*nonce).second);
  }
  CHECK_FALSE(pool.lease(rng).has_value());
  CHECK(leased.count(255) == 0);
  pool.give_back(77);
  CHECK(pool.lease(rng) == 77);
}

TEST_CASE("qcmp: the checks come in the documented order") {
  // Everything wrong at once: length first, then magic, version, command, lengths.
  CHECK(error_of("").code == Errc::kLengthMismatch);
  CHECK(error_of("00000000 ff ff ffff 00 0000000000000000").code == Errc::kBadMagic);
  CHECK(error_of("514c4b4e ff ff ffff 00 0000000000000000").code == Errc::kUnknownVersion);
  CHECK(error_of("514c4b4e 00 ff ffff 00 0000000000000000").code == Errc::kUnknownKind);
  CHECK(error_of("514c4b4e 00 01 ffff 00 0000000000000000") ==
        QcmpError{Errc::kLengthMismatch, 33, 17, 0});
  CHECK(error_of("514c4b4e 00 00 ffff 00 0000000000000000") ==
        QcmpError{Errc::kLengthMismatch, 65535, 9, 0});
  CHECK(error_of("514c4b4e 00 00 0009 00 0000000000000000 00") ==
        QcmpError{Errc::kLengthMismatch, 9, 10, 0});
  CHECK(describe(error_of("514c4b4e 00 00 0009 00 0000000000000000 00")) ==
        "stated and actual length differ: specified 9, available 10");
}

TEST_CASE("qcmp: every prefix and every extension of a packet is refused") {
  for (const std::string& hex : {kPingHex, kPongHex}) {
    auto bytes = from_hex(hex);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      CHECK_FALSE(parse_qcmp(ByteView(bytes).first(n)).has_value());
    }
    bytes.push_back({});
    CHECK_FALSE(parse_qcmp(bytes).has_value());
  }
}

TEST_CASE("qcmp: every bit flip in the payload is another packet, before it an error") {
  const auto bytes = from_hex(kPongHex);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    const auto parsed = parse_qcmp(flipped);
    CHECK(parsed.has_value() == (bit >= 64));
    if (parsed) CHECK(encoded(*parsed) == to_hex(flipped));
  }
}

TEST_CASE("qcmp: hostile time stamps wrap instead of overflowing") {
  constexpr auto kMin = std::numeric_limits<UtcNanos>::min();
  constexpr auto kMax = std::numeric_limits<UtcNanos>::max();
  const QcmpMeasurement m = measure(QcmpPong{1, kMin, kMax, kMin}, kMax);
  CHECK(m.incoming == Duration(-1));
  CHECK(m.outgoing == Duration(-1));
  CHECK(m.round_trip == Duration(-2));
}

TEST_CASE("qcmp: 255 pings are in flight, the next is refused until one is given up") {
  SeededRng rng(23);
  QcmpPinger pinger(5s);
  std::array<std::byte, kQcmpMaxSize> out{};
  for (int i = 0; i < 255; ++i) {
    REQUIRE(
        pinger.ping(address(1), kUtc, kNow + std::chrono::milliseconds(i), rng, out).has_value());
  }
  CHECK(pinger.ping(address(1), kUtc, kNow, rng, out).error() == Errc::kExhausted);
  CHECK(pinger.counters().refused == 1);
  CHECK(pinger.next_deadline() == kNow + 5s);
  CHECK_FALSE(pinger.poll_timeout(kNow + 4999ms).has_value());
  CHECK(pinger.poll_timeout(kNow + 5s).has_value());
  CHECK_FALSE(pinger.poll_timeout(kNow + 5s).has_value());
  CHECK(pinger.in_flight() == 254);
  CHECK(pinger.ping(address(1), kUtc, kNow, rng, out).has_value());
  while (pinger.poll_timeout(kNow + 10s)) {
  }
  CHECK(pinger.in_flight() == 0);
  CHECK(pinger.next_deadline() == kNever);
  CHECK(pinger.counters().timeouts == 256);
}

TEST_CASE("qcmp: replies are matched by nonce and address; late and unknown ones are counted") {
  SeededRng rng(24);
  QcmpPinger pinger(5s);
  std::array<std::byte, kQcmpMaxSize> out{};
  std::vector<std::uint8_t> nonces;
  for (std::uint16_t port = 1; port <= 2; ++port) {
    const std::size_t n = pinger.ping(address(port), kUtc + port, kNow, rng, out).value();
    nonces.push_back(std::get<QcmpPing>(*parse_qcmp(ByteView(out).first(n))).nonce);
  }
  const auto pong = [&](std::uint8_t nonce, UtcNanos client) {
    return from_hex(encoded(QcmpPong{nonce, client, client + 5, client + 6}));
  };
  // The right nonce from the wrong address, the wrong echo, a nonce never used.
  CHECK_FALSE(pinger.handle_datagram(address(2), pong(nonces[0], kUtc + 1), kUtc + 9).has_value());
  CHECK_FALSE(pinger.handle_datagram(address(1), pong(nonces[0], kUtc), kUtc + 9).has_value());
  CHECK_FALSE(pinger.handle_datagram(address(1), pong(255, kUtc + 1), kUtc + 9).has_value());
  CHECK(pinger.counters().unknown == 3);
  CHECK(pinger.in_flight() == 2);
  // In any order.
  const auto second = pinger.handle_datagram(address(2), pong(nonces[1], kUtc + 2), kUtc + 9);
  REQUIRE(second.has_value());
  CHECK(second->address == address(2));
  CHECK(second->measurement.round_trip == Duration(6));
  CHECK(pinger.handle_datagram(address(1), pong(nonces[0], kUtc + 1), kUtc + 9).has_value());
  // Twice, and after the timeout.
  CHECK_FALSE(pinger.handle_datagram(address(1), pong(nonces[0], kUtc + 1), kUtc + 9).has_value());
  CHECK(pinger.counters().late == 1);
  CHECK_FALSE(pinger.handle_datagram(address(1), from_hex(kPingHex), kUtc).has_value());
  CHECK_FALSE(pinger.handle_datagram(address(1), from_hex("00"), kUtc).has_value());
  CHECK(pinger.counters().malformed == 2);
}

TEST_CASE("qcmp: the responder answers pings and counts everything else") {
  QcmpResponder responder;
  std::array<std::byte, kQcmpMaxSize> out{};
  CHECK(responder.respond(from_hex(kPongHex), 1, 2, out) == 0);
  CHECK(responder.respond(from_hex("00"), 1, 2, out) == 0);
  CHECK(responder.respond(std::vector<std::byte>(100), 1, 2, out) == 0);
  CHECK(responder.respond(from_hex(kPingHex), 1, 2, MutableBytes(out).first(32)) == 0);
  CHECK(responder.respond(from_hex(kPingHex), 1, 2, out) == kQcmpPongSize);
  CHECK(std::get<QcmpPong>(*parse_qcmp(out)) == QcmpPong{0xbf, 0x63b6e957, 1, 2});
  CHECK(responder.counters().unsupported == 1);
  CHECK(responder.counters().malformed == 1);
  CHECK(responder.counters().not_qcmp == 1);
  CHECK(responder.counters().no_room == 1);
  CHECK(responder.counters().answered == 1);
}
