/// \file
/// wzp-bench demo: a whole call over a bad network, measured, drawn and checked.
#pragma once

#include <CLI/CLI.hpp>

namespace wzp::bench {

/// Adds the subcommand; `exit_code` is set when it has run.
void add_demo_command(CLI::App& app, int& exit_code);

}  // namespace wzp::bench
