#include "wzp/proto/mini_header.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <vector>

#include "hex.hpp"
#include "wzp/proto/datagram.hpp"
#include "wzp/proto/rng.hpp"

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;
using test::from_hex;
using test::to_hex;

namespace {

constexpr Instant kStart = Instant(1h);

// A sender of speech with pauses, repair packets, comfort noise and codec and epoch changes.
class Sender {
 public:
  explicit Sender(std::uint64_t seed, std::uint16_t seq = 65'000, std::uint32_t ts = 0xffff'f000)
      : rng_(seed) {
    header_.seq = SeqNo16(seq);
    header_.timestamp = MediaTime32(ts);
    header_.fec_ratio_code = 13;
  }
  // The packets of the next 20 ms.
  std::vector<MediaHeader> next() {
    if (rng_.next_unit() < 0.004) header_.reserved = static_cast<std::uint8_t>(rng_.next_u64());
    if (rng_.next_unit() < 0.004) header_.codec = static_cast<CodecId>(rng_.next_u64() % 5);
    if (rng_.next_unit() < 0.01) silent_ = static_cast<int>(rng_.next_u64() % 100);
    std::vector<MediaHeader> out;
    header_.timestamp = header_.timestamp + 20;
    if (silent_ > 0) {
      if (--silent_ % 10 == 0) {
        MediaHeader cn = header_;
        cn.codec = CodecId::kComfortNoise;
        cn.fec_ratio_code = 0;
        cn.fec_symbol = 0;
        out.push_back(cn);
        ++header_.seq;
      }
      return out;
    }
    out.push_back(header_);
    ++header_.seq;
    if (++header_.fec_symbol == 5) {
      MediaHeader repair = header_;
      repair.is_repair = true;
      out.push_back(repair);
      ++header_.seq;
      ++header_.fec_block;
      header_.fec_symbol = 0;
    }
    return out;
  }

 private:
  SeededRng rng_;
  MediaHeader header_;
  int silent_ = 0;
};

struct Outcome {
  int sent = 0;
  int arrived = 0;
  int decoded = 0;
  int wrong = 0;
  std::size_t header_bytes = 0;
  int longest_without_full = 0;
};

// Loss in the Gilbert style: `bad` of the time, in bursts of ten packets on average; with
// reordering.
Outcome run(std::uint64_t seed, double bad, int packets_of_20ms = 20'000) {
  SeededRng rng(seed);
  Sender sender(seed);
  MiniEncoder encoder;
  MiniDecoder decoder;
  Outcome o;
  std::multimap<Instant, std::pair<MediaHeader, std::vector<std::byte>>> in_flight;
  bool lossy = false;
  int since_full = 0;
  for (int i = 0; i < packets_of_20ms; ++i) {
    const Instant now = kStart + std::chrono::milliseconds(20 * i);
    for (const MediaHeader& h : sender.next()) {
      std::array<std::byte, 32> out{};
      const std::array<std::byte, 3> payload{};
      const std::size_t n = encoder.write({h, payload, std::nullopt}, out).value();
      ++o.sent;
      o.header_bytes += n - payload.size();
      since_full = n == 8 ? since_full + 1 : 0;
      o.longest_without_full = std::max(o.longest_without_full, since_full);
      lossy = lossy ? rng.next_unit() < 0.9 : rng.next_unit() < bad / (1 - bad) * 0.1;
      if (lossy) continue;
      const auto jitter = std::chrono::milliseconds(bad > 0 ? rng.next_u64() % 45 : 0);
      in_flight.emplace(
          now + jitter,
          std::pair(h, std::vector<std::byte>(out.begin(),
                                              out.begin() + static_cast<std::ptrdiff_t>(n))));
    }
    while (!in_flight.empty() && in_flight.begin()->first <= now) {
      const auto [h, bytes] = in_flight.begin()->second;
      const Instant at = in_flight.begin()->first;
      in_flight.erase(in_flight.begin());
      ++o.arrived;
      const auto decoded = decoder.read(bytes, at);
      if (!decoded) {
        CHECK(decoded.error() == Errc::kNoBaseline);
        continue;
      }
      ++o.decoded;
      if (!(decoded->header == h)) ++o.wrong;
      if (decoded->payload.size() != 3) ++o.wrong;
    }
  }
  return o;
}

}  // namespace

