#include "admin_pages.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "wzp/relay/metrics.hpp"

namespace wzp::gateway {
namespace {

using nlohmann::json;

constexpr int kIndent = 2;

std::string pretty(const json& value) {
  return value.dump(kIndent, ' ', false, json::error_handler_t::replace);
}

/// The table of probed relays, without any: a relay probes nobody yet.
std::string empty_mesh_table() {
  std::string rule;
  for (int i = 0; i < 41; ++i) rule += "\u2500";
  return "Relay Mesh Health\n" + rule +
         "\nTarget                  RTT   Loss  Jitter  Status\n"
         "  (no probe targets configured)\n";
}

json participant_json(const relay::ParticipantInfo& who) {
  json out{{"stream", who.stream.value},       {"fingerprint", who.fingerprint.to_text()},
           {"remote", who.remote.to_string()}, {"features", who.features},
           {"encrypted", who.has_hello},       {"packets_received", who.packets_received}};
  if (who.alias) out["alias"] = *who.alias;
  return out;
}

HttpReply not_found() { return text_reply(404, "not found\n"); }

}  // namespace

AdminPages::AdminPages(const relay::Relay& relay, std::string own_address,
                       std::function<std::string()> more_metrics)
    : relay_(relay), own_address_(std::move(own_address)), more_metrics_(std::move(more_metrics)) {}

HttpReply AdminPages::respond(const HttpRequest& request) const {
  if (!is_read_only(request)) return method_not_allowed();
  std::string path;
  if (!percent_decode(path_of(request.target), path)) return text_reply(400, "bad path\n");
  constexpr std::string_view kPresence = "/presence/";
  constexpr std::string_view kRoute = "/route/";
  if (path == "/healthz") return text_reply(200, "ok\n");
  if (path == "/readyz") {
    return relay_.is_draining() ? text_reply(503, "draining\n") : text_reply(200, "ready\n");
  }
  if (path == "/metrics") return metrics();
  if (path == "/rooms") return rooms();
  if (path == "/mesh") return text_reply(200, empty_mesh_table());
  if (path == "/peers") return json_reply(200, "[]");
  if (path == "/presence") return presence();
  if (path.starts_with(kPresence)) return presence_of(path.substr(kPresence.size()));
  if (path.starts_with(kRoute)) return route_to(path.substr(kRoute.size()));
  return not_found();
}

HttpReply AdminPages::metrics() const {
  HttpReply reply = text_reply(
      200, relay::relay_metrics(relay_.counters(), relay::gauges_of(relay_)) + more_metrics_());
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return reply;
}

HttpReply AdminPages::rooms() const {
  json out = json::array();
  for (const relay::RoomInfo& room : relay_.rooms()) {
    json members = json::array();
    for (const auto& who : room.participants) members.push_back(participant_json(who));
    out.push_back({{"name", room.name}, {"participants", std::move(members)}});
  }
  return json_reply(200, pretty(out));
}

HttpReply AdminPages::presence() const {
  std::set<std::string> here;
  for (const relay::RoomInfo& room : relay_.rooms()) {
    for (const auto& who : room.participants) here.insert(who.fingerprint.to_text());
  }
  json out = json::array();
  for (const std::string& fingerprint : here) {
    out.push_back({{"fingerprint", fingerprint}, {"location", "Local"}});
  }
  return json_reply(200, pretty(out));
}

bool AdminPages::is_here(std::string_view text) const {
  const auto fingerprint = crypto::Fingerprint::parse(text);
  if (!fingerprint) return false;
  for (const relay::RoomInfo& room : relay_.rooms()) {
    for (const auto& who : room.participants) {
      if (who.fingerprint == *fingerprint) return true;
    }
  }
  return false;
}

/// The reference answers 200 to both; a page nobody can find is 404 here, with the same body.
HttpReply AdminPages::presence_of(std::string_view fingerprint) const {
  if (is_here(fingerprint)) {
    return json_reply(200, pretty({{"fingerprint", fingerprint}, {"location", "Local"}}));
  }
  const json nobody{{"fingerprint", fingerprint}, {"location", nullptr}};
  return json_reply(404, nobody.dump(-1, ' ', false, json::error_handler_t::replace));
}

HttpReply AdminPages::route_to(std::string_view fingerprint) const {
  json out{{"fingerprint", fingerprint}, {"relay_chain", json::array()}, {"route", "not_found"}};
  if (!is_here(fingerprint)) return json_reply(404, pretty(out));
  out["relay_chain"].push_back(own_address_);
  out["route"] = "local";
  return json_reply(200, pretty(out));
}

}  // namespace wzp::gateway
