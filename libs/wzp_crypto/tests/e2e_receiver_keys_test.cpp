#include "wzp/crypto/e2e_receiver_keys.hpp"

#include <catch2/catch_test_macros.hpp>

#include "wzp/crypto/e2e_sender_keys.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;
using namespace std::chrono_literals;

namespace {

// One sender, one receiver that is given whatever the sender hands out to holder 1.
struct Line {
  SeededRng rng{5};
  Instant now{1h};
  SenderKeys sender{{}, {}, SeqNo16(65500), rng};
  ReceiverKeys receiver{{}, {}};

  Line() {
    sender.admit({1}, now);
    hand_over();
  }
  void hand_over() {
    while (auto gift = sender.poll_gift()) {
      if (gift->to == HolderId{1}) receiver.take(std::move(gift->key), now);
    }
  }
  std::vector<std::byte> seal() {
    const std::array<std::byte, 12> header{};
    const std::array<std::byte, 20> payload{};
    std::vector<std::byte> out(64);
    const auto sealed = sender.seal_plain(header, payload, {}, out, now);
    REQUIRE(sealed);
    out.resize(sealed->size);
    return out;
  }
  MediaResult open(const std::vector<std::byte>& packet) {
    std::array<std::byte, 64> out{};
    const auto view = parse_layout1(packet);
    REQUIRE(view);
    return receiver.open_plain(*view, out, now);
  }
  void pass(Duration time) {
    for (const Instant end = now + time; now < end;) {
      now += 10ms;
      sender.handle_deadline(now);
      receiver.handle_deadline(now);
      hand_over();
    }
  }
};

}  // namespace

TEST_CASE("a packet opens once, in any order, across the wrap of seq") {
  Line line;
  std::vector<std::vector<std::byte>> packets;
  for (int i = 0; i < 100; ++i) packets.push_back(line.seal());
  for (int i = 99; i >= 0; --i) CHECK(line.open(packets[i]));
  for (const auto& packet : packets) {
    CHECK(line.open(packet).error() == MediaError::kReplayed);
  }
}

TEST_CASE("a packet 1,024 behind the newest is refused") {
  Line line;
  const auto first = line.seal();
  const auto second = line.seal();
  for (int i = 0; i < 1022; ++i) static_cast<void>(line.seal());
  REQUIRE(line.open(line.seal()));
  CHECK(line.open(first).error() == MediaError::kReplayed);
  CHECK(line.open(second));
}

TEST_CASE("a ratchet step is followed, and its late packets open for 2 s") {
  Line line;
  const auto late = line.seal();
  const auto later = line.seal();
  line.sender.admit({2}, line.now);
  REQUIRE(line.open(line.seal()));
  line.pass(1900ms);
  CHECK(line.open(late));
  line.pass(200ms);
  CHECK(line.open(later).error() == MediaError::kNoKey);
}

TEST_CASE("late packets of the generation before open for 2 s") {
  Line line;
  const auto late = line.seal();
  const auto later = line.seal();
  line.sender.prepare(line.now);
  line.pass(600ms);
  REQUIRE(line.open(line.seal()));
  line.pass(1900ms);
  CHECK(line.open(late));
  line.pass(200ms);
  CHECK(line.open(later).error() == MediaError::kNoKey);
  CHECK(line.receiver.generations() == 1);
}

TEST_CASE("an altered packet of any kind changes nothing") {
  Line line;
  REQUIRE(line.open(line.seal()));
  auto packet = line.seal();
  const auto before = line.receiver.digest();
  for (std::size_t bit = 0; bit < 8 * packet.size(); ++bit) {
    packet[bit / 8] ^= std::byte{1} << (bit % 8);
    std::array<std::byte, 64> out{};
    const auto view = parse_layout1(packet);
    CHECK_FALSE((view && line.receiver.open_plain(*view, out, line.now)));
    packet[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  CHECK(line.receiver.digest() == before);
  CHECK(line.open(packet));
  CHECK(line.receiver.digest() != before);
}

TEST_CASE("keys below the one in use, and earlier steps, are ignored") {
  Line line;
  line.sender.prepare(line.now);
  line.pass(600ms);
  REQUIRE(line.open(line.seal()));
  CHECK_FALSE(line.receiver.take({{0, 9}, SeqNo16(0), 0, {}}, line.now));
  CHECK_FALSE(line.receiver.take({{1, 0}, SeqNo16(0), 0, {}}, line.now));
  CHECK(line.open(line.seal()));
}

TEST_CASE("generations prepared and replaced do not push out the one in use") {
  Line line;
  REQUIRE(line.open(line.seal()));
  for (std::uint32_t generation = 1; generation < 9; ++generation) {
    CHECK(line.receiver.take({{generation, 0}, SeqNo16(0), 0, {}}, line.now));
    CHECK(line.receiver.generations() <= 3);
    CHECK(line.open(line.seal()));
  }
}

TEST_CASE("65,536 forgeries cost one generation, and no packet is heard twice after it came back") {
  Line line;
  const auto heard = line.seal();
  REQUIRE(line.open(heard));
  auto forged = line.seal();
  forged[20] ^= std::byte{1};
  for (std::uint32_t i = 0; i < ReceiverKeys::kMostFailures; ++i) {
    REQUIRE(line.open(forged).error() == MediaError::kAuthFailed);
  }
  CHECK(line.receiver.dropped_generations() == 1);
  CHECK(line.open(line.seal()).error() == MediaError::kNoKey);
  line.sender.give_again({1});
  line.hand_over();
  CHECK(line.open(heard).error() == MediaError::kReplayed);
  CHECK(line.open(line.seal()));
}

TEST_CASE("layouts 2 and 3 open under their own keys only") {
  Line line;
  const std::array<std::byte, 6> header{};
  const std::array<std::byte, 10> payload{};
  std::array<std::byte, 64> packet{}, out{};
  for (const Layout layout : {Layout::kMedia, Layout::kControl}) {
    const auto numbers = line.sender.next();
    const auto size = line.sender.seal_media2(layout, header, payload, packet, line.now)->size;
    const ByteView sealed = ByteView(packet).first(size).subspan(header.size());
    const Layout wrong = layout == Layout::kMedia ? Layout::kControl : Layout::kMedia;
    CHECK(
        line.receiver.open_media2(wrong, header, numbers.epoch, numbers.seq, sealed, out, line.now)
            .error() != MediaError::kReplayed);
    CHECK(line.receiver
              .open_media2(layout, header, numbers.epoch, numbers.seq, sealed, out, line.now)
              ->size == payload.size());
  }
}
