// Every setting from every source, and what is said about values that make no sense.
#include "wzp/relay/config.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>

#include "wzp/crypto/room_hash.hpp"
#include "wzp/relay/json_text.hpp"

using namespace wzp;
using namespace wzp::relay;

namespace {

/// A value the setting does not have by default.
std::string other_value(const ConfigKey& key) {
  if (key.is_number()) return std::to_string(key.max - 1);
  if (key.choices.empty()) return "[::1]:1234";
  return std::string(key.choices.substr(key.choices.rfind(' ') + 1));
}

std::string in_toml(const ConfigKey& key, const std::string& value) {
  return std::string(key.name) + " = " + (key.is_number() ? value : '"' + value + '"') + "\n";
}

ConfigResult from_environment(Config& config, const std::map<std::string, std::string>& all) {
  return load_environment(config, [&](const char* name) {
    const auto found = all.find(name);
    return found == all.end() ? nullptr : found->second.c_str();
  });
}

std::string error_of(std::string_view toml) {
  Config config;
  const auto loaded = load_toml(config, toml, "relay.toml");
  return loaded ? "" : loaded.error();
}

}  // namespace

TEST_CASE(
    "each setting is read from the file, the environment and a text, and nothing else changes") {
  const Config defaults;
  for (const ConfigKey& key : config_keys()) {
    CAPTURE(key.name);
    const std::string value = other_value(key);
    REQUIRE(key.get(defaults) != value);
    Config by_file;
    Config by_environment;
    Config by_text;
    REQUIRE(load_toml(by_file, in_toml(key, value), "relay.toml"));
    REQUIRE(from_environment(by_environment, {{environment_name(key), value}}));
    REQUIRE(set_value(by_text, key, value));
    for (const Config* config : {&by_file, &by_environment, &by_text}) {
      for (const ConfigKey& each : config_keys()) {
        CHECK(each.get(*config) == (each.name == key.name ? value : each.get(defaults)));
      }
    }
  }
}

TEST_CASE("each setting reaches the member it is named after") {
  using std::chrono::milliseconds;
  using Reached = bool (*)(const Config&);
  struct Row {
    std::string_view key;
    const char* value;
    Reached has_reached;
  };
  const Row rows[] = {
      {"listen", "[::1]:1", [](const Config& c) { return c.listen == "[::1]:1"; }},
      {"identity_file", "seed", [](const Config& c) { return c.identity_file == "seed"; }},
      {"log_format", "json", [](const Config& c) { return c.log_format == "json"; }},
      {"log_level", "warn", [](const Config& c) { return c.log_level == "warn"; }},
      {"max_sessions", "7", [](const Config& c) { return c.relay.max_participants == 7; }},
      {"max_room_size", "7", [](const Config& c) { return c.relay.max_room_size == 7; }},
      {"max_parked", "7", [](const Config& c) { return c.relay.max_parked == 7; }},
      {"require_e2e", "yes", [](const Config& c) { return c.relay.require_e2e; }},
      {"admission_timeout_ms", "700",
       [](const Config& c) { return c.relay.admission_timeout == milliseconds(700); }},
      {"require_binding", "yes", [](const Config& c) { return c.relay.require_binding; }},
      {"origins", "https://b https://a",
       [](const Config& c) {
         return c.relay.origins == std::set<std::string>{"https://a", "https://b"};
       }},
      {"ingress_packets_per_second", "7",
       [](const Config& c) { return c.relay.ingress_packets.per_second == 7.0; }},
      {"ingress_packets_burst", "7",
       [](const Config& c) { return c.relay.ingress_packets.burst == 7.0; }},
      {"ingress_bytes_per_second", "7",
       [](const Config& c) { return c.relay.ingress_bytes.per_second == 7.0; }},
      {"ingress_bytes_burst", "1507",
       [](const Config& c) { return c.relay.ingress_bytes.burst == 1507.0; }},
      {"coalesce_us", "7",
       [](const Config& c) { return c.relay.coalesce == std::chrono::microseconds(7); }},
      {"busy_packets_per_second", "7",
       [](const Config& c) {
         return static_cast<std::uint64_t>(c.relay.busy_packets_per_second) == 7;
       }},
      {"ping_interval_ms", "700",
       [](const Config& c) { return c.relay.keep_alive.interval == milliseconds(700); }},
      {"pong_timeout_ms", "700",
       [](const Config& c) { return c.relay.keep_alive.pong_timeout == milliseconds(700); }},
      {"drain_deadline_ms", "7",
       [](const Config& c) { return c.drain.deadline == milliseconds(7); }},
      {"reconnect_in_ms", "7",
       [](const Config& c) { return c.drain.reconnect_in == milliseconds(7); }},
      {"try_for_ms", "7", [](const Config& c) { return c.drain.try_for == milliseconds(7); }},
      {"metrics_port", "7", [](const Config& c) { return c.web.metrics_port == 7; }},
      {"metrics_address", "::1", [](const Config& c) { return c.web.metrics_address == "::1"; }},
      {"ws_port", "7", [](const Config& c) { return c.web.ws_port == 7; }},
      {"ws_address", "::1", [](const Config& c) { return c.web.ws_address == "::1"; }},
      {"tls_cert", "c.pem", [](const Config& c) { return c.web.tls_cert == "c.pem"; }},
      {"tls_key", "k.pem", [](const Config& c) { return c.web.tls_key == "k.pem"; }},
      {"static_dir", "/srv", [](const Config& c) { return c.web.static_dir == "/srv"; }},
      {"http_connections", "7", [](const Config& c) { return c.web.http_connections == 7; }},
      {"http_connections_per_address", "7",
       [](const Config& c) { return c.web.http_connections_per_address == 7; }},
      {"http_timeout_ms", "700",
       [](const Config& c) { return c.web.http_timeout == milliseconds(700); }},
      {"ws_sessions", "7", [](const Config& c) { return c.web.ws_sessions == 7; }},
      {"auth_url", "http://a/v", [](const Config& c) { return c.web.auth.url == "http://a/v"; }},
      {"auth_ca_file", "ca.pem", [](const Config& c) { return c.web.auth.ca_file == "ca.pem"; }},
      {"auth_timeout_ms", "700",
       [](const Config& c) { return c.web.auth.timeout == milliseconds(700); }},
      {"auth_cache_ms", "7",
       [](const Config& c) { return c.web.auth.cache_ttl == milliseconds(7); }},
      {"auth_cache_entries", "7", [](const Config& c) { return c.web.auth.cache_entries == 7; }},
      {"auth_breaker_failures", "7",
       [](const Config& c) { return c.web.auth.breaker_failures == 7; }},
      {"auth_breaker_pause_ms", "700",
       [](const Config& c) { return c.web.auth.breaker_pause == milliseconds(700); }},
  };
  std::set<std::string_view> tested;
  for (const ConfigKey& key : config_keys()) {
    CAPTURE(key.name);
    const auto row = std::find_if(std::begin(rows), std::end(rows),
                                  [&](const Row& r) { return r.key == key.name; });
    REQUIRE(row != std::end(rows));  // a new setting needs a row
    Config config;
    CHECK_FALSE(row->has_reached(config));
    REQUIRE(set_value(config, key, row->value));
    CHECK(row->has_reached(config));
    tested.insert(key.name);
  }
  CHECK(tested.size() == std::size(rows));
}

