#include "wzp/proto/signal.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <limits>

#include "hex.hpp"
#include "vectors.hpp"

using namespace wzp;
using namespace wzp::proto;

namespace {

Result<Signal> parse(std::string_view text) { return parse_signal(as_byte_view(text)); }

Bytes bytes_of(std::string_view text) {
  const ByteView view = as_byte_view(text);
  return {view.begin(), view.end()};
}

// One of each of our own messages, with the text it must become.
struct OwnRow {
  Signal signal;
  std::string text;
};

std::vector<OwnRow> own_rows() {
  std::vector<OwnRow> rows;
  RoomParticipant full{
      StreamId{7}, bytes_of("\x01\x01hello"), {"e2e/1", "mini"}, "27ba:36eb", "Ann"};
  RoomParticipant legacy{StreamId{9}, {}, {}, "aabb", std::nullopt};
  rows.push_back(
      {RoomUpdate{3, 0, StreamId{7}, {full, legacy}, {}},
       R"({"RoomUpdate":{"rev":3,"base":0,"you":7,"participants":[{"stream":7,)"
       R"("hello":"AQFoZWxsbw==","features":["e2e/1","mini"],"fingerprint":"27ba:36eb",)"
       R"("alias":"Ann"},{"stream":9,"features":[],"fingerprint":"aabb"}],"left":[]}})"});
  rows.push_back(
      {RoomUpdate{4, 3, StreamId{7}, {}, {StreamId{9}, StreamId{65535}}},
       R"({"RoomUpdate":{"rev":4,"base":3,"you":7,"participants":[],"left":[9,65535]}})"});
  rows.push_back({RoomQuery{}, R"("RoomQuery")"});
  rows.push_back({PeerSignal{StreamId{1}, StreamId{2}, bytes_of("hi")},
                  R"({"PeerSignal":{"to":1,"from":2,"body":"aGk="}})"});
  rows.push_back({ChallengeRequest{}, R"("ChallengeRequest")"});
  rows.push_back({Challenge{},
                  R"({"Challenge":{"challenge":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}})"});
  rows.push_back(
      {Restarting{1500, 30000}, R"({"Restarting":{"reconnect_in_ms":1500,"try_for_ms":30000}})"});
  rows.push_back({EndpointGone{"27ba:36eb"}, R"({"EndpointGone":{"fingerprint":"27ba:36eb"}})"});
  rows.push_back({Preferred{true}, R"({"Preferred":{"preferred":true}})"});
  rows.push_back({SendTo{"27ba:36eb", bytes_of("abc")},
                  R"({"SendTo":{"fingerprint":"27ba:36eb","body":"YWJj"}})"});
  rows.push_back({Health{"too much"}, R"({"Health":{"problem":"too much"}})"});
  rows.push_back({Status{StatusKind::kSameIdentityConnected, {}},
                  R"({"Status":{"kind":"SameIdentityConnected"}})"});
  rows.push_back({Status{StatusKind::kHealthy, {}}, R"({"Status":{"kind":"Healthy"}})"});
  rows.push_back({Status{StatusKind::kUnknown, "Tired"}, R"({"Status":{"kind":"Tired"}})"});
  rows.push_back({ErrorNotice{"room-full", "50 of 50"},
                  R"({"Error":{"code":"room-full","reason":"50 of 50"}})"});
  return rows;
}

}  // namespace

TEST_CASE("every recorded signal parses and is written back as the same text") {
  const auto vectors = test::load_vectors("wire.json", "signals");
  REQUIRE(vectors.size() == 26);
  for (const auto& row : vectors) {
    const auto text = row.at("json").get<std::string>();
    CAPTURE(text);
    const auto signal = parse(text);
    REQUIRE(signal.has_value());
    CHECK(signal_name(*signal) == row.at("variant").get<std::string>());
    CHECK_FALSE(std::holds_alternative<UnknownSignal>(*signal));
    CHECK(write_signal(*signal) == text);
  }
}

