#include "../src/outbox.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace wzp;
using namespace wzp::transport;
using namespace std::chrono_literals;

namespace {

std::string text(const FrameRef& frame) { return std::string(as_text(frame.bytes())); }

}  // namespace

TEST_CASE("the outbox gives datagrams out in order") {
  FramePool pool(1 << 20);
  const OutboxLimits limits;
  Outbox outbox(limits);
  for (int i = 0; i < 100; ++i) outbox.push(pool.copy(as_byte_view(std::to_string(i))), Instant());
  for (int i = 0; i < 100; ++i) {
    REQUIRE_FALSE(outbox.empty());
    CHECK(text(outbox.front()) == std::to_string(i));
    outbox.pop_front();
  }
  CHECK(outbox.empty());
  CHECK(pool.bytes_in_use() == 0);
}

TEST_CASE("a full outbox loses its oldest datagram") {
  FramePool pool(1 << 20);
  const OutboxLimits limits{200ms, 3};
  Outbox outbox(limits);
  for (const char* name : {"a", "b", "c"}) {
    CHECK(outbox.push(pool.copy(as_byte_view(name)), Instant()) == 0);
  }
  CHECK(outbox.push(pool.copy(as_byte_view("d")), Instant()) == 1);
  CHECK(outbox.size() == 3);
  CHECK(text(outbox.front()) == "b");
}

TEST_CASE("datagrams that wait too long are dropped") {
  FramePool pool(1 << 20);
  const OutboxLimits limits{100ms, 100};
  Outbox outbox(limits);
  for (int i = 0; i < 10; ++i) {
    outbox.push(pool.copy(as_byte_view(std::to_string(i))), Instant(i * 20ms));
  }
  CHECK(outbox.drop_aged(Instant(180ms)) == 4);
  CHECK(text(outbox.front()) == "4");
  CHECK(outbox.keep_newest(2) == 4);
  CHECK(text(outbox.front()) == "8");
}
