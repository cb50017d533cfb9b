#include "wzp/proto/media_feedback.hpp"

#include <catch2/catch_test_macros.hpp>

#include "hex.hpp"

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;

namespace {

SenderFeedback example() {
  SenderFeedback s;
  s.sender = SenderKey{0xdeadbeef};
  s.newest = SeqNo16(0x1234);
  s.received = 1000;
  s.loss_runs = 7;
  s.bytes_by_4 = 25000;
  s.delay_ms = 0xfff0;
  s.rise_4ms = 3;
  s.jitter_ms = 12;
  s.playout_8ms = 8;
  return s;
}

SenderFeedback at(std::uint16_t newest, std::uint16_t received, std::uint8_t runs,
                  std::uint16_t bytes, std::uint16_t delay) {
  SenderFeedback s = example();
  s.newest = SeqNo16(newest);
  s.received = received;
  s.loss_runs = runs;
  s.bytes_by_4 = bytes;
  s.delay_ms = delay;
  return s;
}

constexpr auto kHex = "01 18 8001 deadbeef 1234 03e8 07 61a8 fff0 03 0c 08";

}  // namespace

TEST_CASE("media feedback is what the document says, byte for byte") {
  MediaFeedback feedback;
  feedback.cap_kbps = 24;
  feedback.at_ms = 0x8001;
  feedback.senders[0] = example();
  feedback.count = 1;
  std::array<std::byte, 64> room;
  const auto size = write_media_feedback(feedback, room);
  REQUIRE(size);
  CHECK(test::to_hex(ByteView(room).first(*size)) == test::to_hex(test::from_hex(kHex)));
  CHECK(*size == encoded_size(feedback));

  const auto read = parse_media_feedback(test::from_hex(kHex));
  REQUIRE(read);
  CHECK(read->cap_kbps == 24);
  CHECK(read->at_ms == 0x8001);
  REQUIRE(read->count == 1);
  CHECK(read->senders[0] == example());
  REQUIRE(read->find(SenderKey{0xdeadbeef}) != nullptr);
  CHECK(read->find(SenderKey{1}) == nullptr);
}

TEST_CASE("cut feedback is refused whole, bytes behind it are ignored, versions are told apart") {
  const auto bytes = test::from_hex(kHex);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    CAPTURE(n);
    const auto cut = parse_media_feedback(ByteView(bytes).first(n));
    REQUIRE_FALSE(cut);
    CHECK(cut.error() == Errc::kTruncated);
  }
  auto longer = bytes;
  longer.push_back(std::byte{0xff});
  CHECK(parse_media_feedback(longer)->senders[0] == example());
  auto other = bytes;
  other[0] = std::byte{0x11};
  CHECK(parse_media_feedback(other).error() == Errc::kUnknownVersion);
  // No blocks: only a cap.
  CHECK(parse_media_feedback(test::from_hex("00 20 0000"))->cap_kbps == 32);
}

TEST_CASE("feedback that does not fit writes nothing beyond the buffer") {
  MediaFeedback feedback;
  feedback.count = MediaFeedback::kMaxSenders;
  std::array<std::byte, 300> room;
  CHECK(*write_media_feedback(feedback, room) == 4 + 15 * 16);
  CHECK(write_media_feedback(feedback, MutableBytes(room).first(243)).error() ==
        Errc::kBufferTooSmall);
}

TEST_CASE("two reports tell what happened in between, also when every number wraps") {
  const SenderFeedback earlier = at(65'530, 65'500, 254, 65'400, 65'500);
  const SenderFeedback later = at(14, 65'514, 1, 100, 4);
  const auto interval = interval_between(65'400, earlier, 164, later);
  REQUIRE(interval);
  CHECK(interval->length == 300ms);
  CHECK(interval->expected == 20);
  CHECK(interval->received == 14);
  CHECK(interval->lost() == 6);
  CHECK(interval->loss_runs == 3);
  CHECK(interval->bytes == 236 * 4);
  CHECK(interval->delay_step_ms == 40);
  CHECK(interval->rise == 12ms);
}

TEST_CASE("reports that contradict each other give nothing, and counts stay within bounds") {
  const SenderFeedback base = at(1000, 900, 10, 1000, 50);
  CHECK_FALSE(interval_between(0, base, 0, base));                          // no time passed
  CHECK_FALSE(interval_between(0, base, 40'000, base));                     // too long
  CHECK_FALSE(interval_between(0, base, 500, at(999, 900, 10, 1000, 50)));  // back
  CHECK_FALSE(interval_between(0, base, 500, at(6000, 5000, 10, 1000, 50)));
  CHECK_FALSE(interval_between(0, base, 500, at(1010, 1000, 10, 1000, 50)));  // more than sent
  SenderFeedback other = base;
  other.sender = SenderKey{1};
  CHECK_FALSE(interval_between(0, base, 500, other));
  // Late packets of the interval before, and more runs than packets lost.
  const auto late = interval_between(0, base, 500, at(1010, 913, 200, 1000, 50));
  REQUIRE(late);
  CHECK(late->received == 10);
  CHECK(late->lost() == 0);
  CHECK(late->loss_runs == 0);
}
