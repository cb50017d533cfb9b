// bench-fec --residual
#pragma once

#include <string>

namespace wzp::fec::bench {

/// Simulates the three profiles over loss rates and channels, prints a table, writes the plot as
/// SVG and appends JSON lines. False if anything was recovered wrongly or a file cannot be written.
bool plot_residual_loss(const std::string& svg_file, const std::string& json_file,
                        const std::string& environment);

}  // namespace wzp::fec::bench