TEST_CASE("the parser is as strict and as tolerant as the reference, except for unknown messages") {
  const auto vectors = test::load_vectors("wire.json", "signal_parsing");
  REQUIRE(vectors.size() == 25);
  for (const auto& row : vectors) {
    const auto text = row.at("text").get<std::string>();
    CAPTURE(text);
    const auto signal = parse(text);
    const bool unknown = signal && std::holds_alternative<UnknownSignal>(*signal);
    if (row.at("accepted").get<bool>()) {
      REQUIRE(signal.has_value());
      CHECK(write_signal(*signal) == row.at("reserialised").get<std::string>());
    } else {
      CHECK((!signal.has_value() || unknown));
      CHECK(unknown == (text.find("Unknown") != text.npos || text.find("ping") != text.npos));
    }
  }
}

TEST_CASE("each of our own messages has the documented text and reads back the same") {
  for (const OwnRow& row : own_rows()) {
    CAPTURE(row.text);
    CHECK(write_signal(row.signal) == row.text);
    const auto parsed = parse(row.text);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == row.signal);
  }
}

TEST_CASE("offers carry features, hello and binding, and stay readable for the reference") {
  CallOffer offer;
  offer.signature = Bytes(64, std::byte{7});
  offer.supported_profiles = {kProfileGood};
  const std::string plain = write_signal(offer);
  CHECK(plain.find("features") == std::string::npos);
  offer.features = {"e2e/1", "stream-id"};
  offer.hello = bytes_of("hello");
  offer.binding = Binding{"origin", Bytes(64, std::byte{1}), "https://a.example"};
  const std::string text = write_signal(offer);
  CHECK(text.substr(0, plain.size() - 2) == plain.substr(0, plain.size() - 2));
  CHECK(
      text.find(
          R"("features":["e2e/1","stream-id"],"hello":"aGVsbG8=","binding":{"kind":"origin","sig":")") !=
      std::string::npos);
  const auto parsed = parse(text);
  REQUIRE(parsed.has_value());
  CHECK(std::get<CallOffer>(*parsed) == offer);

  CallAnswer answer;
  answer.features = {"e2e/1"};
  answer.binding = Binding{"exporter", Bytes(64, std::byte{2}), std::nullopt};
  const auto back = parse(write_signal(answer));
  REQUIRE(back.has_value());
  CHECK(std::get<CallAnswer>(*back) == answer);
}

TEST_CASE("a profile that can't be read is skipped and counted, not fatal") {
  std::string text = write_signal(CallOffer{});
  const std::string list =
      R"([{"codec":"Lyra3k","fec_ratio":0.2,"frame_duration_ms":20,)"
      R"("frames_per_block":5},["Opus6k",0.5,40,10],7,null,{"codec":"Opus24k"},)"
      R"({"codec":"Opus24k","fec_ratio":0.2,"frame_duration_ms":20,)"
      R"("frames_per_block":5,"new":[1,{"deep":2}]}])";
  text.replace(text.find("[]}"), 2, "[]");
  const std::size_t at = text.find("\"supported_profiles\":[]");
  REQUIRE(at != std::string::npos);
  text.replace(at + 21, 2, list);
  const auto parsed = parse(text);
  REQUIRE(parsed.has_value());
  const auto& offer = std::get<CallOffer>(*parsed);
  CHECK(offer.supported_profiles == std::vector<QualityProfile>{kProfileDegraded, kProfileGood});
  CHECK(offer.unreadable_profiles == 4);
}

TEST_CASE("an unknown message is kept with its text, so that it can be passed on") {
  const std::string text = R"({"Whisper":{"to":[1,2],"x":{"y":1.50}}})";
  const auto parsed = parse(text);
  REQUIRE(parsed.has_value());
  CHECK(std::get<UnknownSignal>(*parsed).name == "Whisper");
  CHECK(write_signal(*parsed) == text);
  CHECK(std::get<UnknownSignal>(parse("\"Wave\"").value()).name == "Wave");
}

