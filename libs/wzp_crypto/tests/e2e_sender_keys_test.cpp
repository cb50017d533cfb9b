#include "wzp/crypto/e2e_sender_keys.hpp"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;
using namespace std::chrono_literals;

namespace {

struct Sender {
  SeededRng rng{1};
  Instant now{1h};
  SenderKeys keys;
  std::set<std::pair<std::uint32_t, std::uint16_t>> nonces;
  std::array<std::byte, 12> header{};
  std::array<std::byte, 64> out{};

  explicit Sender(std::uint16_t first = 0) : keys({}, {}, SeqNo16(first), rng) {}

  MediaResult seal() {
    const auto sealed = keys.seal_plain(header, {}, {}, out, now);
    if (sealed) {
      REQUIRE(sealed->counter < kGenerationPackets);
      REQUIRE(nonces.insert({sealed->at.generation, sealed->counter}).second);
    }
    return sealed;
  }
  std::vector<SenderKeys::Gift> gifts() {
    std::vector<SenderKeys::Gift> all;
    while (auto gift = keys.poll_gift()) all.push_back(std::move(*gift));
    return all;
  }
  void pass(Duration time) {
    for (const Instant end = now + time; now < end;) {
      now += 10ms;
      if (keys.next_deadline() <= now) keys.handle_deadline(now);
    }
  }
};

}  // namespace

TEST_CASE("without holders nothing is sealed") {
  Sender sender;
  CHECK(sender.seal().error() == MediaError::kNoHolders);
  sender.keys.admit({1}, sender.now);
  CHECK(sender.seal());
}

TEST_CASE("the first holder gets the secret in use, the second the next step alone") {
  Sender sender(65530);
  sender.keys.admit({1}, sender.now);
  auto gifts = sender.gifts();
  REQUIRE(gifts.size() == 1);
  CHECK(gifts[0].key.at == KeyStep{0, 0});
  CHECK(gifts[0].key.start == SeqNo16(65530));
  CHECK(gifts[0].key.next == 0);
  for (int i = 0; i < 10; ++i) REQUIRE(sender.seal());
  sender.keys.admit({2}, sender.now);
  const auto second = sender.gifts();
  REQUIRE(second.size() == 1);
  CHECK(second[0].to == HolderId{2});
  CHECK(second[0].key.at == KeyStep{0, 1});
  CHECK(second[0].key.next == 10);  // Past the wrap of seq.
  CHECK(second[0].key.secret == next_step(gifts[0].key.secret));
}

TEST_CASE("newcomers within 200 ms share a step") {
  Sender sender;
  for (std::uint32_t i = 1; i <= 5; ++i) sender.keys.admit({i}, sender.now);
  CHECK(sender.keys.in_use().step == 1);
  CHECK(sender.keys.holder_count() == 2);
  sender.pass(200ms);
  CHECK(sender.keys.in_use().step == 2);
  CHECK(sender.keys.holder_count() == 5);
}

TEST_CASE("a generation replaced 500 ms after its round starts where the first of its packets is") {
  Sender sender;
  sender.keys.admit({1}, sender.now);
  sender.keys.admit({2}, sender.now);
  REQUIRE(sender.seal());
  static_cast<void>(sender.gifts());
  sender.keys.remove({2}, sender.now);
  const auto round = sender.gifts();
  REQUIRE(round.size() == 1);
  CHECK(round[0].key.at == KeyStep{1, 0});
  CHECK(round[0].key.next == 0);
  REQUIRE(sender.seal());
  CHECK(sender.keys.in_use().generation == 0);
  sender.pass(500ms);
  CHECK(sender.keys.in_use().generation == 1);
  CHECK(sender.seal()->counter == 1);
  CHECK(round[0].key.start == SeqNo16(1));
}

TEST_CASE("departures in a row switch within 2.4 s of the first, to a key none of them was given") {
  Sender sender;
  for (std::uint32_t i = 1; i <= 40; ++i) sender.keys.admit({i}, sender.now);
  sender.pass(1s);
  std::map<std::uint32_t, std::set<std::uint32_t>> given;
  const Instant first = sender.now;
  bool switched = false;
  for (std::uint32_t i = 1; i <= 30; ++i) {
    for (const auto& gift : sender.gifts()) given[gift.key.at.generation].insert(gift.to.value);
    sender.keys.remove({i}, sender.now);
    sender.pass(100ms);
    for (const auto& gift : sender.gifts()) given[gift.key.at.generation].insert(gift.to.value);
    if (switched || sender.keys.in_use().generation == 0) continue;
    switched = true;
    CHECK(sender.now - first <= 2400ms + 10ms);
    for (std::uint32_t gone = 1; gone <= i; ++gone) {
      CHECK(given[sender.keys.in_use().generation].count(gone) == 0);
    }
  }
  CHECK(switched);
}

TEST_CASE("nobody left: the next generation is in use at once") {
  Sender sender;
  sender.keys.admit({1}, sender.now);
  REQUIRE(sender.seal());
  sender.keys.remove({1}, sender.now);
  CHECK(sender.keys.in_use() == KeyStep{1, 0});
  CHECK(sender.keys.next_deadline() == kNever);
}

TEST_CASE("a generation hands over after 49,152 packets and never seals more than 61,440") {
  Sender sender(40000);
  sender.keys.admit({1}, sender.now);
  for (int i = 0; i < 49151; ++i) REQUIRE(sender.seal());
  static_cast<void>(sender.gifts());
  CHECK(sender.keys.next_deadline() == kNever);
  REQUIRE(sender.seal());
  REQUIRE(sender.gifts().size() == 1);
  for (int i = 49152; i < 61440; ++i) REQUIRE(sender.seal());
  CHECK(sender.seal().error() == MediaError::kAwaitingSwitch);
  sender.pass(500ms);
  const auto next = sender.seal();
  REQUIRE(next);
  CHECK(next->at.generation == 1);
  for (int i = 0; i < 40000; ++i) REQUIRE(sender.seal());
}

TEST_CASE("a generation that a leaver was given is replaced before the switch") {
  Sender sender;
  for (std::uint32_t i = 1; i <= 3; ++i) sender.keys.admit({i}, sender.now);
  sender.pass(500ms);
  sender.keys.remove({1}, sender.now);
  sender.pass(100ms);
  sender.keys.remove({2}, sender.now);  // It was given generation 1.
  sender.pass(800ms);
  CHECK(sender.keys.in_use().generation == 2);
}

TEST_CASE("a key asked for again opens nothing sealed before") {
  Sender sender;
  sender.keys.admit({1}, sender.now);
  for (int i = 0; i < 7; ++i) REQUIRE(sender.seal());
  static_cast<void>(sender.gifts());
  sender.keys.give_again({1});
  sender.keys.give_again({9});
  const auto gifts = sender.gifts();
  REQUIRE(gifts.size() == 1);
  CHECK(gifts[0].key.next == 7);
}

TEST_CASE("layouts 2 and 3 are sealed under the header's numbers with tags of 8 and 16 bytes") {
  Sender sender;
  sender.keys.admit({1}, sender.now);
  const std::array<std::byte, 6> header{};
  const std::array<std::byte, 10> payload{};
  CHECK(sender.keys.seal_media2(Layout::kMedia, header, payload, sender.out, sender.now)->size ==
        6 + 10 + 8);
  CHECK(sender.keys.seal_media2(Layout::kControl, header, payload, sender.out, sender.now)->size ==
        6 + 10 + 16);
  CHECK(sender.keys.next().seq == SeqNo16(2));
}
