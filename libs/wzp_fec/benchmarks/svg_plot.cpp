#include "svg_plot.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace wzp::fec::bench {
namespace {

constexpr double kWidth = 880;
constexpr double kPanelWidth = 360;
constexpr double kPanelHeight = 230;
constexpr double kLeft = 62;
constexpr double kTop = 118;
constexpr double kColumn = kPanelWidth + 76;
constexpr double kRow = kPanelHeight + 88;
const char* const kColours[] = {"#8a8f98", "#1f6fb4", "#c8641b", "#2a8a57"};

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", v);
  std::string out = text;
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out;
}

std::string text(double x, double y, const std::string& words, const std::string& attributes) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" " + attributes + ">" + words +
         "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const char* style) {
  return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
         "\" y2=\"" + number(y2) + "\" " + style + "/>\n";
}

class PanelDrawing {
 public:
  PanelDrawing(const Panel& panel, double left, double top)
      : panel_(panel), left_(left), top_(top) {}

  std::string draw() const {
    std::string out = text(left_, top_ - 12, panel_.title, "class=\"h\"");
    for (double v = 0; v <= panel_.y_max + 1e-9; v += panel_.y_tick) {
      out += line(left_, y(v), left_ + kPanelWidth, y(v), "class=\"g\"");
      out += text(left_ - 8, y(v) + 4, number(v), "text-anchor=\"end\"");
    }
    for (double v = 0; v <= panel_.x_max + 1e-9; v += panel_.x_tick) {
      out += text(x(v), top_ + kPanelHeight + 18, number(v), "text-anchor=\"middle\"");
    }
    out += text(left_ + kPanelWidth / 2, top_ + kPanelHeight + 38, panel_.x_label,
                "text-anchor=\"middle\"");
    const std::string middle = number(left_ - 44) + " " + number(top_ + kPanelHeight / 2);
    out += text(left_ - 44, top_ + kPanelHeight / 2, panel_.y_label,
                "text-anchor=\"middle\" transform=\"rotate(-90 " + middle + ")\"");
    for (const Curve& curve : panel_.curves) out += path(curve);
    return out;
  }

 private:
  double x(double v) const { return left_ + v / panel_.x_max * kPanelWidth; }
  double y(double v) const { return top_ + kPanelHeight - v / panel_.y_max * kPanelHeight; }

  std::string path(const Curve& curve) const {
    std::string d;
    double before = 0;
    for (const auto& [px, py] : curve.points) {
      const double height = std::min(py, panel_.y_max);
      if (curve.steps && !d.empty()) d += " L" + number(x(px)) + " " + number(y(before));
      d += (d.empty() ? "M" : " L") + number(x(px)) + " " + number(y(height));
      before = height;
    }
    const bool is_reference = curve.series == 0;
    return "<path d=\"" + d + "\" fill=\"none\" stroke=\"" +
           kColours[curve.series % std::size(kColours)] + "\" stroke-width=\"" +
           (is_reference ? "1.5\" stroke-dasharray=\"5 4" : "2.2") + "\"/>\n";
  }

  const Panel& panel_;
  double left_, top_;
};

}  // namespace

std::string svg_of(const std::string& title, const std::string& subtitle,
                   const std::vector<std::string>& legend, const std::vector<Panel>& panels) {
  const double rows = static_cast<double>((panels.size() + 1) / 2);
  const std::string height = number(kTop + rows * kRow - 30);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(kWidth) +
                    "\" height=\"" + height + "\" viewBox=\"0 0 " + number(kWidth) + " " + height +
                    "\">\n<style>text{font:12px sans-serif;fill:#3a3f47}.t{font-size:17px;"
                    "font-weight:600;fill:#14171c}.h{font-size:13px;font-weight:600}"
                    ".g{stroke:#e3e6ea}</style>\n<rect width=\"100%\" height=\"100%\" "
                    "fill=\"#fff\"/>\n";
  out += text(kLeft - 44, 30, title, "class=\"t\"");
  out += text(kLeft - 44, 50, subtitle, "");
  double at = kLeft - 44;
  for (std::size_t i = 0; i < legend.size(); ++i) {
    const std::string style = std::string("stroke=\"") + kColours[i % std::size(kColours)] +
                              "\" stroke-width=\"2.5\"" +
                              (i == 0 ? " stroke-dasharray=\"5 4\"" : "");
    out += line(at, 72, at + 26, 72, style.c_str());
    out += text(at + 33, 76, legend[i], "");
    at += 60 + 7.2 * static_cast<double>(legend[i].size());
  }
  for (std::size_t i = 0; i < panels.size(); ++i) {
    out += PanelDrawing(panels[i], kLeft + static_cast<double>(i % 2) * kColumn,
                        kTop + static_cast<double>(i / 2) * kRow)
               .draw();
  }
  return out + "</svg>\n";
}

}  // namespace wzp::fec::bench