TEST_CASE("what is refused says why") {
  struct Row {
    std::string_view text;
    Errc error;
    std::string_view detail;
  };
  const Row rows[] = {
      {"", Errc::kNotJson, "JSON"},
      {"{", Errc::kNotJson, "JSON"},
      {"[]", Errc::kWrongShape, "one member"},
      {"7", Errc::kWrongShape, "one member"},
      {"{}", Errc::kWrongShape, "one member"},
      {"\"Hold\"\"Hold\"", Errc::kNotJson, "JSON"},
      {"\xEF\xBB\xBF\"Hold\"", Errc::kNotJson, "JSON"},
      {"\"\xFF\"", Errc::kNotJson, "JSON"},
      {R"({"Ping":{"timestamp_ms":5.0}})", Errc::kWrongType, "timestamp_ms"},
      {R"({"Ping":{"timestamp_ms":-0}})", Errc::kWrongType, "timestamp_ms"},
      {R"({"Ping":{"timestamp_ms":18446744073709551616}})", Errc::kWrongType, "timestamp_ms"},
      {R"({"Ping":{}})", Errc::kMissingField, "timestamp_ms"},
      {R"({"Ping":[]})", Errc::kMissingField, "timestamp_ms"},
      {R"({"Ping":[5,6]})", Errc::kWrongShape, "1 elements"},
      {R"({"Ping":null})", Errc::kWrongShape, "Ping"},
      {R"({"Hold":0})", Errc::kWrongShape, "Hold"},
      {R"({"Transfer":["a"]})", Errc::kMissingField, "relay_addr"},
      {R"({"Hangup":{"reason":"normal"}})", Errc::kUnknownName, "reason"},
      {R"({"RouteResponse":{"fingerprint":"","found":1,"relay_chain":[]}})", Errc::kWrongType,
       "found"},
      {R"({"AuthToken":{"token":"a","token":"b"}})", Errc::kDuplicateField, "twice"},
      {R"({"AuthToken":{"token":"a","x":{"y":1,"y":1}}})", Errc::kDuplicateField, "twice"},
      {R"({"PeerSignal":{"to":65536,"from":0,"body":""}})", Errc::kWrongType, "to"},
      {R"({"PeerSignal":{"to":1,"from":0,"body":"A"}})", Errc::kWrongType, "body"},
      {R"({"PeerSignal":{"to":1,"from":0,"body":"AB=="}})", Errc::kWrongType, "body"},
      {R"({"PeerSignal":{"to":1,"from":0,"body":"A==="}})", Errc::kWrongType, "body"},
      {R"({"PeerSignal":{"to":1,"from":0,"body":"AA==AAAA"}})", Errc::kWrongType, "body"},
      {R"({"PeerSignal":{"to":1,"from":0,"body":"AA-_"}})", Errc::kWrongType, "body"},
      {R"({"Challenge":{"challenge":"AAAA"}})", Errc::kWrongType, "challenge"},
      {R"({"Rekey":{"new_ephemeral_pub":[1],"signature":[]}})", Errc::kWrongType,
       "new_ephemeral_pub"},
      {R"({"QualityUpdate":{"report":[1,2,3,4],"recommended_profile":["Opus24k",null,20,5]}})",
       Errc::kWrongType, "fec_ratio"},
      {R"({"QualityUpdate":{"report":[1,2,3,4],"recommended_profile":["Opus24k",1e39,20,5]}})",
       Errc::kWrongType, "fec_ratio"},
      {R"({"QualityUpdate":{"report":[1,2,3,4],"recommended_profile":["Opus24k",1e999,20,5]}})",
       Errc::kNotJson, "JSON"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    std::string detail;
    const auto parsed = parse_signal(as_byte_view(row.text), &detail);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error() == row.error);
    CHECK(detail.find(row.detail) != std::string::npos);
  }
}