TEST_CASE("a running relay takes over what may change, and names what needs a new start") {
  for (const ConfigKey& key : config_keys()) {
    CAPTURE(key.name);
    Config running;
    Config fresh;
    REQUIRE(set_value(fresh, key, other_value(key)));
    const auto need_restart = take_over(running, fresh);
    CHECK(need_restart.empty() == key.reloads);
    CHECK((key.get(running) == other_value(key)) == key.reloads);
    if (!key.reloads) CHECK(need_restart[0] == key.name);
  }
  Config running;
  Config fresh;
  fresh.relay.acl["default"] = {};
  fresh.relay.e2e_rooms = {"default"};
  CHECK(take_over(running, fresh).empty());
  CHECK(running.relay.acl.size() == 1);
  CHECK(running.relay.e2e_rooms.size() == 1);
}

TEST_CASE("an authentication service makes tokens a duty") {
  Config config;
  CHECK_FALSE(relay_config_of(config).require_token);
  config.web.auth.url = "http://a";
  config.web.auth.timeout = std::chrono::milliseconds(700);
  CHECK(relay_config_of(config).require_token);
  CHECK(relay_config_of(config).token_check_timeout > config.web.auth.timeout);
}

TEST_CASE("names in the environment and of flags follow from the name in the file") {
  const auto all = config_keys();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [](const ConfigKey& k) { return k.name == "max_sessions"; });
  REQUIRE(found != all.end());
  const ConfigKey& key = *found;
  CHECK(environment_name(key) == "WZP_RELAY_MAX_SESSIONS");
  CHECK(flag_name(key) == "--max-sessions");
  std::set<std::string_view> names;
  for (const ConfigKey& each : config_keys()) names.insert(each.name);
  CHECK(names.size() == config_keys().size());
}

