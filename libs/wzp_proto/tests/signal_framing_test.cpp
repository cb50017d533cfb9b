#include "wzp/proto/signal_framing.hpp"

#include <catch2/catch_test_macros.hpp>

#include "hex.hpp"
#include "vectors.hpp"

using namespace wzp;
using namespace wzp::proto;

TEST_CASE("a framed signal is the recorded stream bytes") {
  for (const auto& row : test::load_vectors("wire.json", "signals")) {
    const auto text = row.at("json").get<std::string>();
    const auto signal = parse_signal(as_byte_view(text));
    REQUIRE(signal.has_value());
    const std::string frame = write_signal_frame(*signal).value();
    CHECK(test::to_hex(as_byte_view(frame)) == row.at("stream_bytes").get<std::string>());
  }
}

TEST_CASE("the reader finds the message whatever pieces the stream arrives in") {
  const std::string frame = write_signal_frame(Ping{1000}).value();
  CHECK(test::to_hex(as_byte_view(frame).first(4)) == "0000001e");
  for (std::size_t piece = 1; piece <= frame.size(); ++piece) {
    SignalFrameReader reader;
    for (std::size_t at = 0; at < frame.size(); at += piece) {
      CHECK_FALSE(reader.complete());
      const auto fed =
          reader.feed(as_byte_view(frame).subspan(at, std::min(piece, frame.size() - at)));
      REQUIRE(fed.has_value());
      CHECK(*fed == reader.complete());
    }
    REQUIRE(reader.complete());
    CHECK(reader.finish().has_value());
    CHECK(as_text(reader.message()) == "{\"Ping\":{\"timestamp_ms\":1000}}");
  }
}

TEST_CASE("a stream that ends inside a message is an error, bytes behind the message are not") {
  const std::string frame = write_signal_frame(Hold{}).value();
  for (std::size_t n = 0; n < frame.size(); ++n) {
    SignalFrameReader reader;
    REQUIRE_FALSE(reader.feed(as_byte_view(frame).first(n)).value());
    CHECK(reader.finish().error() == Errc::kEndOfStream);
  }
  SignalFrameReader reader;
  CHECK(reader.feed(as_byte_view(frame + "junk")).value());
  CHECK(as_text(reader.message()) == "\"Hold\"");
  reader.reset();
  CHECK_FALSE(reader.complete());
  CHECK(reader.feed(as_byte_view(frame)).value());
}

TEST_CASE("a signal of exactly 1,048,576 bytes is accepted, one more is refused") {
  const std::string head = "{\"AuthToken\":{\"token\":\"";
  std::string text = head + std::string(kMaxSignalBytes - head.size() - 3, 'x') + "\"}}";
  REQUIRE(text.size() == kMaxSignalBytes);
  auto signal = parse_signal(as_byte_view(text));
  REQUIRE(signal.has_value());
  const std::string frame = write_signal_frame(*signal).value();
  SignalFrameReader reader;
  CHECK(reader.feed(as_byte_view(frame)).value());
  CHECK(parse_signal(reader.message()).has_value());

  SignalFrameReader strict;
  CHECK(strict.feed(test::from_hex("00100001")).error() == Errc::kTooLong);
  CHECK(strict.feed(test::from_hex("00")).error() == Errc::kTooLong);
  CHECK(strict.finish().error() == Errc::kTooLong);
  text[head.size()] = 'y';
  text.push_back(' ');
  CHECK(parse_signal(as_byte_view(text)).error() == Errc::kTooLong);
  std::get<AuthToken>(*signal).token += 'x';
  CHECK(write_signal_frame(*signal).error() == Errc::kTooLong);
}

TEST_CASE("an announced length allocates nothing before the bytes arrive") {
  SignalFrameReader reader;
  CHECK_FALSE(reader.feed(test::from_hex("00100000 22")).value());
  CHECK_FALSE(reader.complete());
  SignalFrameReader empty;
  CHECK(empty.feed(test::from_hex("00000000")).value());
  CHECK(parse_signal(empty.message()).error() == Errc::kNotJson);
}

TEST_CASE("every bit flip of a framed signal is a message, incomplete or too long, never worse") {
  const std::string frame = write_signal_frame(Ping{1000}).value();
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::string flipped = frame;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    SignalFrameReader reader;
    const auto fed = reader.feed(as_byte_view(flipped));
    if (!fed) CHECK(fed.error() == Errc::kTooLong);
    if (bit >= 32) CHECK(reader.complete());
    if (reader.complete()) CHECK(reader.message().size() <= frame.size() - 4);
  }
}
