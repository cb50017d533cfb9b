/// \file
/// wzp-bench quality: what is heard of recorded speech after bad networks, as table, JSON lines and
/// picture.
#pragma once

#include <CLI/CLI.hpp>

namespace wzp::bench {

/// Adds the subcommand; `exit_code` is set when it has run.
void add_quality_command(CLI::App& app, int& exit_code);

}  // namespace wzp::bench