TEST_CASE("mini headers keep everything the reference's lose, without loss") {
  const Outcome o = run(1, 0);
  CHECK(o.decoded == o.arrived);
  CHECK(o.wrong == 0);
  const double mean = static_cast<double>(o.header_bytes) / o.sent;
  CHECK(mean < 6.0);
  CHECK(o.longest_without_full < 50);
}

TEST_CASE("mini headers survive loss, bursts and reordering: a packet lost costs only itself") {
  int wrong = 0;
  int total = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (const double loss : {0.05, 0.2, 0.4}) {
      CAPTURE(seed, loss);
      const Outcome o = run(seed, loss, 5000);
      // What is lost besides are packets between a change and its next full header that arrived.
      CHECK(o.decoded >= o.arrived * (loss < 0.3 ? 97 : 90) / 100);
      wrong += o.wrong;
      total += o.decoded;
    }
  }
  // Only a change of constants of which two full headers were lost, and whose tag collides (1 in
  // 32), can go unnoticed.
  CHECK(total > 80'000);
  CHECK(wrong <= total / 2000);
}

TEST_CASE("the layout of a mini header is the documented one") {
  MiniEncoder encoder;
  MediaHeader h;
  h.fec_ratio_code = 13;
  std::array<std::byte, 32> out{};
  const auto payload = from_hex("aabb");
  for (int i = 0; i < 2; ++i) {
    CHECK(encoder.write({h, payload, std::nullopt}, out).value() == 14);
    ++h.seq;
    h.timestamp = h.timestamp + 20;
    ++h.fec_symbol;
  }
  const std::uint8_t tag = MiniConstants{CodecId::kOpus24k, 13, 0, 0}.tag();
  CHECK(tag == ((13U << 4) * 0x9e3779b1U) >> 27);
  h.is_repair = true;
  REQUIRE(encoder.write({h, payload, std::nullopt}, out).value() == 7);
  CHECK(classify_datagram(out) == DatagramKind::kMini);
  ByteReader reader(out);
  CHECK(reader.u8() == (0x40 | 6 << 2 | tag >> 3));
  // tag 3 bits, seq 8, time in 2 ms 11, block 5, symbol 5
  CHECK(reader.u32() == ((tag & 7U) << 29 | 2U << 21 | 20U << 10 | 0U << 5 | 2U));
  CHECK(to_hex(reader.take(2)) == "aabb");
}

TEST_CASE("what does not fit into a mini header is written in full") {
  const auto size_after = [](auto change) {
    MiniEncoder encoder;
    MediaHeader h;
    std::array<std::byte, 32> out{};
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(encoder.write({h, {}, std::nullopt}, out));
      ++h.seq;
    }
    MediaPacketView packet{h, {}, std::nullopt};
    change(packet);
    return encoder.write(packet, out).value();
  };
  CHECK(size_after([](MediaPacketView&) {}) == 5);
  CHECK(size_after([](MediaPacketView& p) { p.report = QualityReport{1, 2, 3, 4}; }) == 16);
  CHECK(size_after([](MediaPacketView& p) { p.header.fec_symbol = 31; }) == 5);
  CHECK(size_after([](MediaPacketView& p) { p.header.fec_symbol = 32; }) == 12);
  CHECK(size_after([](MediaPacketView& p) { p.header.version = 1; }) == 12);
  CHECK(size_after([](MediaPacketView& p) { p.header.csrc_count = 1; }) == 12);
  CHECK(size_after([](MediaPacketView& p) { p.header.codec = CodecId::kOpus6k; }) == 12);
  CHECK(size_after([](MediaPacketView& p) { p.header.reserved = 0x10; }) == 12);
  CHECK(size_after([](MediaPacketView& p) { p.header.seq = p.header.seq + 30; }) == 12);
  CHECK(size_after([](MediaPacketView& p) { p.header.timestamp = MediaTime32(1002); }) == 12);
  CHECK(size_after([](MediaPacketView& p) { p.header.fec_block = BlockId8(9); }) == 12);
}

