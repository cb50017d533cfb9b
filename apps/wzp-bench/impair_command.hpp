/// \file
/// wzp-bench impair: the impairment proxy as a program.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

namespace wzp::bench {

/// Adds the subcommand; `exit_code` is set when it has run.
void add_impair_command(CLI::App& app, int& exit_code);

}  // namespace wzp::bench
