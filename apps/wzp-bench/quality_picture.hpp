/// \file
/// The quality matrix as a picture: residual loss and intelligibility for each path and profile.
#pragma once

#include <string>
#include <vector>

namespace wzp::bench {

/// One profile's means over the seeds, one value per path.
struct QualityCurve {
  std::string profile;
  std::vector<double> residual_percent;
  std::vector<double> estoi;
};

[[nodiscard]] std::string quality_svg(const std::vector<std::string>& paths,
                                      const std::vector<QualityCurve>& curves);

}  // namespace wzp::bench
