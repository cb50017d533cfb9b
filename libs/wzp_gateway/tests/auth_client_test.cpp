// Tokens checked by a real HTTP service, good, bad, slow, broken or not who it says it is.
#include "auth_client.hpp"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "auth_service.hpp"
#include "http_url.hpp"
#include "live_relay.hpp"
#include "quic_test_peer.hpp"

using namespace wzp;
using namespace wzp::gateway;
using namespace wzp::gateway::test;
using namespace std::chrono_literals;
using Kind = relay::TokenVerdict::Kind;

namespace {

const std::string kOwner = "0011:2233:4455:6677:8899:aabb:ccdd:eeff";

relay::AuthConfig config_for(const std::string& url) {
  relay::AuthConfig config;
  config.url = url;
  config.timeout = 400ms;
  return config;
}

/// A client with a loop that runs until there are as many verdicts as questions.
struct Asker {
  explicit Asker(const relay::AuthConfig& config) : client(io, config) {}
  relay::TokenVerdict ask(const std::string& token) {
    std::vector<relay::TokenVerdict> verdicts = ask_all({token});
    REQUIRE(verdicts.size() == 1);
    return verdicts[0];
  }
  std::vector<relay::TokenVerdict> ask_all(const std::vector<std::string>& tokens) {
    std::vector<relay::TokenVerdict> verdicts;
    for (const auto& token : tokens) {
      client.check(token, [&](const relay::TokenVerdict& verdict) { verdicts.push_back(verdict); });
      CHECK(verdicts.empty());  // never from inside the call
    }
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    io.restart();
    while (verdicts.size() < tokens.size() && io.run_one_until(deadline) > 0) {
    }
    return verdicts;
  }
  boost::asio::io_context io;
  AuthClient client;
};

/// A PEM file of a certificate.
struct PemFile {
  explicit PemFile(const std::string& pem)
      : path(std::filesystem::temp_directory_path() /
             ("wzp-auth-" + std::to_string(getpid()) + ".pem")) {
    std::ofstream(path) << pem;
  }
  ~PemFile() { std::filesystem::remove(path); }
  PemFile(const PemFile&) = delete;
  PemFile& operator=(const PemFile&) = delete;
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("a good token gives its owner, on one connection for many questions") {
  std::string body;
  AuthService service([&](const std::string& request) {
    body = request;
    return says_valid(kOwner);
  });
  relay::AuthConfig config = config_for(service.url());
  config.cache_ttl = 0ms;
  Asker asker(config);
  for (int i = 0; i < 10; ++i) {
    const auto verdict = asker.ask("to\"ken");
    CHECK(verdict.kind == Kind::kAccepted);
    CHECK(verdict.fingerprint.to_text() == kOwner);
    CHECK(verdict.alias == "Ann");
  }
  CHECK(body == R"({"token":"to\"ken"})");
  CHECK(service.requests == 10);
  CHECK(service.connections == 1);
  CHECK(asker.client.counters().accepted == 10);
}

TEST_CASE("a token found good is not asked about again, a bad one is") {
  AuthService service([](const std::string& request) {
    return request.find("good") != std::string::npos
               ? says_valid(kOwner)
               : AuthService::Answer{200, R"({"valid":false})"};
  });
  Asker asker(config_for(service.url()));
  for (int i = 0; i < 3; ++i) CHECK(asker.ask("good").kind == Kind::kAccepted);
  CHECK(service.requests == 1);
  CHECK(asker.client.counters().cache_hits == 2);
  for (int i = 0; i < 3; ++i) CHECK(asker.ask("bad").why == "invalid token");
  CHECK(service.requests == 4);
}

TEST_CASE("every answer a service could give becomes the verdict it deserves") {
  struct Row {
    unsigned status;
    const char* body;
    Kind kind;
    bool is_failure;
    const char* why;
  };
  const Row rows[] = {
      {200, R"({"valid":true,"fingerprint":"00112233445566778899AABBCCDDEEFF"})", Kind::kAccepted,
       false, ""},
      {201, R"({"valid":true,"fingerprint":"00112233445566778899aabbccddeeff","alias":null})",
       Kind::kAccepted, false, ""},
      {200, R"({"valid":true})", Kind::kRejected, false, "fingerprint missing"},
      {200, R"({"valid":true,"fingerprint":null})", Kind::kRejected, false, "fingerprint missing"},
      {200, R"({"valid":true,"fingerprint":"xyz"})", Kind::kRejected, false, "fingerprint missing"},
      {200, R"({"valid":true,"fingerprint":17})", Kind::kRejected, false, "fingerprint missing"},
      {200, R"({"valid":false,"error":"expired"})", Kind::kRejected, false, "invalid token"},
      {200, R"({"valid":"true"})", Kind::kUnavailable, true,
       "the authentication service's answer makes no sense"},
      {200, "{}", Kind::kUnavailable, true, "the authentication service's answer makes no sense"},
      {200, "[]", Kind::kUnavailable, true, "the authentication service's answer makes no sense"},
      {200, "", Kind::kUnavailable, true, "the authentication service's answer makes no sense"},
      {200, "<html>", Kind::kUnavailable, true,
       "the authentication service's answer makes no sense"},
      {403, "{}", Kind::kRejected, false, "the authentication service answered 403"},
      {302, "", Kind::kUnavailable, true, "the authentication service answered 302"},
      {500, R"({"valid":true})", Kind::kUnavailable, true,
       "the authentication service answered 500"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status, row.body);
    const AuthAnswer answer = read_auth_answer(row.status, row.body);
    CHECK(answer.verdict.kind == row.kind);
    CHECK(answer.is_failure == row.is_failure);
    CHECK(answer.verdict.why == row.why);
  }
}

TEST_CASE("a service that breaks, hangs, talks nonsense or too much gives no verdict, in time") {
  struct Row {
    const char* what;
    AuthService::Answer answer;
  };
  const Row rows[] = {
      {"500", {500, "oops"}},
      {"nothing", {200, "", true}},
      {"garbage", {200, "", false, false, "SSH-2.0-x\r\n\r\n"}},
      {"huge", {200, std::string(100'000, ' ')}},
      {"huge header",
       {200, "", false, false, "HTTP/1.1 200 OK\r\nX: " + std::string(50'000, 'x') + "\r\n\r\n"}},
      {"cut short",
       {200, "", false, false, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"valid\":true"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    AuthService service([&](const std::string&) { return row.answer; });
    Asker asker(config_for(service.url()));
    const auto began = std::chrono::steady_clock::now();
    CHECK(asker.ask("token").kind == Kind::kUnavailable);
    CHECK(std::chrono::steady_clock::now() - began < 5s);
    CHECK(asker.client.counters().unavailable == 1);
  }
}

TEST_CASE("a service that is not there gives no verdict, and one that is back does again") {
  std::atomic<bool> is_broken{true};
  AuthService service([&](const std::string&) {
    return is_broken ? AuthService::Answer{503, ""} : says_valid(kOwner);
  });
  relay::AuthConfig config = config_for(service.url());
  config.breaker_failures = 3;
  config.breaker_pause = 300ms;
  Asker asker(config);
  for (int i = 0; i < 3; ++i) CHECK(asker.ask("a").kind == Kind::kUnavailable);
  CHECK(asker.client.is_breaker_open());
  for (int i = 0; i < 5; ++i) CHECK(asker.ask("a").why == "the authentication service is down");
  CHECK(service.requests == 3);  // left alone
  CHECK(asker.client.counters().breaker_refusals == 5);
  is_broken = false;
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (asker.ask("a").kind != Kind::kAccepted) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
  CHECK_FALSE(asker.client.is_breaker_open());

  Asker nobody(config_for("http://127.0.0.1:1/validate"));
  CHECK(nobody.ask("a").kind == Kind::kUnavailable);
}

TEST_CASE("a connection the service has closed meanwhile is replaced without anybody noticing") {
  const std::string body = says_valid(kOwner).body;
  AuthService service([&](const std::string&) {
    AuthService::Answer answer;  // sounds as if the connection stayed
    answer.raw =
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    return answer;
  });
  relay::AuthConfig config = config_for(service.url());
  config.cache_ttl = 0ms;
  config.timeout = 5s;
  Asker asker(config);
  for (int i = 0; i < 5; ++i) CHECK(asker.ask("a").kind == Kind::kAccepted);
  CHECK(service.connections == 5);
  CHECK(asker.client.counters().requests == 9);  // four of them on a connection that was gone
}

TEST_CASE("many questions at once use few connections, and too many are refused") {
  AuthService service([](const std::string&) { return says_valid(kOwner); });
  relay::AuthConfig config = config_for(service.url());
  config.timeout = 5s;
  Asker asker(config);
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < AuthClient::kMaxUnderWay + AuthClient::kMaxWaiting + 10; ++i) {
    tokens.push_back(std::to_string(i));
  }
  const auto verdicts = asker.ask_all(tokens);
  REQUIRE(verdicts.size() == tokens.size());
  const auto& counted = asker.client.counters();
  CHECK(counted.accepted == AuthClient::kMaxUnderWay + AuthClient::kMaxWaiting);
  CHECK(counted.unavailable == 10);
  CHECK(service.connections <= static_cast<int>(AuthClient::kMaxUnderWay));
  CHECK(asker.ask(std::string(AuthClient::kMaxToken + 1, 'x')).why == "token too long");
}

TEST_CASE("https verifies the certificate: whom it was made for and who signed it") {
  const auto certificate = transport::make_self_signed_certificate("localhost");
  const auto other = transport::make_self_signed_certificate("localhost");
  const auto wrong_name = transport::make_self_signed_certificate("example.invalid");
  AuthService service([](const std::string&) { return says_valid(kOwner); }, &certificate);
  AuthService impostor([](const std::string&) { return says_valid(kOwner); }, &wrong_name);
  const PemFile trusted(certificate.certificate_pem + wrong_name.certificate_pem);

  relay::AuthConfig config = config_for(service.url());
  config.timeout = 5s;
  config.ca_file = trusted.path.string();
  Asker asker(config);
  CHECK(asker.ask("a").kind == Kind::kAccepted);
  CHECK(asker.ask("b").kind == Kind::kAccepted);
  CHECK(service.connections == 1);

  config.url = impostor.url();
  Asker fooled(config);
  CHECK(fooled.ask("a").kind == Kind::kUnavailable);
  CHECK(impostor.requests == 0);  // it never saw the token

  config.url = service.url();
  config.ca_file.clear();  // the system does not know the certificate
  Asker wary(config);
  CHECK(wary.ask("a").kind == Kind::kUnavailable);
  {
    std::ofstream(trusted.path) << other.certificate_pem;
    config.ca_file = trusted.path.string();
    Asker mistaken(config);
    CHECK(mistaken.ask("a").kind == Kind::kUnavailable);
  }
  CHECK(service.requests == 2);
  config.ca_file = "/nonexistent/ca.pem";
  CHECK_THROWS_AS(Asker(config), std::runtime_error);
}

TEST_CASE("a client that goes with questions open answers none of them") {
  AuthService service([](const std::string&) { return AuthService::Answer{200, "", true}; });
  int answers = 0;
  boost::asio::io_context io;
  {
    AuthClient client(io, config_for(service.url()));
    for (int i = 0; i < 30; ++i) {
      client.check(std::to_string(i), [&](const relay::TokenVerdict&) { ++answers; });
    }
    io.run_for(50ms);
  }
  io.run_for(1s);
  CHECK(answers == 0);
}

TEST_CASE("a native client's token decides too, over real QUIC and real HTTP") {
  std::atomic<bool> knows_owner{true};
  std::string owner;
  AuthService service([&](const std::string& body) {
    if (body.find("bad") != std::string::npos)
      return AuthService::Answer{200, R"({"valid":false})"};
    return says_valid(knows_owner ? owner : kOwner);
  });
  relay::WebConfig web = both_ports();
  web.auth.url = service.url();
  web.auth.cache_ttl = 0ms;
  relay::RelayConfig config;
  config.require_token = true;
  LiveRelay relay(web, config);
  boost::asio::io_context io;

  QuicTestPeer good(io, relay.quic_port, "room");
  owner = good.identity.fingerprint().to_text();
  good.send(proto::AuthToken{"good"});
  good.offer();
  CHECK(good.wait_for([&] { return good.has<proto::CallAnswer>(); }));

  QuicTestPeer bad(io, relay.quic_port, "room");
  bad.send(proto::AuthToken{"bad"});
  bad.offer();
  CHECK(bad.wait_for([&] { return bad.closed; }));
  CHECK(bad.close_reason == "invalid token");
  CHECK(bad.has<proto::ErrorNotice>());

  knows_owner = false;
  QuicTestPeer borrowed(io, relay.quic_port, "room");
  borrowed.send(proto::AuthToken{"good"});
  borrowed.offer();
  CHECK(borrowed.wait_for([&] { return borrowed.closed; }));
  CHECK(borrowed.close_reason == "the token belongs to another identity");
  CHECK(relay.counters().auth_ok == 2);
  CHECK(relay.counters().auth_failed == 1);
}

TEST_CASE("URLs are taken apart, and those that make no sense are refused") {
  struct Row {
    const char* text;
    const char* host;
    int port;
    const char* target;
    const char* authority;
  };
  const Row good[] = {
      {"http://a", "a", 80, "/", "a"},
      {"https://a.b:8443/v1/x?y=z", "a.b", 8443, "/v1/x?y=z", "a.b:8443"},
      {"https://a?q", "a", 443, "/?q", "a"},
      {"http://[::1]:7700/v", "::1", 7700, "/v", "[::1]:7700"},
      {"https://10.0.0.1:443", "10.0.0.1", 443, "/", "10.0.0.1"},
  };
  for (const Row& row : good) {
    CAPTURE(row.text);
    const auto url = HttpUrl::parse(row.text);
    REQUIRE(url);
    CHECK(url->host == row.host);
    CHECK(url->port == row.port);
    CHECK(url->target == row.target);
    CHECK(url->authority() == row.authority);
  }
  for (const char* bad : {"", "a", "ftp://a", "http://", "http:///x", "http://a:0", "http://a:x",
                          "http://a:70000", "http://a:", "http://u@a/", "http://a/#f", "http://a b",
                          "http://[::1", "http://a\r\nX: y"}) {
    CAPTURE(bad);
    CHECK_FALSE(HttpUrl::parse(bad));
  }
}