TEST_CASE("a mini header without a recent full one is refused, and good again after the next") {
  MiniEncoder encoder;
  MediaHeader h;
  std::array<std::byte, 32> out{};
  std::vector<std::vector<std::byte>> packets;
  for (int i = 0; i < 40; ++i) {
    const std::size_t n = encoder.write({h, {}, std::nullopt}, out).value();
    packets.emplace_back(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n));
    ++h.seq;
    h.timestamp = h.timestamp + 20;
  }
  MiniDecoder fresh;
  int refused = 0;
  for (std::size_t i = 2; i < packets.size(); ++i) {
    const auto decoded = fresh.read(packets[i], kStart + std::chrono::milliseconds(20 * i));
    if (!decoded) {
      ++refused;
      CHECK(decoded.error() == Errc::kNoBaseline);
    } else {
      CHECK(decoded->header.seq == SeqNo16(static_cast<std::uint16_t>(i)));
    }
  }
  CHECK(refused == 4);

  MiniDecoder stale;
  REQUIRE(stale.read(packets[0], kStart).has_value());
  CHECK(stale.read(packets[2], kStart + 1s).has_value());
  CHECK(stale.read(packets[3], kStart + 2s + 1ms).error() == Errc::kNoBaseline);
}

TEST_CASE("every prefix of a mini header is refused and every bit flip stays within the packet") {
  MiniEncoder encoder;
  MediaHeader h;
  std::array<std::byte, 32> out{};
  std::array<std::byte, 12> full{};
  for (int i = 0; i < 3; ++i) {
    static_cast<void>(encoder.write({h, {}, std::nullopt}, out));
    if (i == 1) std::copy_n(out.begin(), 12, full.begin());
    ++h.seq;
  }
  const ByteView mini = ByteView(out).first(5);
  MiniDecoder decoder;
  REQUIRE(decoder.read(full, kStart).has_value());
  CHECK(decoder.read({}, kStart).error() == Errc::kTruncated);
  for (std::size_t n = 1; n < 5; ++n) {
    CHECK(decoder.read(mini.first(n), kStart).error() == Errc::kTruncated);
  }
  for (std::size_t bit = 0; bit < 40; ++bit) {
    std::vector<std::byte> flipped(mini.begin(), mini.end());
    flipped[bit / 8] ^= static_cast<std::byte>(0x80 >> bit % 8);
    MiniDecoder copy = decoder;
    const auto decoded = copy.read(flipped, kStart);
    if (decoded) CHECK(decoded->payload.empty());
  }
  const auto unknown = from_hex("ff00000000");
  CHECK(decoder.read(unknown, kStart).error() == Errc::kUnknownKind);
}

TEST_CASE("a mini packet that does not fit the buffer changes nothing") {
  MiniEncoder encoder;
  MediaHeader h;
  std::array<std::byte, 32> out{};
  CHECK(encoder.write({h, {}, std::nullopt}, MutableBytes(out).first(11)).error() ==
        Errc::kBufferTooSmall);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(encoder.write({h, {}, std::nullopt}, out).value() == 12);
    ++h.seq;
  }
  CHECK(encoder.write({h, {}, std::nullopt}, MutableBytes(out).first(4)).error() ==
        Errc::kBufferTooSmall);
  CHECK(encoder.write({h, {}, std::nullopt}, out).value() == 5);
}

TEST_CASE(
    "a sender that starts anew close by is read at its new position from its first packet on") {
  MiniDecoder decoder;
  for (const std::uint16_t first : {std::uint16_t{60}, std::uint16_t{0}}) {
    MiniEncoder encoder;
    MediaHeader h;
    h.seq = SeqNo16(first);
    h.timestamp = MediaTime32(first * 20U);
    h.fec_block = BlockId8(static_cast<std::uint8_t>(first / 6));
    for (int i = 0; i < 30; ++i) {
      std::array<std::byte, 16> out{};
      const std::size_t n = encoder.write({h, {}, std::nullopt}, out).value();
      const auto read = decoder.read(ByteView(out).first(n), kStart);
      REQUIRE(read.has_value());
      REQUIRE(read->header == h);
      ++h.seq;
      h.timestamp = h.timestamp + 20;
    }
  }
}
