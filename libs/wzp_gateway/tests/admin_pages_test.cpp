// The administration port over real sockets: its pages, and what it does to bad requests.
#include <nlohmann/json.hpp>

#include "http_test_client.hpp"
#include "live_relay.hpp"
#include "wzp/proto/signal.hpp"

using namespace wzp;
using namespace wzp::gateway::test;
using nlohmann::json;

TEST_CASE("an empty relay says on every page that nobody is there") {
  LiveRelay relay;
  struct Row {
    const char* path;
    unsigned status;
    const char* type;
    const char* body;
  };
  const Row rows[] = {
      {"/healthz", 200, "text/plain; charset=utf-8", "ok\n"},
      {"/readyz", 200, "text/plain; charset=utf-8", "ready\n"},
      {"/rooms", 200, "application/json", "[]"},
      {"/presence", 200, "application/json", "[]"},
      {"/peers", 200, "application/json", "[]"},
      {"/presence/ab", 404, "application/json", R"({"fingerprint":"ab","location":null})"},
      {"/route/ab", 404, "application/json",
       "{\n  \"fingerprint\": \"ab\",\n  \"relay_chain\": [],\n  \"route\": \"not_found\"\n}"},
      {"/nothing", 404, "text/plain; charset=utf-8", "not found\n"},
      {"/", 404, "text/plain; charset=utf-8", "not found\n"},
      {"/presence/%zz", 400, "text/plain; charset=utf-8", "bad path\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    const TestReply reply = fetch(relay.admin_port, row.path);
    CHECK(reply.status == row.status);
    CHECK(reply.headers.at("Content-Type") == row.type);
    CHECK(reply.body == row.body);
  }
  CHECK(fetch(relay.admin_port, "/mesh").body.find("  (no probe targets configured)\n") !=
        std::string::npos);
}

TEST_CASE("other methods than GET and HEAD are refused, HEAD gets no body") {
  LiveRelay relay;
  const TestReply post = fetch(relay.admin_port, "/healthz", "POST");
  CHECK(post.status == 405);
  CHECK(post.headers.at("Allow") == "GET, HEAD");
  HttpTestClient client(relay.admin_port);
  client.send(request("/healthz", "HEAD"));
  const TestReply head = client.read(true);
  CHECK(head.status == 200);
  CHECK(head.headers.at("Content-Length") == "3");
  client.send(request("/readyz"));  // on the same connection: nothing of a body came
  CHECK(client.read().body == "ready\n");
}

TEST_CASE("the metrics are in Prometheus' text format, under the reference's names") {
  LiveRelay relay;
  const TestReply reply = fetch(relay.admin_port, "/metrics");
  CHECK(reply.headers.at("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  for (const char* name :
       {"wzp_relay_active_sessions", "wzp_relay_active_rooms", "wzp_relay_packets_forwarded_total",
        "wzp_relay_bytes_forwarded_total", "wzp_relay_auth_attempts_total{result=\"ok\"}",
        "wzp_relay_auth_attempts_total{result=\"fail\"}",
        "wzp_relay_handshake_duration_seconds_bucket{le=\"0.001\"}", "wzp_web_active_connections",
        "wzp_web_frames_bridged_total{direction=\"up\"}",
        "wzp_web_frames_bridged_total{direction=\"down\"}", "wzp_web_auth_failures_total",
        "wzp_web_handshake_latency_seconds_bucket{le=\"0.01\"}"}) {
    CAPTURE(name);
    CHECK(reply.body.find("\n" + std::string(name) + " 0\n") != std::string::npos);
  }
}

TEST_CASE("a relay about to end is alive but not ready") {
  LiveRelay relay;
  relay.drain({5s, 1s, 1s});
  CHECK(fetch(relay.admin_port, "/healthz").status == 200);
  CHECK(fetch(relay.admin_port, "/readyz").status == 503);
  CHECK(metric(relay.admin_port, "wzp_relay_draining") == 1);
}

TEST_CASE("what is no request, or too long, ends the connection and nothing else") {
  LiveRelay relay;
  struct Row {
    const char* what;
    std::string text;
    unsigned status;
  };
  const Row rows[] = {
      {"noise", std::string("\x16\x03\x01\x02 nonsense\r\n\r\n"), 400},
      {"long header", request("/healthz", "GET", "X: " + std::string(20'000, 'x') + "\r\n"), 431},
      {"long target", request("/" + std::string(20'000, 'x')), 431},
      {"long body",
       request("/healthz", "POST", "Content-Length: 100000\r\n") + std::string(5000, 'x'), 413},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    HttpTestClient client(relay.admin_port);
    client.send(row.text);
    CHECK(client.read().status == row.status);
    CHECK(client.is_closed_by_server());
  }
  CHECK(metric(relay.admin_port, "wzp_http_bad_requests_total{server=\"admin\"}") == 4);
}

TEST_CASE("a connection that says nothing, or half a request, is closed in time") {
  relay::WebConfig config = both_ports();
  config.http_timeout = 200ms;
  LiveRelay relay(config);
  HttpTestClient silent(relay.admin_port);
  HttpTestClient half(relay.admin_port);
  half.send("GET /healthz HTT");
  HttpTestClient between(relay.admin_port);
  between.send(request("/healthz"));
  CHECK(between.read().status == 200);
  CHECK(silent.is_closed_by_server());
  CHECK(half.is_closed_by_server());
  CHECK(between.is_closed_by_server());
}

TEST_CASE("connections above the limit are closed at once, and there is room again when one goes") {
  relay::WebConfig config = both_ports();
  config.http_connections = 3;
  LiveRelay relay(config);
  {
    HttpTestClient a(relay.admin_port);
    HttpTestClient b(relay.admin_port);
    HttpTestClient c(relay.admin_port);
    for (HttpTestClient* client : {&a, &b, &c}) {
      client->send(request("/healthz"));
      CHECK(client->read().status == 200);
    }
    HttpTestClient d(relay.admin_port);
    CHECK(d.is_closed_by_server());
  }
  CHECK(eventually([&] { return fetch(relay.admin_port, "/healthz").status == 200; }));
  CHECK(metric(relay.admin_port, "wzp_http_refused_total{server=\"admin\"}") >= 1);
}

TEST_CASE("connections are counted when they come and when they go") {
  LiveRelay relay;
  for (int i = 0; i < 20; ++i) CHECK(fetch(relay.admin_port, "/healthz").status == 200);
  // The connection that asks is the one that is open.
  CHECK(eventually([&] {
    const double taken = metric(relay.admin_port, "wzp_http_connections_total{server=\"admin\"}");
    const double ended = metric(relay.admin_port, "wzp_http_disconnects_total{server=\"admin\"}");
    return taken >= 20 && taken - ended <= 1;
  }));
}
