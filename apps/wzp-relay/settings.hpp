/// \file
/// Where the relay's settings come from, once and again on SIGHUP.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "wzp/proto/expected.hpp"
#include "wzp/relay/config.hpp"

namespace wzp::apps {

class Settings {
 public:
  /// Adds --config and a flag for each setting.
  explicit Settings(CLI::App& app);
  Settings(const Settings&) = delete;  // the flags write into it
  Settings& operator=(const Settings&) = delete;

  /// The file, then the environment, then flags: the last one wins. After parsing; reads the file
  /// each time.
  [[nodiscard]] Expected<relay::Config, std::string> load() const;

 private:
  struct Flag {
    const relay::ConfigKey* key;
    CLI::Option* option;
    std::string value;
  };
  std::string file_;
  std::vector<Flag> flags_;
};

}  // namespace wzp::apps
