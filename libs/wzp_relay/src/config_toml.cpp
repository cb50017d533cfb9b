// The TOML form of Config. toml++ is used as headers alone, and only here.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "wzp/crypto/room_hash.hpp"
#include "wzp/relay/config.hpp"

namespace wzp::relay {
namespace {

constexpr std::size_t kRoomHashDigits = 32;

std::string at_line(std::string_view origin, const toml::source_region& where) {
  return std::string(origin) + ":" + std::to_string(where.begin.line) + ": ";
}

/// As in the SNI: a hash as it is, a name hashed like clients do.
std::string room_of(std::string_view key) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const bool is_hash =
      key.size() == kRoomHashDigits && std::all_of(key.begin(), key.end(), is_digit);
  if (is_hash || key == crypto::kDefaultRoomServerName) return std::string(key);
  return crypto::room_hash(key);
}

ConfigResult load_acl(RoomAcl& acl, const toml::table& rooms, std::string_view origin) {
  for (const auto& [key, node] : rooms) {
    const toml::array* list = node.as_array();
    if (list == nullptr) {
      return Unexpected(at_line(origin, node.source()) + "acl: expected a list of fingerprints");
    }
    auto& allowed = acl[room_of(key.str())];
    for (const toml::node& entry : *list) {
      const auto text = entry.value_exact<std::string>();
      const auto fingerprint =
          crypto::Fingerprint::parse(text ? std::string_view(*text) : std::string_view());
      if (!fingerprint) {
        return Unexpected(at_line(origin, entry.source()) + "acl: expected a fingerprint");
      }
      allowed.insert(*fingerprint);
    }
  }
  return {};
}

ConfigResult load_e2e_rooms(std::set<std::string>& rooms, const toml::array& names,
                            std::string_view origin) {
  for (const toml::node& entry : names) {
    const auto name = entry.value_exact<std::string>();
    if (!name) return Unexpected(at_line(origin, entry.source()) + "e2e_rooms: expected a name");
    rooms.insert(room_of(*name));
  }
  return {};
}

ConfigResult load_value(Config& config, std::string_view name, const toml::node& node) {
  const auto keys = config_keys();
  const auto key =
      std::find_if(keys.begin(), keys.end(), [name](const ConfigKey& k) { return k.name == name; });
  if (key == keys.end()) return Unexpected("no such setting: " + std::string(name));
  if (const auto number = node.value_exact<std::int64_t>(); number && key->is_number()) {
    return set_value(config, *key, std::to_string(*number));
  }
  if (const auto text = node.value_exact<std::string>();
      text && (!key->is_number() || key->may_be_off())) {
    return set_value(config, *key, *text);
  }
  return Unexpected(std::string(name) + ": expected " +
                    (key->is_number() ? "a whole number" : "a text in quotes"));
}

}  // namespace

ConfigResult load_toml(Config& config, std::string_view text, std::string_view origin) {
  const toml::parse_result parsed = toml::parse(text, origin);
  if (!parsed) {
    return Unexpected(at_line(origin, parsed.error().source()) +
                      std::string(parsed.error().description()));
  }
  for (const auto& [key, node] : parsed.table()) {
    if (key.str() == "acl" && node.is_table()) {
      if (auto acl = load_acl(config.relay.acl, *node.as_table(), origin); !acl) return acl;
    } else if (key.str() == "e2e_rooms" && node.is_array()) {
      auto rooms = load_e2e_rooms(config.relay.e2e_rooms, *node.as_array(), origin);
      if (!rooms) return rooms;
    } else if (const auto set = load_value(config, key.str(), node); !set) {
      return Unexpected(at_line(origin, node.source()) + set.error());
    }
  }
  return {};
}

std::string to_toml(const Config& config) {
  std::ostringstream out;
  for (const ConfigKey& key : config_keys()) {
    out << key.name << " = ";
    const std::string value = key.get(config);
    if (key.is_number() && value != "off") {
      out << value;
    } else {
      out << toml::value<std::string>(value);
    }
    out << '\n';
  }
  if (!config.relay.e2e_rooms.empty()) {
    out << "e2e_rooms = [";
    const char* separator = "";
    for (const auto& room : config.relay.e2e_rooms) {
      out << std::exchange(separator, ", ") << '"' << room << '"';
    }
    out << "]\n";
  }
  if (config.relay.acl.empty()) return out.str();
  out << "[acl]\n";
  for (const auto& [room, allowed] : config.relay.acl) {
    out << '"' << room << "\" = [";
    const char* separator = "";
    for (const auto& who : allowed) {
      out << std::exchange(separator, ", ") << '"' << who.to_text() << '"';
    }
    out << "]\n";
  }
  return out.str();
}

}  // namespace wzp::relay
