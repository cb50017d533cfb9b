/// \file
/// What an operator can set, and where from: a TOML file, the environment, flags. Later ones win.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wzp/proto/expected.hpp"
#include "wzp/relay/export.hpp"
#include "wzp/relay/relay.hpp"
#include "wzp/relay/relay_config.hpp"
#include "wzp/relay/web_config.hpp"

namespace wzp::relay {

/// All settings of a relay program.
struct Config {
  std::string listen = "0.0.0.0:4433";  ///< UDP address and port; port 0: any free one.
  std::string identity_file;            ///< Made if there is none; empty: a new identity.
  std::string log_format = "text";      ///< text, json.
  std::string log_level = "info";       ///< debug, info, warn, error, off.
  RelayConfig relay;
  DrainConfig drain;
  WebConfig web;
};

/// One setting. Its three names come from one: `max_sessions` in the file, `WZP_RELAY_MAX_SESSIONS`
/// in the environment, `--max-sessions` as a flag.
struct ConfigKey {
  std::string_view name;
  std::string_view help;
  std::string_view choices;  ///< Texts: the values allowed, with a space between; empty: any.
  std::uint64_t min = 0;     ///< Numbers only.
  std::uint64_t max = 0;     ///< 0: the setting is a text.
  void (*set_number)(Config&, std::uint64_t) = nullptr;
  /// For numbers: takes the word "off", the only text allowed; null if there is none.
  void (*set_text)(Config&, std::string_view) = nullptr;
  std::string (*get)(const Config&) = nullptr;
  bool reloads = false;  ///< Read again on SIGHUP; others hold from start to end.

  [[nodiscard]] bool is_number() const noexcept { return set_number != nullptr; }
  [[nodiscard]] bool may_be_off() const noexcept { return is_number() && set_text != nullptr; }
};

/// All of them, in the order in which they are documented. The file may also have a table `acl`:
/// room (a name, or its hash in 32 hex digits) = list of fingerprints.
[[nodiscard]] WZP_RELAY_EXPORT std::span<const ConfigKey> config_keys() noexcept;
[[nodiscard]] WZP_RELAY_EXPORT std::string environment_name(const ConfigKey& key);
[[nodiscard]] WZP_RELAY_EXPORT std::string flag_name(const ConfigKey& key);  ///< With the dashes.

/// Errors are one line for people, and say what was expected.
using ConfigResult = Expected<void, std::string>;

/// Sets one value from a text, whatever its source.
[[nodiscard]] WZP_RELAY_EXPORT ConfigResult set_value(Config& config, const ConfigKey& key,
                                                      std::string_view text);
/// `origin` is named in errors, with the line. Keys that do not exist are errors.
[[nodiscard]] WZP_RELAY_EXPORT ConfigResult load_toml(Config& config, std::string_view toml,
                                                      std::string_view origin);
/// `lookup` is std::getenv or a test's own; null: not set.
[[nodiscard]] WZP_RELAY_EXPORT ConfigResult
load_environment(Config& config, const std::function<const char*(const char*)>& lookup);

/// What the core is to do by these settings.
[[nodiscard]] WZP_RELAY_EXPORT RelayConfig relay_config_of(const Config& config);

/// Takes over what may change while a relay runs: keys that reload, lists of rooms. Returns the
/// names of other settings that differ; they need a new start.
WZP_RELAY_EXPORT std::vector<std::string_view> take_over(Config& running, const Config& fresh);

/// All settings with their values, as a TOML file that load_toml() reads.
[[nodiscard]] WZP_RELAY_EXPORT std::string to_toml(const Config& config);

}  // namespace wzp::relay
