// Line plots as SVG: a few panels side by side, one legend.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace wzp::fec::bench {

struct Curve {
  std::size_t series = 0;  ///< Index into the legend; one colour each.
  bool steps = false;      ///< Constant between points instead of straight lines.
  std::vector<std::pair<double, double>> points;
};

struct Panel {
  std::string title, x_label, y_label;
  double x_max = 50, x_tick = 10;
  double y_max = 50, y_tick = 10;
  std::vector<Curve> curves;
};

/// Two panels to a row. The first series is drawn thin and grey: what the others are compared with.
std::string svg_of(const std::string& title, const std::string& subtitle,
                   const std::vector<std::string>& legend, const std::vector<Panel>& panels);

}  // namespace wzp::fec::bench
