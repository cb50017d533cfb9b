#include "gateway_metrics.hpp"

#include "wzp/relay/metrics.hpp"

namespace wzp::gateway {
namespace {

using relay::MetricsText;
using Type = MetricsText::Type;

void write_single(MetricsText& out, const char* name, Type type, const char* help,
                  std::uint64_t value) {
  out.family(name, type, help);
  out.sample(value);
}

void write_web(MetricsText& out, const GatewayNumbers& n) {
  write_single(out, "wzp_web_active_connections", Type::kGauge, "WebSockets now.", n.active);
  out.family("wzp_web_frames_bridged_total", Type::kCounter, "Frames of 20 ms of sound.");
  out.sample("direction", "up", n.web.frames_up);
  out.sample("direction", "down", n.web.frames_down);
  out.family("wzp_web_frames_dropped_total", Type::kCounter, "Frames that were not bridged.");
  out.sample("cause", "slow_reader", n.web.frames_dropped_slow_reader);
  out.sample("cause", "too_fast", n.web.frames_dropped_too_fast);
  out.sample("cause", "short", n.web.frames_dropped_short);
  write_single(out, "wzp_web_auth_failures_total", Type::kCounter, "Browsers without a good token.",
               n.web.auth_failures);
  write_single(out, "wzp_web_refused_total", Type::kCounter,
               "Browsers the relay did not let into their room.", n.web.refused);
  out.histogram("wzp_web_handshake_latency_seconds",
                "From the WebSocket request to the room, token included.", n.web.handshake_seconds);
}

void write_sessions(MetricsText& out, const std::vector<GatewaySessionNumbers>& sessions) {
  if (sessions.empty()) return;
  out.family("wzp_relay_session_jitter_buffer_depth", Type::kGauge,
             "Frames of 20 ms waiting for a WebSocket participant.");
  for (const auto& s : sessions) out.sample("session_id", s.session_id, s.buffer_depth);
  out.family("wzp_relay_session_underruns_total", Type::kCounter, "Frames concealed.");
  for (const auto& s : sessions) out.sample("session_id", s.session_id, s.underruns);
  out.family("wzp_relay_session_overruns_total", Type::kCounter,
             "Frames too late, or dropped to lower the delay.");
  for (const auto& s : sessions) out.sample("session_id", s.session_id, s.overruns);
}

struct HttpFamily {
  const char* name;
  const char* help;
  std::uint64_t HttpCounters::*member;
};

constexpr HttpFamily kHttpFamilies[] = {
    {"wzp_http_connections_total", "TCP connections taken.", &HttpCounters::accepted},
    {"wzp_http_disconnects_total", "Ends of those.", &HttpCounters::closed},
    {"wzp_http_refused_total", "Connections above a limit.", &HttpCounters::refused_limit},
    {"wzp_http_requests_total", "Requests read.", &HttpCounters::requests},
    {"wzp_http_bad_requests_total", "Not HTTP, too long, too slow, or TLS failed.",
     &HttpCounters::bad_requests},
    {"wzp_http_upgrades_total", "Requests that became WebSockets.", &HttpCounters::upgrades},
};

void write_http(MetricsText& out, const GatewayNumbers& n) {
  for (const HttpFamily& family : kHttpFamilies) {
    out.family(family.name, Type::kCounter, family.help);
    out.sample("server", "admin", n.admin_http.*family.member);
    out.sample("server", "web", n.web_http.*family.member);
  }
}

void write_auth(MetricsText& out, const GatewayNumbers& n) {
  out.family("wzp_auth_checks_total", Type::kCounter, "Tokens checked, QUIC and WebSocket.");
  out.sample("result", "accepted", n.auth.accepted);
  out.sample("result", "rejected", n.auth.rejected);
  out.sample("result", "unavailable", n.auth.unavailable);
  write_single(out, "wzp_auth_cache_hits_total", Type::kCounter, "Answered from memory.",
               n.auth.cache_hits);
  write_single(out, "wzp_auth_requests_total", Type::kCounter, "Requests to the service.",
               n.auth.requests);
  write_single(out, "wzp_auth_connections_total", Type::kCounter, "Connections made for them.",
               n.auth.connections);
  write_single(out, "wzp_auth_breaker_refusals_total", Type::kCounter,
               "Checks not made because the service was down.", n.auth.breaker_refusals);
  write_single(out, "wzp_auth_breaker_open", Type::kGauge, "1 while the service counts as down.",
               n.auth_breaker_open ? 1 : 0);
}

}  // namespace

std::string gateway_metrics(const GatewayNumbers& numbers) {
  MetricsText out;
  write_web(out, numbers);
  write_sessions(out, numbers.sessions);
  write_http(out, numbers);
  write_auth(out, numbers);
  return out.text();
}

}  // namespace wzp::gateway
