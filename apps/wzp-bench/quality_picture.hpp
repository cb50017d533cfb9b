/// \file
/// The quality matrix as a picture: residual loss and intelligibility against the loss rate.
#pragma once

#include <string>
#include <vector>

#include "quality_report.hpp"

namespace wzp::bench {

/// Uses the cells with independent loss: a column of two panels per profile, a line per mode.
[[nodiscard]] std::string quality_svg(const std::vector<QualityCell>& cells);

}  // namespace wzp::bench
