#include "quality_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "svg.hpp"

namespace wzp::bench {
namespace {

constexpr int kWidth = 1000;
constexpr double kLeft = 70;
constexpr double kSpan = kWidth - kLeft - 30;
constexpr double kHeight = 200;
constexpr const char* kColours[] = {"#1f77b4", "#e67e22", "#27ae60", "#8e44ad"};

double column(std::size_t i, std::size_t count) {
  return kLeft + kSpan * (static_cast<double>(i) + 0.5) / static_cast<double>(count);
}

void draw_panel(Svg& svg, double top, double most, const char* title, const char* unit,
                const std::vector<QualityCurve>& curves,
                const std::vector<double> QualityCurve::*values) {
  svg.text(kLeft, top - 10, title, 14);
  for (int i = 0; i <= 4; ++i) {
    const double y = top + kHeight - kHeight * i / 4;
    svg.line(kLeft, y, kLeft + kSpan, y, "#dddddd");
    svg.text(kLeft - 8, y + 4, fmt::format("{:.3g}{}", most * i / 4, unit), 11, "end", "#666");
  }
  for (std::size_t c = 0; c < curves.size(); ++c) {
    std::vector<std::pair<double, double>> points;
    const auto& series = curves[c].*values;
    for (std::size_t i = 0; i < series.size(); ++i) {
      const double share = std::clamp(series[i] / most, 0.0, 1.0);
      points.emplace_back(column(i, series.size()), top + kHeight * (1 - share));
      svg.rectangle(points.back().first - 3, points.back().second - 3, 6, 6, kColours[c % 4]);
    }
    svg.polyline(points, kColours[c % 4], 2);
  }
}

}  // namespace

std::string quality_svg(const std::vector<std::string>& paths,
                        const std::vector<QualityCurve>& curves) {
  Svg svg(kWidth, 600);
  svg.text(kLeft, 26, "Speech after the network: what stays lost, and how much is understood", 16);
  double most = 1;
  for (const auto& curve : curves) {
    for (const double v : curve.residual_percent) most = std::max(most, v);
  }
  draw_panel(svg, 70, most, "concealed frames (lower is better)", " %", curves,
             &QualityCurve::residual_percent);
  draw_panel(svg, 320, 1.0, "ESTOI (higher is better)", "", curves, &QualityCurve::estoi);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    svg.text(column(i, paths.size()), 540, paths[i], 11, "middle");
  }
  for (std::size_t c = 0; c < curves.size(); ++c) {
    const double x = kLeft + 160 * static_cast<double>(c);
    svg.rectangle(x, 566, 14, 12, kColours[c % 4]);
    svg.text(x + 20, 577, curves[c].profile);
  }
  return svg.finish();
}

}  // namespace wzp::bench
