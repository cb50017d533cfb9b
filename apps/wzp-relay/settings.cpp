#include "settings.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace wzp::apps {
namespace {

relay::ConfigResult load_file(relay::Config& config, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Unexpected("cannot read " + path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return relay::load_toml(config, text, path);
}

}  // namespace

Settings::Settings(CLI::App& app) {
  app.add_option("--config", file_, "TOML file of settings; environment and flags go before it")
      ->envname("WZP_RELAY_CONFIG");
  flags_.reserve(relay::config_keys().size());  // options keep references to the values
  const relay::Config defaults;
  for (const relay::ConfigKey& key : relay::config_keys()) {
    flags_.push_back({&key, nullptr, {}});
    flags_.back().option =
        app.add_option(relay::flag_name(key), flags_.back().value, std::string(key.help));
    flags_.back().option->default_str(key.get(defaults));
  }
}

Expected<relay::Config, std::string> Settings::load() const {
  relay::Config config;
  if (!file_.empty()) {
    if (auto loaded = load_file(config, file_); !loaded) return Unexpected(loaded.error());
  }
  const auto lookup = [](const char* name) -> const char* { return std::getenv(name); };
  if (auto loaded = relay::load_environment(config, lookup); !loaded) {
    return Unexpected(loaded.error());
  }
  for (const Flag& flag : flags_) {
    if (flag.option->count() == 0) continue;
    if (auto set = relay::set_value(config, *flag.key, flag.value); !set) {
      return Unexpected(relay::flag_name(*flag.key) + ": " + set.error());
    }
  }
  return config;
}

}  // namespace wzp::apps
