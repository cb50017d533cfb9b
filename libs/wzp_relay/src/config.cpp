#include "wzp/relay/config.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace wzp::relay {
namespace {

constexpr std::uint64_t kDayMs = 86'400'000;
constexpr std::uint64_t kMillion = 1'000'000;
constexpr std::uint64_t kGiga = 1'000'000'000;

constexpr bool kReloads = true;
constexpr bool kFixed = false;

// One row of the table for a member of Config; the expression must be assignable.
#define WZP_NUMBER(key, help_text, least, most, member, again)                                  \
  ConfigKey {                                                                                   \
    .name = (key), .help = (help_text), .choices = {}, .min = (least), .max = (most),           \
    .set_number = [](Config& c, std::uint64_t v) { assign(c.member, v); }, .set_text = nullptr, \
    .get = [](const Config& c) { return number_text(c.member); }, .reloads = (again)            \
  }
#define WZP_TEXT(key, help_text, allowed, member, again)                                    \
  ConfigKey {                                                                               \
    .name = (key), .help = (help_text), .choices = (allowed), .min = 0, .max = 0,           \
    .set_number = nullptr, .set_text = [](Config& c, std::string_view v) { c.member = v; }, \
    .get = [](const Config& c) { return c.member; }, .reloads = (again)                     \
  }
#define WZP_PORT(key, help_text, member)                                                        \
  ConfigKey {                                                                                   \
    .name = (key), .help = (help_text), .choices = {}, .min = 0, .max = 65'535,                 \
    .set_number = [](Config& c, std::uint64_t v) { c.member = static_cast<std::uint16_t>(v); }, \
    .set_text = [](Config& c, std::string_view) { c.member.reset(); },                          \
    .get = [](const Config& c) { return c.member ? std::to_string(*c.member) : "off"; },        \
    .reloads = false                                                                            \
  }
#define WZP_YES_NO(key, help_text, member, again)                                \
  ConfigKey {                                                                    \
    .name = (key), .help = (help_text), .choices = "no yes", .min = 0, .max = 0, \
    .set_number = nullptr,                                                       \
    .set_text = [](Config& c, std::string_view v) { c.member = v == "yes"; },    \
    .get = [](const Config& c) { return std::string(c.member ? "yes" : "no"); }, \
    .reloads = (again)                                                           \
  }

void assign(std::size_t& to, std::uint64_t value) { to = static_cast<std::size_t>(value); }
void assign(std::uint32_t& to, std::uint64_t value) { to = static_cast<std::uint32_t>(value); }
void assign(std::chrono::microseconds& to, std::uint64_t value) {
  to = std::chrono::microseconds(value);
}
void assign(double& to, std::uint64_t value) { to = static_cast<double>(value); }
void assign(std::chrono::milliseconds& to, std::uint64_t value) {
  to = std::chrono::milliseconds(value);
}
std::string number_text(std::size_t value) { return std::to_string(value); }
std::string number_text(std::uint32_t value) { return std::to_string(value); }
std::string number_text(std::chrono::microseconds value) { return std::to_string(value.count()); }
std::string number_text(double value) { return std::to_string(static_cast<std::uint64_t>(value)); }
std::string number_text(std::chrono::milliseconds value) { return std::to_string(value.count()); }

std::string joined(const std::set<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : " ") + text;
  return out;
}
std::set<std::string> split(std::string_view text) {
  std::set<std::string> out;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(' '));
    if (!one.empty()) out.emplace(one);
    text.remove_prefix(std::min(text.size(), one.size() + 1));
  }
  return out;
}