TEST_CASE("numbers out of range and texts that are no choice are refused with what is expected") {
  for (const ConfigKey& key : config_keys()) {
    CAPTURE(key.name);
    Config config;
    if (key.is_number()) {
      const std::vector<std::string> not_numbers{"",    "x",  "-1",
                                                 "1.5", "7 ", std::to_string(key.max + 1)};
      for (const std::string& bad : not_numbers) {
        CHECK_FALSE(set_value(config, key, bad));
      }
      CHECK(set_value(config, key, std::to_string(key.min)));
      CHECK(set_value(config, key, std::to_string(key.max)));
      if (key.min > 0) CHECK_FALSE(set_value(config, key, std::to_string(key.min - 1)));
    } else if (!key.choices.empty()) {
      for (const char* bad : {"", "other", "text json"}) CHECK_FALSE(set_value(config, key, bad));
    }
  }
  Config config;
  const auto refused = from_environment(config, {{"WZP_RELAY_LOG_FORMAT", "xml"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        "WZP_RELAY_LOG_FORMAT: log_format: expected one of: text json, got \"xml\"");
}

TEST_CASE("a port can be off, in every source, and is so by default") {
  std::set<std::string_view> ports;
  for (const ConfigKey& key : config_keys()) {
    if (!key.may_be_off()) continue;
    CAPTURE(key.name);
    ports.insert(key.name);
    Config config;
    CHECK(key.get(config) == "off");
    REQUIRE(set_value(config, key, "0"));
    CHECK(key.get(config) == "0");
    REQUIRE(set_value(config, key, "off"));
    CHECK(key.get(config) == "off");
    REQUIRE(load_toml(config, std::string(key.name) + " = 9090\n", "f"));
    CHECK(key.get(config) == "9090");
    REQUIRE(load_toml(config, std::string(key.name) + " = 'off'\n", "f"));
    CHECK(key.get(config) == "off");
    CHECK_FALSE(set_value(config, key, "on"));
  }
  CHECK(ports == std::set<std::string_view>{"metrics_port", "ws_port"});
}

TEST_CASE("rooms that require end-to-end encryption are kept under the names that clients send") {
  Config c;
  REQUIRE(load_toml(c, "e2e_rooms = ['my-group', 'default']\nrequire_e2e = 'yes'\n", "f"));
  CHECK(c.relay.require_e2e);
  CHECK(c.relay.e2e_rooms == std::set<std::string>{"default", crypto::room_hash("my-group")});
  Config again;
  REQUIRE(load_toml(again, to_toml(c), "f"));
  CHECK(again.relay.e2e_rooms == c.relay.e2e_rooms);
  CHECK(error_of("e2e_rooms = [3]\n") == "relay.toml:1: e2e_rooms: expected a name");
}

TEST_CASE("errors in the file name the file and the line") {
  CHECK(error_of("listen = '0.0.0.0:1'\nmax_sesions = 3\n") ==
        "relay.toml:2: no such setting: max_sesions");
  CHECK(error_of("max_sessions = \"3\"\n") ==
        "relay.toml:1: max_sessions: expected a whole number");
  CHECK(error_of("listen = 4433\n") == "relay.toml:1: listen: expected a text in quotes");
  CHECK(error_of("\nmax_sessions = 0\n")
            .find("relay.toml:2: max_sessions: expected a whole number "
                  "from 1 to 1000000") == 0);
  CHECK(error_of("max_sessions = -5\n") != "");
  CHECK(error_of("max_sessions = [1]\n") != "");
  CHECK(error_of("\n\nmax_sessions = \n").find("relay.toml:3: ") == 0);
  CHECK(error_of("acl = 3\n") == "relay.toml:1: no such setting: acl");
  CHECK(error_of("[acl]\nx = 3\n") == "relay.toml:2: acl: expected a list of fingerprints");
  CHECK(error_of("[acl]\nx = ['abc']\n") == "relay.toml:2: acl: expected a fingerprint");
}

TEST_CASE("the list of a room is kept under the name that clients send") {
  Config c;
  const std::string who = "00112233445566778899aabbccddeeff";
  REQUIRE(load_toml(c,
                    "[acl]\nmy-group = ['" + who +
                        "']\ndefault = []\n"
                        "ad571ff9b213d5970d3d086e3b20e38c = ['" +
                        who + "', '" + who + "']\n",
                    "f"));
  REQUIRE(c.relay.acl.size() == 3);
  CHECK(c.relay.acl.at(crypto::room_hash("my-group")).size() == 1);
  CHECK(c.relay.acl.at("ad571ff9b213d5970d3d086e3b20e38c").size() == 1);
  CHECK(c.relay.acl.at("default").empty());
}

TEST_CASE("what is written as TOML is read back as the same settings") {
  Config c;
  for (const ConfigKey& key : config_keys()) REQUIRE(set_value(c, key, other_value(key)));
  c.listen = "quote \" and \\ in it";
  c.relay.acl["default"] = {crypto::Fingerprint{{std::byte{1}}}, crypto::Fingerprint{}};
  c.relay.acl[crypto::room_hash("x")] = {};
  Config again;
  REQUIRE(load_toml(again, to_toml(c), "f"));
  CHECK(to_toml(again) == to_toml(c));
  CHECK(again.relay.acl == c.relay.acl);
  CHECK(again.listen == c.listen);
}

TEST_CASE("a text in a JSON log line stays one string on one line") {
  CHECK(json_text("plain text") == "\"plain text\"");
  CHECK(json_text("a \"b\" \\ c") == "\"a \\\"b\\\" \\\\ c\"");
  CHECK(json_text("x\ny\xff") == "\"x\\u000ay\\u00ff\"");
}
