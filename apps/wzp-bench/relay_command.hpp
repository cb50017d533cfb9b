/// \file
/// wzp-bench relay: what a relay costs under load, beside plain UDP.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

namespace wzp::bench {

/// Adds the subcommand; `exit_code` is set when it has run.
void add_relay_command(CLI::App& app, int& exit_code);

}  // namespace wzp::bench