const ConfigKey kKeys[] = {
    WZP_TEXT("listen", "UDP address and port to serve on; port 0: any free one", "", listen,
             kFixed),
    WZP_TEXT("identity_file", "file with the relay's seed, made if absent; empty: a new identity",
             "", identity_file, kFixed),
    WZP_TEXT("log_format", "form of log lines", "text json", log_format, kFixed),
    WZP_TEXT("log_level", "least severe log lines to write", "debug info warn error off", log_level,
             kReloads),
    WZP_NUMBER("max_sessions", "participants at once", 1, kMillion, relay.max_participants,
               kReloads),
    WZP_NUMBER("max_room_size", "members of a room", 1, 10'000, relay.max_room_size, kReloads),
    WZP_NUMBER("max_parked", "connections of one identity that wait", 0, 100, relay.max_parked,
               kReloads),
    WZP_YES_NO("require_e2e", "refuse everybody without end-to-end encryption", relay.require_e2e,
               kReloads),
    WZP_NUMBER("admission_timeout_ms", "from connecting to a verified offer", 100, kDayMs,
               relay.admission_timeout, kReloads),
    WZP_YES_NO("require_binding", "refuse offers that are not bound to their connection",
               relay.require_binding, kReloads),
    ConfigKey{.name = "origins",
              .help = "web origins whose pages may connect, with a space between",
              .choices = {},
              .set_text = [](Config& c, std::string_view v) { c.relay.origins = split(v); },
              .get = [](const Config& c) { return joined(c.relay.origins); },
              .reloads = kReloads},
    WZP_NUMBER("ingress_packets_per_second", "datagrams of one participant", 1, kMillion,
               relay.ingress_packets.per_second, kReloads),
    WZP_NUMBER("ingress_packets_burst", "the same at once, after a pause", 1, kMillion,
               relay.ingress_packets.burst, kReloads),
    WZP_NUMBER("ingress_bytes_per_second", "bytes of datagrams of one participant", 1, kGiga,
               relay.ingress_bytes.per_second, kReloads),
    WZP_NUMBER("ingress_bytes_burst", "the same at once, after a pause", 1500, kGiga,
               relay.ingress_bytes.burst, kReloads),
    WZP_NUMBER("coalesce_us", "in busy rooms packets wait so long to share a datagram; 0: never", 0,
               20'000, relay.coalesce, kReloads),
    WZP_NUMBER("busy_packets_per_second", "from when a room is busy", 1, kMillion,
               relay.busy_packets_per_second, kReloads),
    WZP_NUMBER("ping_interval_ms", "silence before a ping, plus 1-5 s", 100, kDayMs,
               relay.keep_alive.interval, kReloads),
    WZP_NUMBER("pong_timeout_ms", "from a ping to giving up", 100, kDayMs,
               relay.keep_alive.pong_timeout, kReloads),
    WZP_NUMBER("drain_deadline_ms", "from SIGTERM to closing who is left", 0, kDayMs,
               drain.deadline, kReloads),
    WZP_NUMBER("reconnect_in_ms", "when clients are told to come back", 0, kDayMs,
               drain.reconnect_in, kReloads),
    WZP_NUMBER("try_for_ms", "for how long they are told to try", 0, kDayMs, drain.try_for,
               kReloads),
    WZP_PORT("metrics_port", "TCP port of /metrics, /healthz and the rest of administration",
             web.metrics_port),
    WZP_TEXT("metrics_address", "address of that port; strangers must not reach it", "",
             web.metrics_address, kFixed),
    WZP_PORT("ws_port", "TCP port of WebSocket participants and static files", web.ws_port),
    WZP_TEXT("ws_address", "address of that port; empty: all with tls_cert, else 127.0.0.1", "",
             web.ws_address, kFixed),
    WZP_TEXT("tls_cert", "PEM file with the certificate chain of the WebSocket port", "",
             web.tls_cert, kReloads),
    WZP_TEXT("tls_key", "PEM file with its private key", "", web.tls_key, kReloads),
    WZP_TEXT("static_dir", "folder whose files the WebSocket port serves", "", web.static_dir,
             kReloads),
    WZP_NUMBER("http_connections", "TCP connections at once, per port", 1, 100'000,
               web.http_connections, kReloads),
    WZP_NUMBER("http_connections_per_address", "the same from one address, except loopback", 1,
               100'000, web.http_connections_per_address, kReloads),
    WZP_NUMBER("http_timeout_ms", "for a request, and until the next one", 100, kDayMs,
               web.http_timeout, kReloads),
    WZP_NUMBER("ws_sessions", "WebSocket participants at once", 0, 100'000, web.ws_sessions,
               kReloads),
    WZP_TEXT("auth_url", "service that checks tokens; empty: nobody needs one", "", web.auth.url,
             kFixed),
    WZP_TEXT("auth_ca_file", "PEM certificates to trust there instead of the system's", "",
             web.auth.ca_file, kFixed),
    WZP_NUMBER("auth_timeout_ms", "for a check of a token", 100, 60'000, web.auth.timeout, kFixed),
    WZP_NUMBER("auth_cache_ms", "for how long a good token is not checked again", 0, kDayMs,
               web.auth.cache_ttl, kFixed),
    WZP_NUMBER("auth_cache_entries", "good tokens remembered at once", 0, kMillion,
               web.auth.cache_entries, kFixed),
    WZP_NUMBER("auth_breaker_failures", "failed checks in a row before a pause", 1, 1'000,
               web.auth.breaker_failures, kFixed),
    WZP_NUMBER("auth_breaker_pause_ms", "length of the pause in which none is made", 100, kDayMs,
               web.auth.breaker_pause, kFixed),
};
#undef WZP_PORT
#undef WZP_YES_NO
#undef WZP_NUMBER
#undef WZP_TEXT

Unexpected<std::string> bad_value(const ConfigKey& key, std::string_view text,
                                  const std::string& expected) {
  return Unexpected(std::string(key.name) + ": expected " + expected + ", got \"" +
                    std::string(text) + "\"");
}

bool is_choice(std::string_view choices, std::string_view text) {
  while (!choices.empty()) {
    const std::string_view one = choices.substr(0, choices.find(' '));
    if (one == text) return true;
    choices.remove_prefix(std::min(choices.size(), one.size() + 1));
  }
  return false;
}

ConfigResult set_number(Config& config, const ConfigKey& key, std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (key.may_be_off() && text == "off") {
    key.set_text(config, text);
    return {};
  }
  if (text.empty() || error != std::errc{} || stop != end || value < key.min || value > key.max) {
    return bad_value(key, text,
                     "a whole number from " + std::to_string(key.min) + " to " +
                         std::to_string(key.max) + (key.may_be_off() ? ", or off" : ""));
  }
  key.set_number(config, value);
  return {};
}

}  // namespace

std::span<const ConfigKey> config_keys() noexcept { return kKeys; }

std::string environment_name(const ConfigKey& key) {
  std::string name = "WZP_RELAY_" + std::string(key.name);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return name;
}

std::string flag_name(const ConfigKey& key) {
  std::string name = "--" + std::string(key.name);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

ConfigResult set_value(Config& config, const ConfigKey& key, std::string_view text) {
  if (key.is_number()) return set_number(config, key, text);
  if (!key.choices.empty() && !is_choice(key.choices, text)) {
    return bad_value(key, text, "one of: " + std::string(key.choices));
  }
  key.set_text(config, text);
  return {};
}

ConfigResult load_environment(Config& config,
                              const std::function<const char*(const char*)>& lookup) {
  for (const ConfigKey& key : config_keys()) {
    const std::string name = environment_name(key);
    const char* const value = lookup(name.c_str());
    if (value == nullptr) continue;
    if (const auto set = set_value(config, key, value); !set) {
      return Unexpected(name + ": " + set.error());
    }
  }
  return {};
}

RelayConfig relay_config_of(const Config& config) {
  RelayConfig out = config.relay;
  out.require_token = !config.web.auth.url.empty();
  // The driver's own limit comes first; this one is for a driver that has lost the question.
  out.token_check_timeout = config.web.auth.timeout + std::chrono::seconds(1);
  return out;
}

std::vector<std::string_view> take_over(Config& running, const Config& fresh) {
  std::vector<std::string_view> need_restart;
  for (const ConfigKey& key : config_keys()) {
    const std::string value = key.get(fresh);
    if (value == key.get(running)) continue;
    if (!key.reloads || !set_value(running, key, value)) need_restart.push_back(key.name);
  }
  running.relay.acl = fresh.relay.acl;
  running.relay.e2e_rooms = fresh.relay.e2e_rooms;
  return need_restart;
}

}  // namespace wzp::relay
