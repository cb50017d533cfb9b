// Browsers and native clients in one room: real relay, real sockets, real speech.
#include "web_session.hpp"

#include <nlohmann/json.hpp>

#include "auth_service.hpp"
#include "http_test_client.hpp"
#include "live_relay.hpp"
#include "quic_test_client.hpp"
#include "recordings.hpp"
#include "web_socket_test_client.hpp"
#include "wzp/codec/alignment.hpp"
#include "wzp/crypto/room_hash.hpp"

using namespace wzp;
using namespace wzp::gateway;
using namespace wzp::gateway::test;

namespace {

constexpr const char* kAuthOk = R"({"type":"auth_ok"})";

/// How well the best of 2 s of delay matches.
double match(const std::vector<std::int16_t>& said, const std::vector<std::int16_t>& heard) {
  if (heard.size() < 48'000) return 0;
  return codec::align_envelopes(said, heard, 0, 2 * 48'000).correlation;
}

double waveform_match(const std::vector<std::int16_t>& said,
                      const std::vector<std::int16_t>& heard) {
  const auto around = codec::align_envelopes(said, heard, 0, 2 * 48'000).lag;
  double sum = 0;
  const auto pieces = codec::match_segments(said, heard, 9600, around, 960);
  for (const auto& piece : pieces) sum += piece.found.correlation;
  return pieces.empty() ? 0 : sum / static_cast<double>(pieces.size());
}

bool is_in(const WebSocketTestClient& client) {
  return !client.texts.empty() && client.texts[0] == kAuthOk;
}

}  // namespace

TEST_CASE("a browser and a native client in one room hear each other's speech") {
  for (const bool plain_reference_client : {false, true}) {
    CAPTURE(plain_reference_client);
    LiveRelay relay;
    const auto a = wzp::test::speaker_a();
    const auto b = wzp::test::speaker_b();
    boost::asio::io_context io;
    WebSocketTestClient browser(io, relay.web_port, "/ws/test");
    REQUIRE(browser.wait_for([&] { return is_in(browser); }));
    QuicTestClient native(io, relay.quic_port, crypto::room_hash("test"), b,
                          plain_reference_client);
    REQUIRE(browser.wait_for([&] { return native.call.state() == client::CallState::kActive; }));
    browser.speak(a);
    const std::size_t wanted = std::max(a.size(), b.size()) + 24'000;
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(wanted / 48);
    REQUIRE(browser.wait_for([&] { return std::chrono::steady_clock::now() > until; }));

    const double up = match(a, native.sink.heard);
    const double down = match(b, browser.heard);
    const double up_waveform = waveform_match(a, native.sink.heard);
    const double down_waveform = waveform_match(b, browser.heard);
    CAPTURE(up, down, up_waveform, down_waveform);
    CHECK(up > 0.9);
    CHECK(down > 0.9);
    CHECK(up_waveform > 0.8);
    CHECK(down_waveform > 0.8);
    CHECK(waveform_match(a, browser.heard) < 0.5);  // nobody hears themselves
    CHECK(browser.odd_frames == 0);
    CHECK(browser.texts.size() == 1);
    const auto port = relay.admin_port;
    CHECK(metric(port, "wzp_web_active_connections") == 1);
    CHECK(metric(port, "wzp_relay_participants{kind=\"gateway\"}") == 1);
    CHECK(metric(port, "wzp_web_frames_bridged_total{direction=\"up\"}") >=
          static_cast<double>(a.size() / 960));
    CHECK(metric(port, "wzp_web_frames_bridged_total{direction=\"down\"}") > 100);
    CHECK(metric(port, "wzp_web_handshake_latency_seconds_count") == 1);
    if (plain_reference_client) continue;
    const auto others = native.call.participants();
    REQUIRE(others.size() == 1);
    CHECK(others[0].is_legacy);  // it has no keys
  }
}

TEST_CASE("the room of a path is hashed as clients do, unless it is a hash") {
  CHECK(room_of_target("/ws/test") == crypto::room_hash("test"));
  CHECK(room_of_target("/ws/test?x=y") == crypto::room_hash("test"));
  CHECK(room_of_target("/ws/caf%C3%A9") == crypto::room_hash("caf\xc3\xa9"));
  CHECK(room_of_target("/ws/default") == crypto::room_hash("default"));
  CHECK(room_of_target("/ws/46DE10172c0bd3222eea8f521ac04d59") ==
        "46de10172c0bd3222eea8f521ac04d59");
  for (const char* bad : {"/ws/", "/ws", "/ws/a/b", "/ws/%zz", "/wsx/test", "/", "/ws/a%00"}) {
    CAPTURE(bad);
    CHECK_FALSE(room_of_target(bad));
  }
  CHECK_FALSE(room_of_target("/ws/" + std::string(300, 'a')));
}

TEST_CASE("only the auth message of the protocol gives a token") {
  CHECK(read_auth_message(R"({"type":"auth","token":"abc","more":1})") == "abc");
  for (const char* bad :
       {"", "x", "[]", "{}", R"({"type":"auth"})", R"({"type":"auth","token":3})",
        R"({"type":"Auth","token":"a"})", R"({"type":3,"token":"a"})", R"("auth")", "\xff"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_auth_message(bad));
  }
}

TEST_CASE("a browser's token decides whether it gets in, and as whom") {
  const std::string owner = "0011:2233:4455:6677:8899:aabb:ccdd:eeff";
  AuthService service([&](const std::string& body) {
    if (body.find("good") != std::string::npos) return says_valid(owner);
    if (body.find("down") != std::string::npos) return AuthService::Answer{500, ""};
    return AuthService::Answer{200, R"({"valid":false})"};
  });
  relay::WebConfig config = both_ports();
  config.auth.url = service.url();
  config.http_timeout = 500ms;
  LiveRelay relay(config);
  boost::asio::io_context io;

  WebSocketTestClient good(io, relay.web_port, "/ws/test");
  good.send_text(R"({"type":"auth","token":"good"})");
  REQUIRE(good.wait_for([&] { return is_in(good); }));
  const auto rooms = nlohmann::json::parse(fetch(relay.admin_port, "/rooms").body);
  CHECK(rooms[0]["name"] == crypto::room_hash("test"));
  CHECK(rooms[0]["participants"][0]["fingerprint"] == owner);
  CHECK(rooms[0]["participants"][0]["alias"] == "Ann");
  CHECK(fetch(relay.admin_port, "/presence").body.find(owner) != std::string::npos);
  CHECK(fetch(relay.admin_port, "/presence/" + owner).status == 200);
  CHECK(fetch(relay.admin_port, "/route/" + owner).body.find("relay.test:4433") !=
        std::string::npos);

  struct Row {
    const char* first;
    const char* error;
  };
  const Row rows[] = {
      {R"({"type":"auth","token":"bad"})", "invalid token"},
      {R"({"type":"auth","token":"down"})", "the authentication service answered 500"},
      {R"({"type":"hello"})", "expected {\"type\":\"auth\",\"token\":\"...\"}"},
      {nullptr, "no token in time"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.error);
    WebSocketTestClient client(io, relay.web_port, "/ws/test");
    if (row.first != nullptr) client.send_text(row.first);
    REQUIRE(client.wait_for([&] { return client.closed; }));
    REQUIRE(client.texts.size() == 1);
    const auto told = nlohmann::json::parse(client.texts[0]);
    CHECK(told["type"] == "auth_error");
    CHECK(told["error"] == row.error);
    CHECK(client.close_code() == 1008);
  }
  WebSocketTestClient sound_first(io, relay.web_port, "/ws/test");
  sound_first.send_binary(std::string(1920, 'x').data(), 1920);
  REQUIRE(sound_first.wait_for([&] { return sound_first.closed; }));
  CHECK(metric(relay.admin_port, "wzp_web_auth_failures_total") == 5);
  CHECK(metric(relay.admin_port, "wzp_relay_active_sessions") == 1);
  CHECK(metric(relay.admin_port, "wzp_auth_checks_total{result=\"accepted\"}") == 1);
}

TEST_CASE("a room that requires end-to-end encryption, or is full, tells a browser so") {
  relay::RelayConfig limits;
  limits.e2e_rooms = {crypto::room_hash("secret")};
  limits.max_room_size = 1;
  LiveRelay relay(both_ports(), limits);
  boost::asio::io_context io;
  WebSocketTestClient secret(io, relay.web_port, "/ws/secret");
  REQUIRE(secret.wait_for([&] { return secret.closed; }));
  CHECK(secret.close_reason() == "e2e-required: this room requires end-to-end encryption");
  CHECK(secret.texts.empty());
  WebSocketTestClient first(io, relay.web_port, "/ws/open");
  REQUIRE(first.wait_for([&] { return is_in(first); }));
  WebSocketTestClient second(io, relay.web_port, "/ws/open");
  REQUIRE(second.wait_for([&] { return second.closed; }));
  CHECK(second.close_reason() == "room-full: the room is full");
  CHECK(metric(relay.admin_port, "wzp_web_refused_total") == 2);
}

TEST_CASE("requests that are no WebSocket for a room are answered, not upgraded") {
  relay::WebConfig config = both_ports();
  config.ws_sessions = 1;
  LiveRelay relay(config);
  boost::asio::io_context io;
  CHECK(fetch(relay.web_port, "/ws/test").status == 426);
  WebSocketTestClient elsewhere(io, relay.web_port, "/chat/test");
  CHECK(elsewhere.response.result_int() == 404);
  WebSocketTestClient one(io, relay.web_port, "/ws/test");
  REQUIRE(one.wait_for([&] { return is_in(one); }));
  WebSocketTestClient two(io, relay.web_port, "/ws/test");
  CHECK(two.response.result_int() == 503);
}

TEST_CASE("a message longer than any frame of sound ends the WebSocket, and its stay") {
  LiveRelay relay;
  boost::asio::io_context io;
  WebSocketTestClient client(io, relay.web_port, "/ws/test");
  REQUIRE(client.wait_for([&] { return is_in(client); }));
  const std::string huge(100'000, 'x');
  client.send_binary(huge.data(), huge.size());
  REQUIRE(client.wait_for([&] { return client.closed; }));
  // It was still sending: the reset of its connection may overtake the close with its code.
  const auto code = client.close_code();
  CHECK((code == 1009 || code == 0));
  CHECK(eventually([&] { return metric(relay.admin_port, "wzp_relay_active_sessions") == 0; }));
  const auto counters = relay.counters();
  CHECK(counters.accepts == counters.disconnects);
}

TEST_CASE("a browser that goes leaves the room, politely or not") {
  LiveRelay relay;
  boost::asio::io_context io;
  {
    WebSocketTestClient polite(io, relay.web_port, "/ws/test");
    REQUIRE(polite.wait_for([&] { return is_in(polite); }));
    polite.close();
    REQUIRE(polite.wait_for([&] { return polite.closed; }));
    CHECK(polite.close_code() == 1000);
    CHECK(eventually([&] { return metric(relay.admin_port, "wzp_relay_active_rooms") == 0; }));
    WebSocketTestClient rude(io, relay.web_port, "/ws/test");
    REQUIRE(rude.wait_for([&] { return is_in(rude); }));
  }  // cut
  CHECK(eventually([&] { return metric(relay.admin_port, "wzp_relay_active_rooms") == 0; }));
  CHECK(eventually([&] { return metric(relay.admin_port, "wzp_web_active_connections") == 0; }));
}

TEST_CASE("a browser that does not read loses sound and nothing else, and nobody notices") {
  LiveRelay relay;
  boost::asio::io_context io;
  WebSocketTestClient slow(io, relay.web_port, "/ws/test");
  REQUIRE(slow.wait_for([&] { return is_in(slow); }));
  slow.stop_reading();
  WebSocketTestClient listener(io, relay.web_port, "/ws/test");
  WebSocketTestClient speaker(io, relay.web_port, "/ws/test");
  REQUIRE(speaker.wait_for([&] { return is_in(speaker) && is_in(listener); }));
  const auto speech = wzp::test::speaker_a();
  speaker.speak(speech);
  REQUIRE(speaker.wait_for([&] { return listener.heard.size() > 100'000; }));
  CHECK(match(speech, listener.heard) > 0.9);
  CHECK(metric(relay.admin_port, "wzp_relay_active_sessions") == 3);
}

TEST_CASE("a relay about to end tells browsers to come back, and takes no new ones") {
  LiveRelay relay;
  boost::asio::io_context io;
  WebSocketTestClient client(io, relay.web_port, "/ws/test");
  REQUIRE(client.wait_for([&] { return is_in(client); }));
  relay.drain({2s, 1s, 1s});
  REQUIRE(client.wait_for([&] { return client.closed; }));
  CHECK(client.close_code() == 1012);
  WebSocketTestClient late(io, relay.web_port, "/ws/test");
  CHECK(late.response.result_int() == 503);
}
