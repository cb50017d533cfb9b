#include "../src/outgoing_messages.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace wzp;
using namespace wzp::transport;

namespace {

OutgoingMessages with_limits() { return OutgoingMessages({1000, 3000, 500}); }
std::vector<std::byte> message(std::size_t n) { return std::vector<std::byte>(n, std::byte{'x'}); }

}  // namespace

TEST_CASE("a message leaves with its length in front") {
  OutgoingMessages out = with_limits();
  REQUIRE(out.push(as_byte_view("ab")));
  CHECK(out.wants_stream());
  out.start_next(0);
  const auto chunk = out.next_chunk();
  REQUIRE(chunk);
  CHECK(chunk->stream == 0);
  CHECK(as_text(chunk->bytes) == std::string_view("\0\0\0\2ab", 6));
  out.on_written(0, 6, true);
  CHECK_FALSE(out.next_chunk());
  CHECK_FALSE(out.empty());
  out.on_acked(0, 0, 6);
  CHECK(out.empty());
  CHECK(out.delivered() == 1);
}

TEST_CASE("limits on one message and on all of them") {
  OutgoingMessages out = with_limits();
  CHECK(out.push(message(1001)).error() == Errc::kMessageTooLong);
  CHECK(out.push(message(1000)));
  CHECK(out.push(message(1000)));
  CHECK(out.push(message(1000)).error() == Errc::kMessageQueueFull);
  CHECK(out.push(message(900)));

  OutgoingMessages many({1000, 1'000'000, 500});
  for (std::size_t i = 0; i < OutgoingMessages::kMaxQueued; ++i) REQUIRE(many.push({}));
  CHECK(many.push({}).error() == Errc::kMessageQueueFull);
}

TEST_CASE("what is in flight is bounded, and acknowledgements make room") {
  OutgoingMessages out = with_limits();
  REQUIRE(out.push(message(996)));
  REQUIRE(out.push(message(10)));
  out.start_next(0);
  out.on_written(0, 500, false);
  CHECK_FALSE(out.next_chunk());
  CHECK_FALSE(out.wants_stream());
  CHECK(out.has_unsent());
  out.on_acked(0, 0, 300);
  REQUIRE(out.next_chunk());
  CHECK(out.next_chunk()->bytes.size() == 500);
  out.on_acked(0, 0, 300);  // told twice
  out.on_written(0, 500, true);
  out.on_acked(0, 300, 700);
  CHECK(out.queued() == 1);
}

TEST_CASE("a blocked stream lets the next one pass") {
  OutgoingMessages out = with_limits();
  REQUIRE(out.push(message(10)));
  REQUIRE(out.push(message(20)));
  out.start_next(0);
  out.start_next(4);
  out.on_blocked(0);
  CHECK(out.next_chunk()->stream == 4);
  out.clear_blocked();
  CHECK(out.next_chunk()->stream == 0);
}

TEST_CASE("a stream that the peer gave up frees its message") {
  OutgoingMessages out = with_limits();
  REQUIRE(out.push(message(100)));
  out.start_next(0);
  out.on_written(0, 50, false);
  out.on_stream_closed(0);
  CHECK(out.empty());
  CHECK_FALSE(out.has_unsent());
  CHECK(out.delivered() == 0);
  out.on_acked(0, 0, 50);  // late
  out.on_stream_closed(0);
  CHECK(out.queued_bytes() == 0);
}
