// Every setting from every source, and what is said about values that make no sense.
#include "wzp/relay/config.hpp"

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

TEST_CASE("the settings reach the members they are named after") {
  Config c;
  REQUIRE(load_toml(c,
                    "max_sessions = 7\npong_timeout_ms = 900\ningress_bytes_burst = 2000\n"
                    "try_for_ms = 12\nlog_format = 'json'\n",
                    "relay.toml"));
  CHECK(c.relay.max_participants == 7);
  CHECK(c.relay.keep_alive.pong_timeout == std::chrono::milliseconds(900));
  CHECK(c.relay.ingress_bytes.burst == 2000.0);
  CHECK(c.drain.try_for == std::chrono::milliseconds(12));
  CHECK(c.log_format == "json");
}

TEST_CASE("names in the environment and of flags follow from the name in the file") {
  const ConfigKey& key = config_keys()[3];
  CHECK(key.name == "max_sessions");
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
