/// \file
/// `wzp-bench noise`: what noise suppression does to intelligibility.
#pragma once

#include "../command_line.hpp"

namespace wzp::bench {

void add_noise_command(CLI::App& app, int& exit_code);

}  // namespace wzp::bench
