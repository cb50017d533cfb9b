/// \file
/// How all programs of this project take their arguments and complain.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "wzp/version.hpp"

namespace wzp::apps {

/// Exit codes: 0 done, 1 it did not work, 2 the command line makes no sense.
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

/// One line on standard error, and the exit code for main().
inline int fail(std::string_view program, std::string_view what) {
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(program.size()), program.data(),
               static_cast<int>(what.size()), what.data());
  return kExitFailure;
}

/// Parses; returns the exit code if the program has nothing left to do (help, version, bad usage).
inline std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  app.set_version_flag("--version", std::string(version()));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);
    std::string what = e.what();
    for (char& c : what) {
      if (c == '\n') c = ' ';
    }
    fail(app.get_name(), what + " (see --help)");
    return kExitUsage;
  }
  return std::nullopt;
}

}  // namespace wzp::apps
