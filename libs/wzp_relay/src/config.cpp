#include "wzp/relay/config.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace wzp::relay {
namespace {

constexpr std::uint64_t kDayMs = 86'400'000;
constexpr std::uint64_t kMillion = 1'000'000;
constexpr std::uint64_t kGiga = 1'000'000'000;

// One row of the table for a member of Config; the expression must be assignable.
#define WZP_NUMBER(key, help_text, least, most, member)                                         \
  ConfigKey {                                                                                   \
    .name = (key), .help = (help_text), .choices = {}, .min = (least), .max = (most),           \
    .set_number = [](Config& c, std::uint64_t v) { assign(c.member, v); }, .set_text = nullptr, \
    .get = [](const Config& c) { return number_text(c.member); }                                \
  }
#define WZP_TEXT(key, help_text, allowed, member)                                           \
  ConfigKey {                                                                               \
    .name = (key), .help = (help_text), .choices = (allowed), .min = 0, .max = 0,           \
    .set_number = nullptr, .set_text = [](Config& c, std::string_view v) { c.member = v; }, \
    .get = [](const Config& c) { return c.member; }                                         \
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
    WZP_TEXT("listen", "UDP address and port to serve on; port 0: any free one", "", listen),
    WZP_TEXT("log_format", "form of log lines", "text json", log_format),
    WZP_TEXT("log_level", "least severe log lines to write", "debug info warn error off",
             log_level),
    WZP_NUMBER("max_sessions", "participants at once", 1, kMillion, relay.max_participants),
    WZP_NUMBER("max_room_size", "members of a room", 1, 10'000, relay.max_room_size),
    WZP_NUMBER("max_parked", "connections of one identity that wait", 0, 100, relay.max_parked),
    WZP_NUMBER("admission_timeout_ms", "from connecting to a verified offer", 100, kDayMs,
               relay.admission_timeout),
    ConfigKey{
        .name = "require_binding",
        .help = "refuse offers that are not bound to their connection",
        .choices = "no yes",
        .set_text = [](Config& c, std::string_view v) { c.relay.require_binding = v == "yes"; },
        .get = [](const Config& c) -> std::string {
          return c.relay.require_binding ? "yes" : "no";
        }},
    ConfigKey{.name = "origins",
              .help = "web origins whose pages may connect, with a space between",
              .choices = {},
              .set_text = [](Config& c, std::string_view v) { c.relay.origins = split(v); },
              .get = [](const Config& c) { return joined(c.relay.origins); }},
    WZP_NUMBER("ingress_packets_per_second", "datagrams of one participant", 1, kMillion,
               relay.ingress_packets.per_second),
    WZP_NUMBER("ingress_packets_burst", "the same at once, after a pause", 1, kMillion,
               relay.ingress_packets.burst),
    WZP_NUMBER("ingress_bytes_per_second", "bytes of datagrams of one participant", 1, kGiga,
               relay.ingress_bytes.per_second),
    WZP_NUMBER("ingress_bytes_burst", "the same at once, after a pause", 1500, kGiga,
               relay.ingress_bytes.burst),
    WZP_NUMBER("coalesce_us", "in busy rooms packets wait so long to share a datagram; 0: never", 0,
               20'000, relay.coalesce),
    WZP_NUMBER("busy_packets_per_second", "from when a room is busy", 1, kMillion,
               relay.busy_packets_per_second),
    WZP_NUMBER("ping_interval_ms", "silence before a ping, plus 1-5 s", 100, kDayMs,
               relay.keep_alive.interval),
    WZP_NUMBER("pong_timeout_ms", "from a ping to giving up", 100, kDayMs,
               relay.keep_alive.pong_timeout),
    WZP_NUMBER("drain_deadline_ms", "from SIGTERM to closing who is left", 0, kDayMs,
               drain.deadline),
    WZP_NUMBER("reconnect_in_ms", "when clients are told to come back", 0, kDayMs,
               drain.reconnect_in),
    WZP_NUMBER("try_for_ms", "for how long they are told to try", 0, kDayMs, drain.try_for),
};
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
  if (text.empty() || error != std::errc{} || stop != end || value < key.min || value > key.max) {
    return bad_value(
        key, text,
        "a whole number from " + std::to_string(key.min) + " to " + std::to_string(key.max));
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

}  // namespace wzp::relay
