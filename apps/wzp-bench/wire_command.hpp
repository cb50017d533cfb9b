/// \file
/// wzp-bench wire: what calls really put on the wire, on loopback sockets, and what media/2 costs a
/// processor.
#pragma once

#include <CLI/CLI.hpp>

namespace wzp::bench {

/// Adds the subcommand; `exit_code` is set when it has run.
void add_wire_command(CLI::App& app, int& exit_code);

}  // namespace wzp::bench
