// The first five tests have the names of those of the class this one is modelled on.
#include "wzp/proto/message_stream.hpp"

#include <catch2/catch_test_macros.hpp>

#include "../src/queue_points.hpp"
#include "hex.hpp"
#include "wzp/proto/rng.hpp"

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;

namespace {

constexpr Instant kNow = Instant(1h);

// Messages of exactly eight bytes, without a prefix.
class Eight final : public MessageFormat {
 public:
  std::size_t max_size() const noexcept override { return 8; }
  Result<std::optional<Frame>> decode(ByteView bytes) const noexcept override {
    if (bytes.size() < 8) return std::optional<Frame>();
    return std::optional(Frame{bytes.first(8), 8});
  }
  std::size_t encoded_size(ByteView message) const noexcept override { return message.size(); }
  void encode(ByteView message, std::vector<std::byte>& out) const override {
    out.insert(out.end(), message.begin(), message.end());
  }
};

std::vector<std::byte> ping(std::uint64_t value) {
  std::vector<std::byte> bytes(8);
  ByteWriter(bytes).u64(value);
  return bytes;
}

std::uint64_t value_of(ByteView message) { return ByteReader(message).u64(); }

std::vector<std::byte> joined(std::initializer_list<std::vector<std::byte>> parts) {
  std::vector<std::byte> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::vector<std::byte> copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

TEST_CASE("message stream: reassemble message whole reads") {
  const Eight format;
  MessageStreamConfig config;
  config.rx_max_messages = 2;
  MessageStream stream(format, config, kNow);
  REQUIRE(stream.handle_data(joined({ping(0), ping(1)})).has_value());
  CHECK(value_of(stream.poll_message().value()) == 0);
  CHECK(value_of(stream.poll_message().value()) == 1);
  CHECK_FALSE(stream.poll_message().has_value());
  CHECK_FALSE(stream.failed().has_value());
  CHECK(stream.handle_end().has_value());
  CHECK(stream.read_budget(100) == 16);
}

TEST_CASE("message stream: reassemble message partial reads") {
  const Eight format;
  MessageStream stream(format, {}, kNow);
  constexpr std::uint64_t kMax = ~std::uint64_t{0};
  const auto wire = joined({ping(kMax - 1), ping(kMax)});
  REQUIRE(stream.handle_data(ByteView(wire).first(4)).has_value());
  CHECK_FALSE(stream.poll_message().has_value());
  CHECK(stream.handle_end().error() == Errc::kEndOfStream);
  CHECK(stream.read_budget(8) == 4);
  REQUIRE(stream.handle_data(ByteView(wire).subspan(4, 4)).has_value());
  CHECK(value_of(stream.poll_message().value()) == kMax - 1);
  REQUIRE(stream.handle_data(ByteView(wire).subspan(8)).has_value());
  CHECK(value_of(stream.poll_message().value()) == kMax);
}

TEST_CASE("message stream: send message") {
  const Eight format;
  MessageStreamConfig config;
  config.tx_max_messages = 3;
  MessageStream stream(format, config, kNow);
  for (std::uint64_t i = 0; i < 3; ++i) CHECK(stream.queue_message(ping(i), kNow).has_value());
  CHECK(test::to_hex(stream.pending()) == test::to_hex(joined({ping(0), ping(1), ping(2)})));
  stream.handle_written(24, kNow);
  CHECK_FALSE(stream.has_queued_data());
}

TEST_CASE("message stream: send message buf full") {
  const Eight format;
  MessageStreamConfig config;
  config.tx_min_bytes = 1;
  config.tx_max_messages = 1;
  MessageStream stream(format, config, kNow);
  CHECK(stream.queue_message(ping(0), kNow).has_value());
  CHECK(stream.queue_message(ping(1), kNow).error() == Errc::kQueueFull);
  const auto pending = copy(stream.pending());
  CHECK(test::to_hex(pending) == test::to_hex(ping(0)));
  stream.handle_written(3, kNow);
  CHECK(stream.queue_message(ping(1), kNow).error() == Errc::kQueueFull);
  stream.handle_written(5, kNow);
  CHECK(stream.queue_message(ping(1), kNow).has_value());
}

TEST_CASE("message stream: queue behavior") {
  QueuePoints queue;
  queue.append(10, kNow);
  queue.append(20, kNow + 1s);
  queue.append(30, kNow + 2s);
  CHECK(queue.left(0) == 10);
  CHECK(queue.left(1) == 20);
  CHECK(queue.left(2) == 30);
  queue.mark_write(5);
  CHECK(queue.left(0) == 5);
  queue.mark_write(5);
  CHECK(queue.left(0) == 20);
  CHECK(queue.left(1) == 30);
  CHECK(queue.first() == kNow + 1s);
  queue.mark_write(25);
  CHECK(queue.left(0) == 25);
  CHECK(queue.size() == 1);
  queue.mark_write(25);
  CHECK_FALSE(queue.first().has_value());
}

TEST_CASE("message stream: incomplete and malformed are told apart, and malformed is final") {
  const LengthPrefixed format(100);
  MessageStream stream(format, {}, kNow);
  REQUIRE(stream.handle_data(test::from_hex("0000")).has_value());
  CHECK_FALSE(stream.poll_message().has_value());
  CHECK_FALSE(stream.failed().has_value());
  REQUIRE(stream.handle_data(test::from_hex("0065")).has_value());
  CHECK_FALSE(stream.poll_message().has_value());
  CHECK(stream.failed() == Errc::kMalformed);
  CHECK(stream.handle_data(ping(0)).error() == Errc::kMalformed);
  CHECK(stream.handle_end().error() == Errc::kMalformed);
}

TEST_CASE("message stream: a peer can't fill more memory than its limit") {
  const LengthPrefixed format(1000);
  MessageStream stream(format, {}, kNow);
  CHECK(stream.read_budget(1'000'000) == 1004);
  CHECK(stream.read_budget(64) == 64);
  const std::vector<std::byte> flood(1005);
  CHECK(stream.handle_data(flood).error() == Errc::kTooLong);
  auto largest = test::from_hex("000003e8");
  largest.resize(1003);
  REQUIRE(stream.handle_data(largest).has_value());
  CHECK_FALSE(stream.poll_message().has_value());
  CHECK(stream.read_budget(64) == 1);
  REQUIRE(stream.handle_data(ByteView(flood).first(1)).has_value());
  CHECK(stream.poll_message().value().size() == 1000);
  CHECK(stream.read_budget(2000) == 1004);
}

TEST_CASE("message stream: messages above the largest are refused before they are queued") {
  const LengthPrefixed format(10);
  MessageStream stream(format, {}, kNow);
  CHECK(stream.queue_message(std::vector<std::byte>(11), kNow).error() == Errc::kTooLong);
  CHECK(stream.queue_message(std::vector<std::byte>(10), kNow).has_value());
  CHECK(stream.queue_message(std::vector<std::byte>(10), kNow).has_value());
  CHECK(stream.queue_message({}, kNow).error() == Errc::kQueueFull);
}

TEST_CASE("message stream: a write is stale when oldest message and last write are over 30 s old") {
  const Eight format;
  MessageStream stream(format, {}, kNow);
  CHECK_FALSE(stream.is_write_stale(kNow + 100s));
  REQUIRE(stream.queue_message(ping(0), kNow + 100s).has_value());
  CHECK_FALSE(stream.is_write_stale(kNow + 130s));
  CHECK(stream.is_write_stale(kNow + 131s));
  stream.handle_written(1, kNow + 131s);
  CHECK_FALSE(stream.is_write_stale(kNow + 161s));
  CHECK(stream.is_write_stale(kNow + 162s));
  stream.handle_written(7, kNow + 162s);
  CHECK_FALSE(stream.is_write_stale(kNow + 500s));
}

TEST_CASE("message stream: connecting is given up after 5 s") {
  const Eight format;
  MessageStream stream(format, {}, kNow);
  CHECK_FALSE(stream.is_connect_expired(kNow + 4999ms));
  CHECK(stream.is_connect_expired(kNow + 5s));
  stream.set_connected();
  CHECK_FALSE(stream.is_connect_expired(kNow + 500s));
  CHECK(stream.connected());
}

TEST_CASE("message stream: buffers shrink by a quarter down to 4 KiB and keep their content") {
  const LengthPrefixed format(100'000);
  MessageStream stream(format, {}, kNow);
  REQUIRE(stream.queue_message(std::vector<std::byte>(100'000, std::byte{7}), kNow).has_value());
  const std::size_t before = stream.tx_capacity();
  stream.handle_written(99'004, kNow);
  stream.shrink_buffers();
  CHECK(stream.tx_capacity() == before / 4 * 3);
  CHECK(stream.pending().size() == 1000);
  CHECK(stream.pending()[999] == std::byte{7});
  for (int i = 0; i < 40; ++i) stream.shrink_buffers();
  CHECK(stream.tx_capacity() == 4096);
  CHECK(stream.pending().size() == 1000);
  std::vector<std::byte> incomplete = test::from_hex("00010000");
  incomplete.resize(50'000);
  REQUIRE(stream.handle_data(incomplete).has_value());
  for (int i = 0; i < 40; ++i) stream.shrink_buffers();
  CHECK(stream.rx_capacity() == 50'000);
}

TEST_CASE("message stream: random messages arrive whatever the pieces") {
  SeededRng rng(31);
  const LengthPrefixed format(300);
  MessageStream from(format, {}, kNow);
  MessageStream to(format, {}, kNow);
  std::vector<std::string> sent;
  std::vector<std::string> received;
  while (received.size() < 500) {
    std::vector<std::byte> message(rng.next_u64() % 301);
    rng.fill(message);
    if (sent.size() < 500 && from.queue_message(message, kNow))
      sent.push_back(test::to_hex(message));
    const std::size_t piece = std::min<std::size_t>(from.pending().size(), rng.next_u64() % 400);
    const std::size_t n = std::min(piece, to.read_budget(256));
    REQUIRE(to.handle_data(from.pending().first(n)).has_value());
    from.handle_written(n, kNow);
    while (const auto got = to.poll_message()) received.push_back(test::to_hex(*got));
    REQUIRE_FALSE(to.failed().has_value());
  }
  CHECK(sent == received);
}
