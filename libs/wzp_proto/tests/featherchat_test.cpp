#include "wzp/proto/featherchat.hpp"

#include <catch2/catch_test_macros.hpp>

#include "vectors.hpp"

using namespace wzp;
using namespace wzp::proto;

namespace {

Result<FeatherChatPayload> parse(std::string_view text) {
  return parse_featherchat_payload(as_byte_view(text));
}

}  // namespace

TEST_CASE("featherChat: payload round trip with relay and room") {
  for (
      const std::string text :
      {R"({"signal":{"Hangup":{"reason":"Normal"}},"relay_addr":"relay.example.com:4433","room":"myroom"})",
       R"({"signal":"Hold","relay_addr":null,"room":null})"}) {
    const auto payload = parse(text);
    REQUIRE(payload.has_value());
    CHECK(write_featherchat_payload(*payload) == text);
  }
  CHECK(parse(R"({"signal":"Hold"})").value() == FeatherChatPayload{Hold{}, {}, {}});
}

TEST_CASE("featherChat: every recorded payload is written back as the same text") {
  for (const auto& row : test::load_vectors("wire.json", "featherchat_payloads")) {
    std::string text;
    for (const auto& [key, value] : row.items()) {
      if (value.is_string() && value.get<std::string>().find("\"signal\"") != std::string::npos) {
        text = value.get<std::string>();
      }
    }
    if (row.is_string()) text = row.get<std::string>();
    REQUIRE_FALSE(text.empty());
    const auto payload = parse(text);
    REQUIRE(payload.has_value());
    CHECK(write_featherchat_payload(*payload) == text);
  }
}

TEST_CASE("featherChat: type mapping, and no ringing for what is no offer") {
  CHECK(featherchat_signal_type(CallOffer{}) == "Offer");
  CHECK(featherchat_signal_type(CallAnswer{}) == "Answer");
  CHECK(featherchat_signal_type(IceCandidate{}) == "IceCandidate");
  CHECK(featherchat_signal_type(Hangup{HangupReason::kBusy}) == "Hangup");
  CHECK(featherchat_signal_type(Transfer{}) == "Transfer");
  CHECK(featherchat_signal_type(Unmute{}) == "Unmute");
  CHECK_FALSE(featherchat_signal_type(Ping{}).has_value());
  CHECK_FALSE(featherchat_signal_type(RoomQuery{}).has_value());
}

TEST_CASE("featherChat: a payload without a known signal is refused") {
  CHECK(parse("[]").error() == Errc::kWrongShape);
  CHECK(parse("{}").error() == Errc::kMissingField);
  CHECK(parse(R"({"signal":"Wave"})").error() == Errc::kUnknownName);
  CHECK(parse(R"({"signal":"Ping"})").error() == Errc::kWrongShape);
  CHECK(parse(R"({"signal":"Hold","room":7})").error() == Errc::kWrongType);
  CHECK(parse("{").error() == Errc::kNotJson);
}