TEST_CASE("nesting, number of values, members and field sizes are limited") {
  const auto nested = [](std::size_t depth) {
    return "{\"X\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  CHECK(parse(nested(kMaxSignalDepth)).has_value());
  CHECK(parse(nested(kMaxSignalDepth + 1)).error() == Errc::kTooDeep);
  CHECK(parse(std::string(500'000, '[')).error() == Errc::kTooDeep);

  std::string zeros = "{\"X\":[0";
  for (std::size_t i = 0; i < kMaxSignalValues; ++i) zeros += ",0";
  CHECK(parse(zeros + "]}").error() == Errc::kTooMany);

  std::string members = "{\"X\":{\"m\":0";
  for (std::size_t i = 1; i < kMaxObjectMembers; ++i)
    members += ",\"m" + std::to_string(i) + "\":0";
  CHECK(parse(members + "}}").has_value());
  CHECK(parse(members + ",\"n\":0}}").error() == Errc::kTooMany);

  CHECK(parse(write_signal(PeerSignal{{1}, {2}, Bytes(kMaxPeerBodyBytes)})).has_value());
  CHECK(parse(write_signal(PeerSignal{{1}, {2}, Bytes(kMaxPeerBodyBytes + 1)})).error() ==
        Errc::kTooLong);
  CallOffer offer;
  offer.hello = Bytes(kMaxHelloBytes);
  CHECK(parse(write_signal(offer)).has_value());
  offer.hello = Bytes(kMaxHelloBytes + 1);
  CHECK(parse(write_signal(offer)).error() == Errc::kTooLong);
  offer.hello.clear();
  offer.features.assign(kMaxFeatures + 1, "f");
  CHECK(parse(write_signal(offer)).error() == Errc::kTooMany);
  offer.features = {std::string(kMaxFeatureNameBytes + 1, 'f')};
  CHECK(parse(write_signal(offer)).error() == Errc::kTooLong);
}

TEST_CASE("floats are written as the shortest decimal that reads back, with point or exponent") {
  const auto text_of = [](float ratio) {
    QualityUpdate update;
    update.recommended_profile.fec_ratio = ratio;
    const std::string text = write_signal(update);
    const std::size_t at = text.find("fec_ratio\":") + 11;
    return text.substr(at, text.find(',', at) - at);
  };
  const std::pair<float, std::string_view> rows[] = {
      {0.2F, "0.2"},        {0.5F, "0.5"},         {1.0F, "1.0"},
      {2.0F, "2.0"},        {1e-7F, "1e-7"},       {0.0F, "0.0"},
      {-0.0F, "-0.0"},      {1e-6F, "0.000001"},   {0.00012F, "0.00012"},
      {0.1F + 0.2F, "0.3"}, {-1.5F, "-1.5"},       {100.0F, "100.0"},
      {1e13F, "1e13"},      {1.25e-9F, "1.25e-9"}, {16777216.0F, "16777216.0"}};
  for (const auto& [value, expected] : rows) {
    CHECK(text_of(value) == expected);
  }
  CHECK(text_of(std::numeric_limits<float>::quiet_NaN()) == "null");
  CHECK(text_of(std::numeric_limits<float>::infinity()) == "null");
}

TEST_CASE("texts are escaped as the reference does and everything else is raw") {
  const std::string token = "\"\\\b\f\n\r\t\x01\x1f/\x7f é💀";
  const std::string text = write_signal(AuthToken{token});
  CHECK(text == "{\"AuthToken\":{\"token\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f é💀\"}}");
  CHECK(std::get<AuthToken>(parse(text).value()).token == token);
}

TEST_CASE(
    "every prefix of a signal is refused and every bit flip is parsed or refused without harm") {
  std::vector<std::string> texts;
  for (const OwnRow& row : own_rows()) texts.push_back(row.text);
  for (const auto& row : test::load_vectors("wire.json", "signals")) {
    const auto text = row.at("json").get<std::string>();
    if (text.size() < 500) texts.push_back(text);
  }
  CHECK(texts.size() >= 35);
  for (const std::string& text : texts) {
    for (std::size_t n = 0; n < text.size(); ++n) {
      CHECK_FALSE(parse(text.substr(0, n)).has_value());
    }
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
      std::string flipped = text;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      const auto parsed = parse(flipped);
      if (parsed) CHECK(parse(write_signal(*parsed)).value() == *parsed);
    }
  }
}

TEST_CASE("a status has a text for peers that only know texts") {
  CHECK(status_text({StatusKind::kHealthy, {}}).empty());
  CHECK(status_text({StatusKind::kSameIdentityConnected, {}}).find("identity") !=
        std::string::npos);
  CHECK(status_text({StatusKind::kUnknown, "Tired"}) == "Tired");
}
