#include "../src/incoming_messages.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace wzp;
using namespace wzp::transport;
using namespace std::chrono_literals;

namespace {

constexpr IncomingMessages::Limits kLimits{1000, 3000};
using Verdict = IncomingMessages::Verdict;

std::vector<std::byte> framed(std::string_view text) {
  std::vector<std::byte> out(4 + text.size());
  ByteWriter w(out);
  w.u32(static_cast<std::uint32_t>(text.size()));
  w.bytes(as_byte_view(text));
  return out;
}

std::string popped(IncomingMessages& in) {
  const auto message = in.pop();
  return message ? std::string(as_text(*message)) : "(none)";
}

const Instant kNow{10s};

}  // namespace

TEST_CASE("a message comes out whole however its bytes are cut") {
  const auto bytes = framed("hello");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    IncomingMessages in(0, kLimits);
    CHECK(in.on_data(0, ByteView(bytes).first(cut), false, kNow) == Verdict::kOk);
    CHECK(in.on_data(0, ByteView(bytes).subspan(cut), true, kNow) == Verdict::kOk);
    CHECK(popped(in) == "hello");
    CHECK(in.buffered_bytes() == 0);
    CHECK_FALSE(in.waiting_since());
  }
}

TEST_CASE("a message is complete before its stream is") {
  IncomingMessages in(1, kLimits);
  in.on_data(1, framed("x"), false, kNow);
  CHECK(popped(in) == "x");
  in.on_data(1, {}, true, kNow);
  CHECK(popped(in) == "(none)");
  CHECK(in.take_irregular().truncated == 0);
}

TEST_CASE("messages wait for those whose streams were opened before") {
  IncomingMessages in(0, kLimits);
  in.on_data(8, framed("c"), true, kNow);
  in.on_data(4, framed("b"), true, kNow);
  CHECK(popped(in) == "(none)");
  in.on_data(0, framed("a"), true, kNow);
  CHECK(popped(in) == "a");
  CHECK(popped(in) == "b");
  CHECK(popped(in) == "c");
  CHECK(in.head() == 12);
}

TEST_CASE("a message that will never be complete is skipped and counted") {
  IncomingMessages in(0, kLimits);
  in.on_data(0, ByteView(framed("cut off")).first(6), true, kNow);
  in.on_data(4, framed("b"), true, kNow);
  CHECK(popped(in) == "b");
  in.on_data(12, framed("d"), true, kNow);
  in.on_reset(8, kNow);
  CHECK(popped(in) == "d");
  in.on_data(16, {}, true, kNow);  // a stream with nothing in it
  in.on_data(20, framed("f"), true, kNow);
  CHECK(popped(in) == "f");
  CHECK(in.take_irregular().truncated == 3);
  CHECK(in.take_irregular().truncated == 0);
}

TEST_CASE("a reset after the message is complete does not take it back") {
  IncomingMessages in(0, kLimits);
  in.on_data(0, framed("a"), false, kNow);
  in.on_reset(0, kNow);
  CHECK(popped(in) == "a");
}

TEST_CASE("bytes after a message are counted and ignored") {
  IncomingMessages in(0, kLimits);
  auto bytes = framed("a");
  bytes.push_back(std::byte{1});
  in.on_data(0, bytes, false, kNow);
  in.on_data(0, framed("more"), false, kNow);
  CHECK(popped(in) == "a");
  in.on_data(0, framed("even more"), true, kNow);
  CHECK(popped(in) == "(none)");
  CHECK(in.take_irregular().with_excess == 2);
  CHECK(in.buffered_bytes() == 0);
}

TEST_CASE("a length over the limit is noticed with its last byte, and nothing is reserved for it") {
  IncomingMessages in(0, kLimits);
  const std::array<std::byte, 4> huge{std::byte{0xff}, std::byte{0xff}, std::byte{0xff},
                                      std::byte{0xff}};
  CHECK(in.on_data(0, ByteView(huge).first(3), false, kNow) == Verdict::kOk);
  CHECK(in.on_data(0, ByteView(huge).subspan(3), false, kNow) == Verdict::kTooLong);
  CHECK(in.refused_length() == 0xffffffff);
  CHECK(in.buffered_bytes() == 0);

  IncomingMessages exact(0, kLimits);
  CHECK(exact.on_data(0, framed(std::string(1000, 'x')), true, kNow) == Verdict::kOk);
  CHECK(exact.on_data(4, framed(std::string(1001, 'x')), true, kNow) == Verdict::kTooLong);
}

TEST_CASE("what waits is bounded in bytes") {
  IncomingMessages in(0, kLimits);
  CHECK(in.on_data(4, framed(std::string(1000, 'x')), true, kNow) == Verdict::kOk);
  CHECK(in.on_data(8, framed(std::string(1000, 'x')), true, kNow) == Verdict::kOk);
  CHECK(in.on_data(12, framed(std::string(1000, 'x')), true, kNow) == Verdict::kOk);
  CHECK(in.buffered_bytes() == 3000);
  CHECK(in.on_data(16, framed("x"), true, kNow) == Verdict::kBufferFull);
}

TEST_CASE("progress of the next message in order is what counts for patience") {
  IncomingMessages in(0, kLimits);
  const auto bytes = framed("hello");
  in.on_data(0, ByteView(bytes).first(5), false, Instant(1s));
  CHECK(in.waiting_since() == Instant(1s));
  in.on_data(4, framed("later"), true, Instant(2s));
  CHECK(in.waiting_since() == Instant(1s));
  in.on_data(0, ByteView(bytes).subspan(5, 1), false, Instant(3s));
  CHECK(in.waiting_since() == Instant(3s));
}

TEST_CASE("only the next stream in order gets flow-control credit back") {
  IncomingMessages in(0, kLimits);
  in.on_data(4, framed("second"), false, kNow);
  CHECK(in.take_head_credit() == 0);
  in.on_data(0, ByteView(framed("first")).first(7), false, kNow);
  CHECK(in.take_head_credit() == 7);
  CHECK(in.take_head_credit() == 0);
  in.on_data(0, ByteView(framed("first")).subspan(7), false, kNow);
  CHECK(popped(in) == "first");
  CHECK(in.head() == 4);
  CHECK(in.take_head_credit() == 10);
}
