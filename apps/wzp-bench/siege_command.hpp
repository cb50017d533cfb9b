/// \file
/// wzp-bench siege: a relay under hostile traffic, and thousands of calls that come and go.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

namespace wzp::bench {

/// Adds the subcommand; `exit_code` is set when it has run.
void add_siege_command(CLI::App& app, int& exit_code);

}  // namespace wzp::bench
