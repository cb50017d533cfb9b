#include "quality_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "svg.hpp"

namespace wzp::bench {
namespace {

using client::MediaProfile;

constexpr int kWidth = 1080;
constexpr int kHeight = 620;
constexpr double kPanelWidth = 280;
constexpr double kPanelHeight = 200;
constexpr double kLeft = 70;
constexpr double kStep = 340;
constexpr double kMostLoss = 40;

struct Line {
  Mode mode;
  const char* colour;
  const char* words;
};
constexpr Line kLines[] = {
    {Mode::kMedia2, "#1f77b4", "media/2"},
    {Mode::kLegacy, "#e67e22", "the reference's layout, blocks that repair"},
    {Mode::kReference, "#888888", "the reference's layout as it runs, nothing repaired"},
};

struct Panel {
  double left;
  double top;
  double low;
  double high;
  double QualityScore::*score;
};

void draw_axes(Svg& svg, const Panel& p, const std::string& title, const char* unit) {
  svg.text(p.left, p.top - 8, title, 13);
  for (int i = 0; i <= 4; ++i) {
    const double y = p.top + kPanelHeight - kPanelHeight * i / 4;
    svg.line(p.left, y, p.left + kPanelWidth, y, "#dddddd");
    const double value = p.low + (p.high - p.low) * i / 4;
    svg.text(p.left - 6, y + 4, fmt::format("{:.3g}{}", value, unit), 11, "end", "#666");
    const double x = p.left + kPanelWidth * i / 4;
    svg.text(x, p.top + kPanelHeight + 16, fmt::format("{:g} %", kMostLoss * i / 4), 11, "middle",
             "#666");
  }
}

void draw_line(Svg& svg, const Panel& p, const std::vector<QualityCell>& cells,
               MediaProfile profile, const Line& line) {
  std::vector<std::pair<double, double>> points;
  for (const auto& cell : cells) {
    if (cell.profile != profile || cell.mode != line.mode || !cell.is_independent) continue;
    const double value = std::clamp(cell.score.*p.score, p.low, p.high);
    points.emplace_back(p.left + kPanelWidth * cell.loss_percent / kMostLoss,
                        p.top + kPanelHeight * (1 - (value - p.low) / (p.high - p.low)));
    svg.rectangle(points.back().first - 3, points.back().second - 3, 6, 6, line.colour);
  }
  svg.polyline(points, line.colour, 2);
}

}  // namespace

std::string quality_svg(const std::vector<QualityCell>& cells) {
  Svg svg(kWidth, kHeight);
  svg.text(kLeft, 26,
           "Speech after independent packet loss: what stays lost, and how much is understood", 16);
  double left = kLeft;
  for (const auto profile : {MediaProfile::kGood, MediaProfile::kDegraded, MediaProfile::kRescue}) {
    const std::string who(client::name(profile));
    const Panel loss{left, 70, 0, kMostLoss, &QualityScore::residual_percent};
    const Panel heard{left, 330, 0.4, 1.0, &QualityScore::estoi};
    draw_axes(svg, loss, who + ": concealed frames", " %");
    draw_axes(svg, heard, who + ": ESTOI", "");
    for (const Line& line : kLines) {
      draw_line(svg, loss, cells, profile, line);
      draw_line(svg, heard, cells, profile, line);
    }
    left += kStep;
  }
  double x = kLeft;
  for (const Line& line : kLines) {
    svg.rectangle(x, 584, 14, 12, line.colour);
    svg.text(x + 20, 595, line.words);
    x += kStep;
  }
  return svg.finish();
}

}  // namespace wzp::bench
